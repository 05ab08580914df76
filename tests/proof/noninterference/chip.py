"""What detector.hal gives a detector, in memory: pins, links, camera, flash, console, chance.

Everything that leaves the detector is in `written` as (microsecond, wire, bytes), in its order.
"""

from fake_board import FakeBoard
from fake_flash import FakeFlash
from fake_uart import FakeUart, FakeWire

from detector.flash_map import PAGE_BYTES
from tests.proof.noninterference.camera import Camera
from tests.proof.noninterference.meter import ERASE_US, PAGE_US, Chance, Time

HUB = "HUB"
UPLINK = "UPLINK"
CONSOLE = "CONSOLE"
WIRES = (HUB, UPLINK, CONSOLE)
POWER_ON = 1  # machine.PWRON_RESET
_BAUDS = ((HUB, 115200), (UPLINK, 921600))  # boards/VIRTUAL/pins.py
_TX_BYTES = 2200  # hal.py
_RX_BYTES = 1024
_CONSOLE_BURST = 64
_OUTPUTS = ("UPLINK_EN", "HEARTBEAT", "ARM_CONTACT", "ARM_INTRUSION")


class Flash(FakeFlash):
    """A flash whose programs and erases take a Pico's time."""

    def __init__(self, time: Time, blocks: dict) -> None:
        """Charge to `time`; hold a copy of these blocks."""
        FakeFlash.__init__(self)
        self._time = time
        for number, data in blocks.items():
            self.blocks[number] = bytearray(data)

    def _program(self, number: int, offset: int, data: bytes, is_half: bool = False) -> None:
        self._time.charge(len(data) // PAGE_BYTES * PAGE_US)
        FakeFlash._program(self, number, offset, data, is_half)

    def _erase(self, number: int, offset: int, data: bytes, is_half: bool = False) -> None:
        self._time.charge(ERASE_US)
        FakeFlash._erase(self, number, offset, data, is_half)


class Tap:
    """A UART as the detector sees it; what it writes is noted."""

    def __init__(self, hal: "Hal", name: str, end: FakeUart) -> None:
        """Stand at one end of a wire."""
        self._hal = hal
        self._name = name
        self._end = end
        end.tx_limit = _TX_BYTES
        end.rx_limit = _RX_BYTES

    def any(self) -> int:
        """Return how many bytes have arrived."""
        return self._end.any()

    def readinto(self, buf: bytearray, count: int | None = None) -> int | None:
        """Read what has arrived."""
        return self._end.readinto(buf, count)

    def txdone(self) -> bool:
        """Say whether everything written has left."""
        return self._end.txdone()

    def write(self, data: bytes, start: int = 0, count: int | None = None) -> int | None:
        """Take what fits into the buffer."""
        taken = self._end.write(data, start, count)
        if taken:
            self._hal.note(self._name, bytes(data[start : start + taken]))
        return taken


class Hal(FakeBoard):
    """Pins and circuit are FakeBoard's; time, camera and flash outlive a reset."""

    board = "NONINTERFERENCE"
    camera = "arducam_mini"
    lacks = ()

    def __init__(self, time: Time, chance: Chance, next_picture: object, blocks: dict) -> None:
        """Make a board with this flash; `next_picture()` is what its camera sees."""
        self.time = time
        FakeBoard.__init__(self)
        self.log = None
        self.random = chance
        self.camera = Camera(time, next_picture)
        self.flash = Flash(time, blocks)
        self.wires = {name: FakeWire(baud) for name, baud in _BAUDS}
        self.written = []  # (us, wire, bytes); bytes are None where a wire begins anew
        self.while_shut = []  # what was written to the uplink while its gate was shut
        self.typed = bytearray()
        self._cause = POWER_ON

    def start(self, cause: int) -> None:
        """Do what a reset and boot.py do: the gate's pins low, the latch cleared, buffers lost."""
        self._cause = cause
        for role in _OUTPUTS:
            self.drive(role, 0)
        self.latch = False
        self.camera.power.value(0)
        self.camera.cs.value(0)
        self.typed = bytearray()
        for name, wire in self.wires.items():
            wire.a.waiting = bytearray()
            wire.a.received = bytearray()
            self.begin(name)

    def begin(self, wire: str) -> None:
        """Note that what comes next on a wire is no rest of a frame."""
        self.written.append((self.time.us, wire, None))

    def note(self, wire: str, data: bytes) -> None:
        """Write down what leaves."""
        self.written.append((self.time.us, wire, data))
        if wire == UPLINK and not self.gate():
            self.while_shut.append((self.time.us, wire, data))

    @property
    def now_ms(self) -> int:
        """Return the circuit's time; it is nobody's to set."""
        return self.time.ms()

    @now_ms.setter
    def now_ms(self, _now_ms: int) -> None:
        pass

    # --- what Hal has ----------------------------------------------------------------------------

    def pin_out(self, role: str) -> object:
        """Return an output; two of them are the camera's."""
        if role == "CAM_CS":
            return self.camera.cs
        if role == "CAM_EN":
            return self.camera.power
        return FakeBoard.pin_out(self, role)

    def uart(self, link: str) -> Tap:
        """Return the detector's end of a link."""
        return Tap(self, link, self.wires[link].a)

    def camera_spi(self) -> Camera:
        """Return the FIFO's bus."""
        return self.camera

    def camera_i2c(self) -> Camera:
        """Return the sensor's bus."""
        return self.camera

    def console_read(self, buf: bytearray) -> int:
        """Read what was typed."""
        count = min(len(buf), len(self.typed))
        buf[:count] = self.typed[:count]
        self.typed = self.typed[count:]
        return count

    def console_write(self, data: bytes) -> int:
        """Show at most a burst; its reader takes everything."""
        count = min(len(data), _CONSOLE_BURST)
        self.note(CONSOLE, bytes(data[:count]))
        return count

    def ticks_ms(self) -> int:
        """Return milliseconds that wrap."""
        return self.time.ticks()

    def reset_cause(self) -> int:
        """Say why the chip started."""
        return self._cause

    def powered_on(self) -> bool:
        """Say whether the power was off."""
        return self._cause == POWER_ON

    def collect(self) -> None:
        """Leave the garbage."""
