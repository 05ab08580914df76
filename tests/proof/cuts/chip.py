"""What detector.hal gives a detector, in memory: pins, circuit, silent links, a quick camera."""

from fake_board import FakeBoard

from detector import codes

# Of pictures, in bytes: the last takes two size classes.
ANY_SIZE = (500, 3000, 8000, 9000)
SMALL = (500,)


class Camera:
    """The camera driver's interface; each exposure is done at once and never comes again."""

    chance = None  # set before the app is made
    sizes = ANY_SIZE

    def __init__(self, *_buses):
        """Have no picture."""
        self.length = 0
        self.error = 0
        self.jpeg = b""
        self._at = 0

    def begin(self, _now_ms):
        """Take a picture of one or two size classes."""
        count = self.chance.pick(self.sizes)
        self.jpeg = b"\xff\xd8\xff" + self.chance.bytes(32) + bytes(count) + b"\xff\xd9"
        self.length = len(self.jpeg)
        self._at = 0

    def poll(self, _now_ms):
        """Have it ready."""
        return codes.CAM_READY

    def read_into(self, buf, count):
        """Give its next bytes, then zeros."""
        piece = self.jpeg[self._at : self._at + count]
        buf[:count] = piece + bytes(count - len(piece))
        self._at += count

    def power_off(self):
        """Do nothing."""


class _Nobody:
    """A UART that nobody is at the other end of."""

    def any(self):
        """Have received nothing."""
        return 0

    def readinto(self, _buf, _count=None):
        """Have received nothing."""

    def write(self, data, start=0, count=None):
        """Take everything."""
        return len(data) - start if count is None else count

    def txdone(self):
        """Have nothing waiting."""
        return True


class Hal(FakeBoard):
    """Pins and circuit are FakeBoard's."""

    board = "CUTS"
    camera = "arducam_mini"
    lacks = ()

    def __init__(self, flash, chance):
        """Take the flash and who gives random bytes."""
        FakeBoard.__init__(self)
        self.flash = flash
        self.random = chance.bytes

    def uart(self, _link):
        """Return a silent line."""
        return _Nobody()

    def camera_spi(self):
        """Have no bus."""

    def camera_i2c(self):
        """Have no bus."""

    def console_read(self, _buf):
        """Hear nothing."""
        return 0

    def console_write(self, data):
        """Show it to nobody."""
        return len(data)

    def ticks_ms(self):
        """Return the board's time."""
        return self.now_ms

    def reset_cause(self):
        """Say that the power came."""
        return 1

    def powered_on(self):
        """Say so."""
        return True
