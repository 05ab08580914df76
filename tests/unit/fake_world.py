"""The whole detector in memory: the real App on a fake board, camera and flash, in injected time.

Runs on CPython and MicroPython. A step is a millisecond. What the flash costs on a Pico (a sector
45 ms, a page 0.4 ms) holds up the superloop and deafens both receivers beyond their FIFO.
"""

import json
import sys

from fake_arducam import FakeArducam
from fake_board import FakeBoard
from fake_flash import FakeFlash
from fake_line import Chance, Line, Watch

from detector import codes, provision, ticks
from detector.identity import Identity
from detector.raw_flash import raw_blocks

DEVICE = "dev-1"
HUB_BAUD = 115200
UPLINK_BAUD = 921600
RX_BUFFER_BYTES = 1024 + 32  # hal.py, and the FIFO
TX_BUFFER_BYTES = 2200
ERASE_US = 45000
PAGE_US = 400
_FIFO_REGISTER = 0x3C
CONFIG = {
    "exit_delay_ms": 0,
    "entry_delay_ms": 0,
    "window_ms": 600000,
    "burst_panic": 2,
    "shot_interval_ms": 0,
    "camera_settle_ms": 0,
}


class _StandIn:
    """A module that only a chip has; nothing of it is used here."""


def import_app() -> object:
    """Return detector.app; what it imports of a chip is stood in for while it is loaded."""
    added = []
    for name in ("machine", "micropython", "pins", "vfs"):
        try:
            __import__(name)
        except ImportError:
            sys.modules[name] = _StandIn()  # type: ignore[assignment]
            added.append(name)
    try:
        from detector import app
    finally:
        for name in added:
            del sys.modules[name]
    return app


class CostlyFlash(FakeFlash):
    """A flash that adds up how long its programs and erases take on a Pico."""

    def __init__(self) -> None:
        """Be blank."""
        FakeFlash.__init__(self)
        self.cost_us = 0
        self.costs = (PAGE_US, ERASE_US)

    def _erase(self, number, offset, data, is_half=False):
        self.cost_us += self.costs[1]
        FakeFlash._erase(self, number, offset, data, is_half)

    def _program(self, number, offset, data, is_half=False):
        self.cost_us += self.costs[0] * (len(data) // 256)
        FakeFlash._program(self, number, offset, data, is_half)


class WorldCamera(FakeArducam):
    """Takes another picture each time; `served` has them all."""

    def __init__(self, chance: Chance, jpeg_bytes: int) -> None:
        """Take pictures of `jpeg_bytes` bytes."""
        FakeArducam.__init__(self)
        self._chance = chance
        self._jpeg_bytes = jpeg_bytes
        self.served: list = []

    def readinto(self, buf: bytearray) -> None:
        """Answer; the FIFO's bytes in one piece."""
        if self._address != _FIFO_REGISTER or not self._listens():
            FakeArducam.readinto(self, buf)
            return
        piece = self.jpeg[self._at : self._at + len(buf)]
        buf[: len(piece)] = piece
        self._at += len(piece)

    def _set(self, register: int, value: int) -> None:
        before = self.exposures
        FakeArducam._set(self, register, value)
        if self.exposures != before:
            middle = self._chance.bytes(64) * (self._jpeg_bytes // 64)
            self.jpeg = b"\xff\xd8\xff" + middle + b"\xff\xd9"
            self.served.append(self.jpeg)


class NoFiles:
    """An attestation of a board without files: what it walks otherwise would be this machine's."""

    def __init__(self, nonce: bytes) -> None:
        """Take the nonce."""
        self._nonce = nonce

    def step(self) -> bytes:
        """Return it as the digest."""
        return self._nonce


class WorldHal:
    """What App needs of a chip."""

    board = "WORLD"
    camera = "arducam_mini"
    lacks = ()

    def __init__(self, world: "World") -> None:
        """Belong to `world`."""
        self._world = world
        self.flash = world.flash

    def pin_in(self, role: str) -> object:
        """Return an input."""
        return self._world.board.pin_in(role)

    def pin_out(self, role: str) -> object:
        """Return an output; the camera's two are its own."""
        camera = self._world.camera
        own = {"CAM_EN": camera.power, "CAM_CS": camera.cs}
        return own.get(role) or self._world.board.pin_out(role)

    def pin_pulled_up(self, role: str) -> object:
        """Return an input with a weak pull-up."""
        return self._world.board.pin_pulled_up(role)

    def uart(self, link: str) -> object:
        """Return the device's end of a line."""
        return (self._world.hub_line if link == "HUB" else self._world.uplink_line).a

    def camera_spi(self) -> object:
        """Return the bus."""
        return self._world.camera

    def camera_i2c(self) -> object:
        """Return the bus."""
        return self._world.camera

    def console_read(self, buf: bytearray) -> int:
        """Take what was typed."""
        world = self._world
        piece = world.typed[: len(buf)]
        world.typed = world.typed[len(piece) :]
        buf[: len(piece)] = piece
        return len(piece)

    def console_write(self, data: bytes) -> int:
        """Print, and keep the last of it."""
        self._world.printed = (self._world.printed + bytes(data))[-4096:]
        return len(data)

    def ticks_ms(self) -> int:
        """Return the device's time."""
        return self._world.ticks_ms()

    def random(self, count: int) -> bytes:
        """Return bytes of the world's generator."""
        return self._world.chance.bytes(count)

    def reset_cause(self) -> int:
        """Say power-on."""
        return 1

    def powered_on(self) -> bool:
        """Say so."""
        return True


class World:
    """A provisioned detector with both its lines; `peers` are stepped after it."""

    def __init__(
        self, seed: int = 1, first_tick_ms: int = 0, tick_ms: int = 1, jpeg_bytes: int = 6400
    ) -> None:
        """Provision and start; the device's ticks begin at `first_tick_ms`, one each `tick_ms`."""
        self.chance = Chance(seed)
        self.now_ms = 0
        self._first_tick_ms = first_tick_ms
        self._tick_ms = tick_ms
        self._busy_until_ms = 0
        self.board = FakeBoard()
        self.board.log = None
        self.flash = CostlyFlash()
        self.camera = WorldCamera(self.chance, jpeg_bytes)
        self.hub_line = Line(HUB_BAUD)
        self.uplink_line = Line(UPLINK_BAUD)
        for line in (self.hub_line, self.uplink_line):
            line.a.rx_limit = RX_BUFFER_BYTES
            line.a.tx_limit = TX_BUFFER_BYTES
        self.hub_watch = Watch(self.hub_line)
        self.hub_line.a.watch(self.hub_watch)
        self.typed = b""
        self.printed = b""
        self.peers: list = []
        self.gate_changes: list = []  # (ms, level)
        self.written_while_shut = 0  # bytes that the firmware wrote to the shut uplink
        self._gate = 0
        raw = raw_blocks(self.flash)
        config = json.dumps(CONFIG).encode()
        random = (self.chance.bytes(32), self.chance.bytes(32))
        code, keys = provision.run(raw, random[0], random[1], DEVICE, config, False)
        if code != codes.OK:
            raise ValueError(codes.error_word(code))
        self.keys = dict(keys)
        self.flash.cost_us = 0
        self.app = import_app().App(WorldHal(self), Identity.load(raw))
        self.app.console.attest = NoFiles

    def ticks_ms(self) -> int:
        """Return the device's time, which wraps."""
        return ticks.add_ms(self._first_tick_ms, self.now_ms)

    def key(self, role: str, name: str) -> bytes:
        """Return a key of a key file: role arc or customer."""
        return self.keys["%s-%s" % (role, name)]

    def line(self, role: str, level: int) -> None:
        """Move a sensor line."""
        self.board.line(role, level)

    def stall(self, ms: int) -> None:
        """Keep the superloop busy and its receivers deaf, as a flash operation does."""
        self.flash.cost_us += ms * 1000

    def run(self, ms: int) -> None:
        """Let time pass."""
        for _ in range(ms):
            self.step()

    def run_until(self, condition: object, limit_ms: int) -> bool:
        """Let time pass until `condition()` holds; False where it does not within `limit_ms`."""
        for _ in range(limit_ms):
            if condition():
                return True
            self.step()
        return condition()

    def step(self) -> None:
        """Let a millisecond pass."""
        self.now_ms += 1
        self.board.now_ms = self.camera.now_ms = self.now_ms
        self.hub_line.advance(1000)
        self.uplink_line.advance(1000)
        if self.now_ms >= self._busy_until_ms and self.now_ms % self._tick_ms == 0:
            self._step_device()
        for peer in self.peers:
            peer.step()

    def _step_device(self) -> None:
        ends = (self.hub_line.a, self.uplink_line.a)
        if self._busy_until_ms:
            self._busy_until_ms = 0
            for end in ends:
                end.set_deaf(False)
        written = self.uplink_line.a.written
        was_shut = not self._gate
        self.app.step(self.ticks_ms())
        gate = self.board.gate()
        if was_shut and not gate:
            self.written_while_shut += self.uplink_line.a.written - written
        if gate != self._gate:
            self.gate_changes.append((self.now_ms, gate))
        self._gate = gate
        self.uplink_line.a.is_off = not gate
        # What was sent last and is still in the buffer runs out into the shut gate.
        cost_ms = self.flash.cost_us // 1000
        if cost_ms:
            self.flash.cost_us -= cost_ms * 1000
            self._busy_until_ms = self.now_ms + cost_ms
            for end in ends:
                end.set_deaf(True)
