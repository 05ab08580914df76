"""What the hal takes from a board's pins.py: the model's features, flash, the camera's wiring."""

import sys
import unittest


class Stand:
    """A module that only a chip has."""


def import_hal() -> object:
    """Return detector.hal; what it imports of a chip is stood in for while it is loaded."""
    added = []
    for name in ("machine", "micropython", "pins"):
        try:
            __import__(name)
        except ImportError:
            sys.modules[name] = Stand()  # type: ignore[assignment]
            added.append(name)
    kept = sys.modules.pop("detector.hal", None)
    try:
        from detector import hal
    finally:
        for name in added:
            del sys.modules[name]
        sys.modules.pop("detector.hal", None)
        if kept is not None:
            sys.modules["detector.hal"] = kept
    return hal


hal = import_hal()


class Pins:
    """An ESP32's."""

    FLASH = "esp32"
    CUSTOMER_PICTURE = True
    LIVE_VIEW = True
    CAM_DATA = (11, 12, 13, 14, 15, 16, 17, 18)
    CAM_SYNC = (1, 2, 3, 4)
    CAM_SCCB = (5, 6)


class FakeCameraModule:
    """Notes how its Camera is made."""

    class FrameSize:
        """One of its sizes."""

        VGA = 10

    class PixelFormat:
        """One of its formats."""

        JPEG = 4

    class GrabMode:
        """One of its modes."""

        WHEN_EMPTY = 0

    def __init__(self) -> None:
        self.made: dict = {}
        self.Camera = self._make  # MicroPython imports values, not methods

    def _make(self, **words) -> str:
        """Note the arguments."""
        self.made = words
        return "camera"


class Partition:
    """Finds the partition that is asked for by name."""

    TYPE_DATA = 1

    @staticmethod
    def find(kind: int, label: str = "") -> list:
        """Return what was asked for."""
        return [(kind, label)]


class FakeMachine:
    """Notes how pins are made."""

    def __init__(self) -> None:
        self.made: list = []
        self.Pin = _PinClass(self.made)


class _PinClass:
    """Stands for machine.Pin; a pull that is left out is not noted as None."""

    IN = "in"
    OUT = "out"
    PULL_UP = "up"

    def __init__(self, made: list) -> None:
        self._made = made

    def __call__(self, number, mode, pull="as it was", value="as it was"):
        self._made.append((number, mode, pull, value))


class HalBoardTest(unittest.TestCase):
    def setUp(self) -> None:
        self.pins = hal.pins
        self.machine = hal.machine
        hal.pins = Pins()
        hal.machine = FakeMachine()

    def tearDown(self) -> None:
        hal.pins = self.pins
        hal.machine = self.machine
        for name in ("camera", "esp32"):
            sys.modules.pop(name, None)

    def test_a_pins_pull_is_set_each_time_for_some_chips_keep_the_last_one(self):
        hal.pins.UPLINK_EN = 14
        hal.Hal.pin_in(None, "UPLINK_EN")
        hal.Hal.pin_pulled_up(None, "UPLINK_EN")
        hal.Hal.pin_out(None, "UPLINK_EN")
        made = [(14, "in", None, "as it was"), (14, "in", "up", "as it was"), (14, "out", None, 0)]
        self.assertEqual(hal.machine.made, made)

    def test_a_model_lacks_what_its_pins_say(self):
        for picture, live, lacks in (
            (True, True, ()),
            (False, True, ("capture",)),
            (True, False, ("live",)),
            (False, False, ("capture", "live")),
        ):
            hal.pins.CUSTOMER_PICTURE = picture
            hal.pins.LIVE_VIEW = live
            self.assertEqual(hal._lacks(), lacks)

    def test_the_camera_is_made_with_the_boards_pins(self):
        module = FakeCameraModule()
        sys.modules["camera"] = module  # type: ignore[assignment]
        self.assertEqual(hal.Hal.camera_module(None), "camera")
        made = module.made
        self.assertEqual(made["data_pins"], [11, 12, 13, 14, 15, 16, 17, 18])
        names = ("pclk_pin", "vsync_pin", "href_pin", "xclk_pin", "sda_pin", "scl_pin")
        self.assertEqual([made[name] for name in names], [1, 2, 3, 4, 5, 6])
        self.assertEqual((made["pixel_format"], made["frame_size"]), (4, 10))
        self.assertEqual((made["fb_count"], made["grab_mode"]), (1, 0))

    def test_the_flash_of_an_esp32_is_its_partition_for_files(self):
        module = Stand()
        module.Partition = Partition  # type: ignore[attr-defined]
        sys.modules["esp32"] = module  # type: ignore[assignment]
        self.assertEqual(hal._flash(), (Partition.TYPE_DATA, "vfs"))

    def test_a_flash_that_nobody_knows_is_refused(self):
        hal.pins.FLASH = "tape"
        with self.assertRaises(ValueError):
            hal._flash()


if __name__ == "__main__":
    unittest.main()
