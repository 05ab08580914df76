"""Shipped classes at the product's edges, with what lies beyond the edge cut off.

The hub link and the uplink keep their sessions, keys and permissions and lose what goes out on a
wire; the journal keeps its interface and loses its flash; the Hal keeps pins and reset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from host_tools.prove import stand_ins
from host_tools.prove.firmware import Firmware

if TYPE_CHECKING:
    from host_tools.prove.world import World

NONCE = b"\x5a" * 16
ROOT_KEY = b"root" * 8
DEVICE_ID = "explored"


def journal_class(firmware: Firmware, world: World) -> type:
    """Return the shipped journal's class with a flash that keeps what a boot reads back."""

    errors = {
        stand_ins.FAILS: firmware.journal.JournalError,
        stand_ins.FULL: firmware.journal.JournalFull,
    }

    class Journal(firmware.journal.Journal):  # type: ignore[misc,name-defined]
        """Appends succeed or fail as the explorer says; erased blocks there are always."""

        STATE = ("armed", "faults", "is_unreadable")
        ahead = 4
        ready = True
        failing = False

        def __init__(self, *parts: object) -> None:
            super().__init__(*parts)
            self.is_unreadable = False

        @property
        def unsettled(self) -> int:
            return world.choice.unsettled

        def settle(self) -> None:
            raise firmware.journal.JournalError  # that it goes well changes nothing

        def recover(self) -> None:
            if world.choice.is_unreadable:
                self.is_unreadable = True
                raise firmware.raw_flash.FlashError("explored")
            self.armed = world.stored.armed
            self.faults = world.stored.faults

        def append(
            self, kind: int, event_id: int = 0, a: int = 0, b: int = 0, text: bytes = b""
        ) -> None:
            choice = world.choice
            choice.appends += 1
            if self.is_unreadable:
                raise firmware.journal.JournalError  # it has no key
            if choice.unwritten in (stand_ins.ALL, choice.appends - 1):
                raise errors[choice.why]
            world.chip.on_effect()
            stored = world.stored
            stored.armed = self.armed
            stored.faults = self.faults
            world.witness.on_record(kind)

        def housekeep(self) -> bool:
            return False

    return Journal


def link_classes(firmware: Firmware, world: World) -> tuple[type, type]:
    """Return the shipped Hub and Uplink, with their replies and events handed to the explorer."""

    class Hub(firmware.hub.Hub):  # type: ignore[misc,name-defined]
        """The hub link, up to the queue of what is sent."""

        def event(self, pairs: tuple[tuple[str, object], ...]) -> None:
            world.witness.on_message(dict(pairs))

        def send_image(self, _image_id: int) -> bool:
            return True

        def send(self, pairs: tuple[tuple[str, object], ...], _tag: int = 0) -> bool:
            world.reply = dict(pairs)
            return True

    class Uplink(firmware.uplink.Uplink):  # type: ignore[misc,name-defined]
        """The uplink, up to the queue of what is sent."""

        STATE = ("is_open",)  # the rest is one session's, and each opening has its own

        def send(self, pairs: tuple[tuple[str, object], ...], _tag: int = 0) -> bool:
            world.reply = dict(pairs)
            return True

    return Hub, Uplink


def hal_class(firmware: Firmware, world: World) -> type:
    """Return the shipped Hal on the explored chip."""

    class Hal(firmware.hal.Hal):  # type: ignore[misc,name-defined]
        """Pins and reset are the shipped methods."""

        def __init__(self) -> None:
            self.flash = None
            self.camera = "arducam_mini"
            self.lacks = ()

        def uart(self, _link: str) -> stand_ins.Uart:
            return stand_ins.Uart(world)

        def camera_spi(self) -> None:
            return None

        def camera_i2c(self) -> None:
            return None

        def ticks_ms(self) -> int:
            return world.ticks_ms()

        def random(self, count: int) -> bytes:
            return NONCE[:count]

        def collect(self) -> None:
            """Leave the collector alone."""

        def start_watchdog(self, _timeout_ms: int) -> None:
            """Let the explorer reset."""

    return Hal


def install(firmware: Firmware, world: World, config: Mapping[str, Any]) -> type:
    """Give app.py the stand-ins for what it would make; return the class of its Hal."""
    app = firmware.app
    app.Hub, app.Uplink = link_classes(firmware, world)
    app.Journal = journal_class(firmware, world)
    app.Hal = hal_class(firmware, world)
    app.KeyStore = app.Console = app.Retention = stand_ins.Idle
    app.Store = lambda *_parts: stand_ins.Store(world)
    app.ArducamMini = lambda *parts: stand_ins.Camera(parts[3], world)
    app.raw_blocks = lambda _flash: None
    identity = SimpleNamespace(config=config, root_key=ROOT_KEY, device_id=DEVICE_ID)
    app.Identity = SimpleNamespace(load=lambda _raw: identity)
    app.service = SimpleNamespace(run=lambda _hal, _slot, _jumper: world.serve())
    app.sys = SimpleNamespace(print_exception=firmware.note_error)
    app.App.run = _run_of(world)
    firmware.status.gc = SimpleNamespace(collect=lambda: None)
    hal: type = app.Hal
    return hal


def _run_of(world: World) -> Callable[[Any], None]:
    """Return what stands for App.run: a function, so that it becomes a method."""

    def run(app: Any) -> None:
        world.take_app(app)

    return run
