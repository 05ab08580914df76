"""ArduCAM Mini 2MP (Plus): an OV2640 sensor on I2C, its FIFO (the ArduChip) on SPI.

A state machine of small steps: no call waits, the longest one (sixteen sensor registers) takes
under 5 ms on a 100 kHz bus. The rail is off unless somebody captures. Registers and delays are
those of the vendor's driver (github.com/ArduCAM/PICO_SPI_CAM); its waits without end are not.
"""

from detector import ov2640_tables, ticks
from detector.codes import (
    CAM_BUSY,
    CAM_ERR_I2C,
    CAM_ERR_LENGTH,
    CAM_ERR_SENSOR,
    CAM_ERR_SPI,
    CAM_ERR_TIMEOUT,
    CAM_FAILED,
    CAM_READY,
)
from detector.compat import const

# ArduChip registers (SPI: address | 0x80 writes)
REG_TEST = const(0x00)
REG_FIFO = const(0x04)
REG_CPLD = const(0x07)
REG_BURST = const(0x3C)
REG_TRIGGER = const(0x41)
REG_LENGTH = const(0x42)  # 23 bits, low byte first
_WRITE = const(0x80)
_FIFO_CLEAR = const(0x01)
_FIFO_START = const(0x02)
_CPLD_RESET = const(0x80)
_CAPTURE_DONE = const(0x08)

# OV2640 (I2C)
SENSOR_ADDRESS = const(0x30)
REG_BANK = const(0xFF)
BANK_SENSOR = const(0x01)
REG_ID_HIGH = const(0x0A)
REG_ID_LOW = const(0x0B)
REG_RESET = const(0x12)
_SENSOR_RESET = const(0x80)
ID_HIGH = const(0x26)
_ID_LOWS = (0x40, 0x41, 0x42)

FIFO_BYTES = const(0x5FFFF)
MAX_BYTES = const(131068)  # 128 KiB with the length that the store writes before it
RAIL_MS = const(20)
RESET_MS = const(100)
EXPOSURE_LIMIT_MS = const(2000)
_REGISTERS_A_STEP = const(16)

# What the next poll() does once its wait is over.
_OFF = const(0)
_RAIL_UP = const(1)
_CPLD_HELD = const(2)
_CPLD_FREE = const(3)
_TABLES = const(4)
_SETTLED = const(5)
_EXPOSING = const(6)
_READY = const(7)
_FAILED = const(8)


class ArducamMini:
    """One camera. After `begin` call `poll` until it is ready or has failed, then `read_into`.

    It stays initialised between the shots of a burst; `power_off` ends it. CS is low while the
    rail is off, for a high pin would feed the camera through its inputs.
    """

    def __init__(
        self,
        spi: "machine.SPI",
        cs_pin: "machine.Pin",
        i2c: "machine.I2C",
        power_pin: "machine.Pin",
        settle_ms: int,
        size: bytes = ov2640_tables.SIZE_640X480,
        max_bytes: int = MAX_BYTES,
        reset_ms: int = RESET_MS,
    ) -> None:
        """Take the buses and pins; switches the camera off.

        `settle_ms` is what exposure and white balance get after initialisation, `max_bytes` the
        longest picture that counts as one, `reset_ms` the wait after each of the three resets.
        """
        self._spi = spi
        self._cs = cs_pin
        self._i2c = i2c
        self._power = power_pin
        self._settle_ms = settle_ms
        self._reset_ms = reset_ms
        self._max_bytes = min(max_bytes, FIFO_BYTES)
        self._tables = (
            ov2640_tables.JPEG_INIT,
            ov2640_tables.YUV422,
            ov2640_tables.JPEG,
            ov2640_tables.SYNC_DEFAULT,
            size,
        )
        self._table = 0
        self._at = 0
        self._one = bytearray(1)
        self._two = bytearray(2)
        self._wait_ms = 0
        self._deadline_ms = 0
        self._wait_begun = True
        self._wanted = False
        self._left = 0
        self.length = 0
        self.error = 0
        self._step = _OFF
        self.power_off()

    def power_on(self, now_ms: int) -> None:
        """Switch the rail on and begin to initialise (also after a failure), unless it is on."""
        if self._step not in (_OFF, _FAILED):
            return
        self.error = 0
        self._power.value(1)
        self._cs.value(1)
        self._next(_RAIL_UP, RAIL_MS)

    def power_off(self) -> None:
        """Switch the rail off, whatever is going on; the picture in the FIFO is gone with it."""
        self._power.value(0)
        self._cs.value(0)
        self._step = _OFF
        self._wanted = False
        self._left = 0
        self.length = 0

    def begin(self, now_ms: int) -> None:
        """Ask for one exposure; switches on and initialises first where needed."""
        self.power_on(now_ms)
        self._wanted = True
        if self._step == _READY:
            self._cs.value(1)
            self._left = 0
            self.length = 0
            self._next(_SETTLED, 0)

    def poll(self, now_ms: int) -> int:
        """Do at most one step; return CAM_BUSY, CAM_READY or CAM_FAILED (`error` says why)."""
        step = self._step
        if step == _READY:
            return CAM_READY
        if step == _FAILED:
            return CAM_FAILED
        if step == _OFF or not self._waited(now_ms):
            return CAM_BUSY
        try:
            self._take(step, now_ms)
        except OSError:
            # No acknowledge on I2C: before the identity was read there is no sensor at all.
            self._fail(CAM_ERR_SENSOR if step == _CPLD_FREE else CAM_ERR_I2C)
        if self._step == _READY:
            return CAM_READY
        return CAM_FAILED if self._step == _FAILED else CAM_BUSY

    def read_into(self, buf: bytearray, count: int) -> None:
        """Read the picture's next `count` bytes into `buf`; allocates only where `buf` is longer.

        Behind the picture's end the bus runs on for as long, and what it brings means nothing.
        Raises ValueError where there is no picture.
        """
        if self._step != _READY:
            raise ValueError("no picture")
        self._spi.readinto(buf if count == len(buf) else memoryview(buf)[:count])
        self._left -= count
        if self._left <= 0:
            self._cs.value(1)

    # --- steps -----------------------------------------------------------------------------------

    def _take(self, step: int, now_ms: int) -> None:
        if step == _RAIL_UP:
            self._write(REG_CPLD, _CPLD_RESET)
            self._next(_CPLD_HELD, self._reset_ms)
        elif step == _CPLD_HELD:
            self._write(REG_CPLD, 0)
            self._next(_CPLD_FREE, self._reset_ms)
        elif step == _CPLD_FREE:
            self._identify()
        elif step == _TABLES:
            self._write_registers()
        elif step == _SETTLED and self._wanted:
            self._expose(now_ms)
        elif step == _EXPOSING:
            self._look(now_ms)

    def _identify(self) -> None:
        for pattern in (0x55, 0xAA):
            self._write(REG_TEST, pattern)
            if self._read(REG_TEST) != pattern:
                self._fail(CAM_ERR_SPI)
                return
        self._sensor_write(REG_BANK, BANK_SENSOR)
        high = self._sensor_read(REG_ID_HIGH)
        if high != ID_HIGH or self._sensor_read(REG_ID_LOW) not in _ID_LOWS:
            self._fail(CAM_ERR_SENSOR)
            return
        self._sensor_write(REG_RESET, _SENSOR_RESET)
        self._table = 0
        self._at = 0
        self._next(_TABLES, self._reset_ms)

    def _write_registers(self) -> None:
        table = self._tables[self._table]
        for _ in range(_REGISTERS_A_STEP):
            self._sensor_write(table[self._at], table[self._at + 1])
            self._at += 2
            if self._at == len(table):
                self._at = 0
                self._table += 1
                if self._table == len(self._tables):
                    self._next(_SETTLED, self._settle_ms)
                return

    def _expose(self, now_ms: int) -> None:
        self._write(REG_FIFO, _FIFO_CLEAR)
        self._write(REG_FIFO, _FIFO_START)
        self._deadline_ms = ticks.add_ms(now_ms, EXPOSURE_LIMIT_MS)
        self._step = _EXPOSING

    def _look(self, now_ms: int) -> None:
        if not self._read(REG_TRIGGER) & _CAPTURE_DONE:
            if ticks.reached(now_ms, self._deadline_ms):
                self._fail(CAM_ERR_TIMEOUT)
            return
        length = self._read(REG_LENGTH)
        length |= self._read(REG_LENGTH + 1) << 8
        length |= (self._read(REG_LENGTH + 2) & 0x7F) << 16
        if not 0 < length <= self._max_bytes:
            self._fail(CAM_ERR_LENGTH)
            return
        self.length = length
        self._left = length
        # One burst for the whole picture: CS stays low until the last byte is read.
        self._one[0] = REG_BURST
        self._cs.value(0)
        self._spi.write(self._one)
        self._step = _READY

    # --- waits -----------------------------------------------------------------------------------

    def _next(self, step: int, wait_ms: int) -> None:
        self._step = step
        self._wait_ms = wait_ms
        self._wait_begun = wait_ms == 0

    def _waited(self, now_ms: int) -> bool:
        # A wait is counted from the first poll after the write that began it (`now_ms` of the
        # write's own poll was taken before), and one more because a tick is cut to whole ms:
        # it is never shorter than asked for.
        if self._wait_ms == 0:
            return True
        if not self._wait_begun:
            self._wait_begun = True
            self._deadline_ms = ticks.add_ms(now_ms, self._wait_ms + 1)
            return False
        if not ticks.reached(now_ms, self._deadline_ms):
            return False
        self._wait_ms = 0
        return True

    def _fail(self, error: int) -> None:
        self.power_off()
        self.error = error
        self._step = _FAILED

    # --- buses -----------------------------------------------------------------------------------

    def _write(self, register: int, value: int) -> None:
        self._two[0] = register | _WRITE
        self._two[1] = value
        self._cs.value(0)
        self._spi.write(self._two)
        self._cs.value(1)

    def _read(self, register: int) -> int:
        self._one[0] = register
        self._cs.value(0)
        self._spi.write(self._one)
        self._spi.readinto(self._one)
        self._cs.value(1)
        return self._one[0]

    def _sensor_write(self, register: int, value: int) -> None:
        self._two[0] = register
        self._two[1] = value
        self._i2c.writeto(SENSOR_ADDRESS, self._two)

    def _sensor_read(self, register: int) -> int:
        # SCCB knows no repeated start: a write of the register number, stop, then a read.
        self._one[0] = register
        self._i2c.writeto(SENSOR_ADDRESS, self._one)
        self._i2c.readfrom_into(SENSOR_ADDRESS, self._one)
        return self._one[0]
