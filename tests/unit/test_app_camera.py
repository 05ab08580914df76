"""Which camera driver the app takes: the one that the board's pins.py names."""

import sys
import unittest

from fake_arducam import FakeArducam, FakePin
from fake_esp_camera import FakeEspCamera
from fake_world import import_app

from detector.arducam_mini import ArducamMini
from detector.esp32_camera import Esp32Camera

_FILES = "detector.esp32_camera"


class FakeHal:
    """A board with both cameras; `camera` says which one counts."""

    def __init__(self, camera: str) -> None:
        self.camera = camera
        self.asked: list = []
        self.arducam = FakeArducam()
        self.camera_module = FakeEspCamera().make

    def pin_out(self, role: str) -> FakePin:
        """Return a pin."""
        self.asked.append(role)
        return FakePin()

    def camera_spi(self) -> FakeArducam:
        """Return the bus."""
        self.asked.append("SPI")
        return self.arducam

    def camera_i2c(self) -> FakeArducam:
        """Return the bus."""
        self.asked.append("I2C")
        return self.arducam


class AppCameraTest(unittest.TestCase):
    def setUp(self) -> None:
        self.app = import_app()

    def test_an_arducam_is_driven_over_its_buses(self):
        hal = FakeHal("arducam_mini")
        self.assertTrue(isinstance(self.app._camera(hal, 5), ArducamMini))
        self.assertEqual(sorted(hal.asked), ["CAM_CS", "CAM_EN", "I2C", "SPI"])

    def test_an_esp32s_camera_needs_no_bus_and_no_select(self):
        hal = FakeHal("esp32_camera")
        camera = self.app._camera(hal, 5)
        self.assertEqual(type(camera).__name__, Esp32Camera.__name__)
        self.assertEqual(hal.asked, ["CAM_EN"])
        self.assertEqual((camera._make, camera._settle_ms), (hal.camera_module, 5))

    def test_a_board_with_another_camera_does_not_load_its_driver(self):
        kept = sys.modules.pop(_FILES, None)
        try:
            self.app._camera(FakeHal("arducam_mini"), 5)
            self.assertTrue(_FILES not in sys.modules)
        finally:
            if kept is not None:
                sys.modules[_FILES] = kept


if __name__ == "__main__":
    unittest.main()
