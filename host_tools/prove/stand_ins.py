"""What lies outside the explored product: store, camera, console and the links' wires.

Each does at once what the explorer has chosen for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from host_tools.prove.world import World

FAILS, FULL = "fails", "full"
ALL = "all"
NO_APPEND = -1
IMAGE_ID = 1
_JPEG = b"\xff\xd8\xff\xe0" + bytes(24) + b"\xff\xd9"


class Stored:
    """What the journal's last record tells the next boot."""

    def __init__(self) -> None:
        self.armed = False
        self.faults = 0


class Choice:
    """How the parts outside answer during one input; the explorer sets it, nothing keeps it."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Let everything go well and the camera be busy."""
        self.camera = "busy"
        self.store = "ok"
        self.unsettled = 0  # records of the journal that are not final yet
        self.is_unreadable = False  # the journal, at a start
        self.appends = 0
        self.unwritten: int | str = NO_APPEND  # the number of the append that fails, or ALL
        self.why = FAILS


class Camera:
    """A camera driver (see detector.capture) whose exposures end as the explorer says."""

    error = 0
    length = len(_JPEG)

    def __init__(self, supply: Any, world: World) -> None:
        self._choice = world.choice
        self._codes = world.firmware.codes
        self._supply = supply

    def begin(self, _now_ms: int) -> None:
        """Switch on and expose."""
        self._supply.value(1)

    def poll(self, _now_ms: int) -> int:
        """Say how far the exposure is."""
        answers = {
            "busy": self._codes.CAM_BUSY,
            "ready": self._codes.CAM_READY,
            "failed": self._codes.CAM_FAILED,
        }
        return int(answers.get(self._choice.camera, self._codes.CAM_BUSY))

    def read_into(self, buf: Any, count: int) -> None:
        """Give a picture of one chunk, or noise."""
        picture = b"" if self._choice.camera == "noise" else _JPEG
        buf[:count] = picture.ljust(count, b"\0")

    def power_off(self) -> None:
        """Switch off."""
        self._supply.value(0)


class Store:
    """An image store that holds every image in one chunk and none for long."""

    failing = False

    def __init__(self, world: World) -> None:
        self._choice = world.choice
        self._errors = world.firmware.store

    def begin(self, *_image: int) -> int:
        """Take one chunk, or refuse."""
        self._answer("begin")
        return 1

    def chunk(self, _buf: Any) -> None:
        """Take the chunk, or fail."""
        self._answer("chunk")

    def finish(self) -> int:
        """Return the image's id, or fail."""
        self._answer("finish")
        return IMAGE_ID

    def abort(self) -> None:
        """Forget it."""

    def ids(self) -> list[int]:
        """Hold one image."""
        return [IMAGE_ID]

    def info(self, _image_id: int) -> Any:
        """Describe it."""
        return _Info()

    def is_served(self, _image_id: int) -> bool:
        """Serve it."""
        return True

    def mark_delivered(self, _image_id: int, _reader: int) -> None:
        """Note it, or fail."""
        self._answer("mark")

    def delete(self, _image_id: int, _why: int) -> None:
        """Delete it, or fail."""
        self._answer("delete")

    def housekeep(self) -> bool:
        """Have nothing to do."""
        return False

    def _answer(self, call: str) -> None:
        if self._choice.store == f"{call}-full":
            raise self._errors.StoreFull
        if self._choice.store == f"{call}-fails":
            raise self._errors.StoreError


class _Info:
    image_id = IMAGE_ID
    event_id = 1
    kind = 0
    chunks = 1
    day = second = 0


class Uart:
    """A wire on which nothing arrives; `world.uart_holds` says whether something is left in it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def any(self) -> int:
        """Return 0."""
        return 0

    def readinto(self, _buf: Any, _count: int = 0) -> None:
        """Read nothing."""

    def write(self, data: bytes) -> int:
        """Take it."""
        return len(data)

    def txdone(self) -> bool:
        """Say whether everything written has left."""
        return not self._world.uart_holds


class Idle:
    """A part that is there and does nothing: console, key store, retention."""

    index: object = None

    def __init__(self, *_arguments: object) -> None:
        self.attest: object = None

    def recover(self) -> None:
        """Find nothing."""

    def poll(self, *_arguments: object) -> None:
        """Do nothing."""
