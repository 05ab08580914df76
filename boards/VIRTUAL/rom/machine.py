"""`machine` as the rp2 port has it, by messages to the board process.

Where a detail is not obvious the rp2 port's source file is named. Pins, the watchdog and the RTC
live in the board process: they outlast a soft reset, as they do in the chip.
"""

import struct

import utime
import wire
from board_link import call, check, exchange
from machine_buses import I2C, SPI, SoftI2C
from micropython import const
from umachine import Signal, mem8, mem16, mem32

PWRON_RESET = wire.PWRON_RESET  # modmachine.c: these two are all that rp2 has
WDT_RESET = wire.WDT_RESET

_PIN_COUNT = const(30)
_IDLE_US = const(200)
_WDT_MAX_MS = const(8388)  # machine_wdt.c: 24 bits of half microseconds
_UART_COUNT = const(2)
_UART_BUFFER = const(256)  # machine_uart.c: DEFAULT_, MIN_ and MAX_BUFFER_SIZE
_UART_BUFFER_MIN = const(32)
_UART_BUFFER_MAX = const(32766)

_outputs = bytearray(_PIN_COUNT)  # the output registers, for toggle()


class Pin:
    """One GPIO (machine_pin.c). Mode and level stay as they are over a soft reset."""

    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    ALT = 3
    PULL_UP = 1
    PULL_DOWN = 2

    def __init__(self, id: object, mode=None, pull=None, *, value=None, alt=5) -> None:
        self.id = _pin_number(id)
        if mode is not None or pull is not None or value is not None:
            self.init(mode, pull, value=value, alt=alt)

    def init(self, mode=None, pull=None, *, value=None, alt=5) -> None:
        """Configure the pin; `value` is set before the pin becomes an output."""
        if mode == Pin.OPEN_DRAIN:
            raise NotImplementedError("open drain")
        if value is not None and mode == Pin.OUT:
            self.value(value)
        if mode == Pin.IN or mode == Pin.OUT:
            check(call(wire.OP_PIN_MODE, self.id, mode, pull or 0))

    def value(self, level: object = None) -> int | None:
        """Set the output's level, or without `level` return the pad's."""
        if level is None:
            return call(wire.OP_PIN_GET, self.id, 0, 0)
        if level:
            _outputs[self.id] = 1
            call(wire.OP_PIN_SET, self.id, 1, 0)
        else:
            _outputs[self.id] = 0
            call(wire.OP_PIN_SET, self.id, 0, 0)
        return None

    __call__ = value

    def on(self) -> None:
        """Drive the pin high."""
        self.value(1)

    def off(self) -> None:
        """Drive the pin low."""
        self.value(0)

    high = on
    low = off

    def toggle(self) -> None:
        """Invert the output's level."""
        self.value(_outputs[self.id] ^ 1)

    def __repr__(self) -> str:
        return "Pin(GPIO%d)" % self.id


def _pin_number(id: object) -> int:
    if isinstance(id, Pin):
        return id.id
    if isinstance(id, str):
        if not id.startswith("GP"):
            raise ValueError('unknown named pin "%s"' % id)
        id = int(id[4:] if id.startswith("GPIO") else id[2:])
    if not 0 <= id < _PIN_COUNT:
        raise ValueError("invalid pin")
    return id


class UART:
    """A UART with its buffers (machine_uart.c).

    With timeout=0 a read takes what is there and a write what the transmit buffer has room for;
    a Pico spins for one to two milliseconds first, as it counts whole milliseconds.
    """

    def __init__(self, id: int, baudrate: int = 115200, bits=8, parity=None, stop=1, **options):
        if not 0 <= id < _UART_COUNT:
            raise ValueError("UART(%d) doesn't exist" % id)
        self.id = id
        self._baud = baudrate
        self._rxbuf = self._txbuf = _UART_BUFFER
        self._timeout = 0
        self.init(baudrate, bits, parity, stop, **options)

    def init(self, baudrate: int = 0, bits=8, parity=None, stop=1, **options) -> None:
        """Set what is given and empty the buffers."""
        self._baud = baudrate or self._baud
        self._rxbuf = _buffer_size(options, "rxbuf", self._rxbuf)
        self._txbuf = _buffer_size(options, "txbuf", self._txbuf)
        self._timeout = options.get("timeout", self._timeout)
        check(call(wire.OP_UART_INIT, self.id, self._baud, self._rxbuf << 16 | self._txbuf))

    def deinit(self) -> None:
        """Wait for the last bit."""
        self.flush()

    def flush(self) -> None:
        """Wait for the last bit."""
        while not self.txdone():
            utime.sleep_ms(1)

    def any(self) -> int:
        """Return the number of bytes waiting."""
        return call(wire.OP_UART_ANY, self.id, 0, 0)

    def txdone(self) -> bool:
        """Say whether the last bit has left."""
        return call(wire.OP_UART_TXDONE, self.id, 0, 0) != 0

    def readinto(self, buf: object, count: int = -1) -> int | None:
        """Read at most `count` bytes (the whole buffer by default); None when none came."""
        if self._timeout:
            self._wait_for_one()
        if count < 0 or count > len(buf):
            count = len(buf)
        return exchange(wire.OP_UART_READ, self.id, count, 0, None, buf) or None

    def read(self, count: int = -1) -> bytes | None:
        """Return at most `count` bytes (all that wait by default); None when none came."""
        if self._timeout:
            self._wait_for_one()
        waiting = self.any()
        if count < 0 or count > waiting:
            count = waiting
        buf = bytearray(count)
        count = self.readinto(buf) if count else 0
        return bytes(memoryview(buf)[:count]) if count else None

    def write(self, buf: object, start: int = 0, count: int = -1) -> int | None:
        """Put bytes into the transmit buffer; return how many it took, None when none.

        As any stream (py/stream.c): all of `buf`, or `count` bytes from `start` on.
        """
        if count < 0 or count > len(buf) - start:
            count = len(buf) - start
        taken = exchange(wire.OP_UART_WRITE, self.id, 0, 0, buf, None, start, count)
        if taken < count and self._timeout:
            taken = self._write_rest(memoryview(buf)[start : start + count], taken)
        return taken or None

    def _write_rest(self, view: memoryview, taken: int) -> int:
        start = utime.ticks_ms()
        while taken < len(view) and utime.ticks_ms() - start <= self._timeout:
            more = exchange(wire.OP_UART_WRITE, self.id, 0, 0, view[taken:], None)
            if more:
                taken += more
                start = utime.ticks_ms()
            else:
                utime.sleep_ms(1)
        return taken

    def _wait_for_one(self) -> None:
        start = utime.ticks_ms()
        while not self.any() and utime.ticks_ms() - start <= self._timeout:
            utime.sleep_ms(1)


def _buffer_size(options: dict, name: str, old: int) -> int:
    size = options.get(name, old)
    if size > _UART_BUFFER_MAX:
        raise ValueError(name + " too large")
    return max(size, _UART_BUFFER_MIN)


class RTC:
    """The clock (machine_rtc.c): starts at 2021-01-01 with each power-on, no subseconds."""

    def datetime(self, value: tuple | None = None) -> tuple | None:
        """Set the clock, or return (year, month, day, weekday, hour, minute, second, 0)."""
        raw = bytearray(16)
        if value is None:
            exchange(wire.OP_RTC_GET, 0, 0, 0, None, raw)
            return struct.unpack("<8H", raw)[:7] + (0,)
        struct.pack_into("<8H", raw, 0, *value)
        check(exchange(wire.OP_RTC_SET, 0, 0, 0, raw, None))
        return None


class WDT:
    """The watchdog (machine_wdt.c); once started it runs until a reset, over soft resets too."""

    def __init__(self, id: int = 0, timeout: int = 5000) -> None:
        if id != 0:
            raise ValueError("WDT(%d) doesn't exist" % id)
        if not 0 <= timeout <= _WDT_MAX_MS:
            raise ValueError("timeout exceeds 8388")
        check(call(wire.OP_WDT_START, 0, timeout, 0))

    def feed(self) -> None:
        """Start the time-out again."""
        call(wire.OP_WDT_FEED, 0, 0, 0)


def reset() -> None:
    """Reset the chip."""
    call(wire.OP_RESET, 0, 0, 0)


def soft_reset() -> None:
    """Leave all Python code; the REPL's loop then starts the interpreter afresh."""
    raise SystemExit


def reset_cause() -> int:
    """Return PWRON_RESET or WDT_RESET; machine.reset() is one by watchdog (modmachine.c)."""
    return call(wire.OP_RESET_CAUSE, 0, 0, 0)


def unique_id() -> bytes:
    """Return the board's number, 8 bytes."""
    raw = bytearray(8)
    exchange(wire.OP_UNIQUE_ID, 0, 0, 0, None, raw)
    return bytes(raw)


def freq() -> int:
    """Return the clock rate in Hz."""
    return 125_000_000


def idle() -> None:
    """Give the processor away for a moment."""
    utime.sleep_us(_IDLE_US)
