"""An ArduCAM Mini in memory for unit tests: bus, pins and the few registers the driver uses.

It is as strict as the data sheets: resets take their time, a camera without power says nothing.
The virtual board has a camera of its own (host_tools/virtual_board/arducam.py).
"""

RESET_MS = 100


class FakePin:
    """An output pin that notes its level."""

    def __init__(self) -> None:
        """Start low, as in reset."""
        self.level = 0

    def value(self, level: int) -> None:
        """Drive the pin."""
        self.level = level


class FakeArducam:
    """SPI bus, I2C bus and camera in one; `now_ms` is the time, `jpeg` the next picture."""

    def __init__(self) -> None:
        """Start without power."""
        self.now_ms = 0
        self.power = FakePin()
        self.cs = _ChipSelect(self)
        self.jpeg = b"\xff\xd8\xff" + bytes(2000) + b"\xff\xd9"
        self.exposure_ms = 30
        self.sensor_id = 0x2642
        self.spi_alive = True
        self.acknowledges = 1 << 20  # sensor writes until it falls silent
        self.exposures = 0
        self.resets = 0
        self.sensor_resets = 0
        self.registers_a_poll = 0  # the test sets it to 0 before a poll
        self.sensor = {}
        self._chip = {}
        self._bank = 0
        self._pointer = 0
        self._done_ms = None
        self._is_held = False  # in reset, deaf to all but the release
        self._chip_free_ms = 0
        self._sensor_free_ms = 0
        self._address = None
        self._at = 0

    # --- SPI -------------------------------------------------------------------------------------

    def select(self, low: bool) -> None:
        """Begin or end a transaction."""
        self._address = None

    def write(self, data: bytes) -> None:
        """Take an address, and a value where it is a write; once a transaction."""
        if not self._listens() or self._address is not None:
            return
        if self._is_held and data[0] != 0x87:
            return
        self._address = data[0]
        if data[0] & 0x80:
            self._set(data[0] & 0x7F, data[1])

    def readinto(self, buf: bytearray) -> None:
        """Answer with a register's value, or with the FIFO's next bytes."""
        for index in range(len(buf)):
            buf[index] = self._answer()

    def _listens(self) -> bool:
        free = self.now_ms >= self._chip_free_ms
        return bool(self.spi_alive and self.power.level and not self.cs.level and free)

    def _set(self, register: int, value: int) -> None:
        if register == 0x07:
            self.resets += 1 if value else 0
            self._is_held = value != 0
            # Held for RESET_MS, then deaf to all but its release; after that RESET_MS to start.
            self._chip_free_ms = self.now_ms + RESET_MS
        if register == 0x04 and value == 1:
            self._done_ms = None
        if register == 0x04 and value == 2 and self._done_ms is None:
            self._done_ms = self.now_ms + self.exposure_ms
            self.exposures += 1
            self._at = 0
        self._chip[register] = value

    def _answer(self) -> int:
        address = self._address
        if not self._listens() or address is None:
            return 0
        done = self._done_ms is not None and self.now_ms >= self._done_ms
        if address == 0x41:
            return 0x08 if done else 0
        if address in (0x42, 0x43, 0x44):
            return (len(self.jpeg) >> (8 * (address - 0x42))) & 0xFF if done else 0
        if address == 0x3C:
            self._at += 1
            return self.jpeg[self._at - 1] if self._at <= len(self.jpeg) else 0
        return self._chip.get(address, 0)

    # --- I2C -------------------------------------------------------------------------------------

    def writeto(self, address: int, data: bytes) -> None:
        """Take a register number, and a value. Raises OSError without an acknowledge."""
        self._acknowledge(address)
        self._pointer = data[0]
        if len(data) == 1:
            return
        self.registers_a_poll += 1
        if data[0] == 0xFF:
            self._bank = data[1]
        elif self._bank == 1 and data[0] == 0x12 and data[1] & 0x80:
            self.sensor_resets += 1
            self._sensor_free_ms = self.now_ms + RESET_MS
            self.sensor = {}
        else:
            self.sensor[(self._bank, data[0])] = data[1]

    def readfrom_into(self, address: int, buf: bytearray) -> None:
        """Answer with the register's value. Raises OSError without an acknowledge."""
        self._acknowledge(address)
        if self._bank == 1 and self._pointer == 0x0A:
            buf[0] = self.sensor_id >> 8
        elif self._bank == 1 and self._pointer == 0x0B:
            buf[0] = self.sensor_id & 0xFF
        else:
            buf[0] = self.sensor.get((self._bank, self._pointer), 0)

    def _acknowledge(self, address: int) -> None:
        self.acknowledges -= 1
        free = self.now_ms >= self._sensor_free_ms
        if address != 0x30 or not self.power.level or not free or self.acknowledges < 0:
            raise OSError(5)


class _ChipSelect(FakePin):
    """The CS pin: each change begins or ends a transaction."""

    def __init__(self, camera: FakeArducam) -> None:
        """Belong to `camera`."""
        self.level = 0
        self._camera = camera

    def value(self, level: int) -> None:
        """Drive the pin."""
        if level != self.level:
            self._camera.select(not level)
        self.level = level
