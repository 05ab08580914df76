"""Wiring of an ESP32-S3-MINI-1-N4R2 with an OV2640 on its parallel bus.

Role -> GPIO number; the circuit is the reference circuit (boards/CIRCUIT.md). The camera lies as
on an ESP32-S3-EYE. With it every free pin is in use; GPIO3 and GPIO46 only listen, see chips.toml.
"""

BOARD = "ESP32_GENERIC_S3"
FLASH = "esp32"  # the storage region is the partition "vfs", 4096-byte blocks
# the model: its camera's driver, and what its customer and its alarm centre may ask for
CAMERA = "esp32_camera"
CUSTOMER_PICTURE = True
LIVE_VIEW = True

# sensor lines, in
TRIP_INTRUSION = 33
TRIP_CONTACT = 34
TRIP_FIRE = 35
TRIP_PANIC = 36
TAMPER = 37
SERVICE = 42
# the gate's own pins, out
UPLINK_EN = 14
LATCH_CLEAR = 2
HEARTBEAT = 21
ARM_CONTACT = 47
ARM_INTRUSION = 48
# read back, in
LATCH_SENSE = 3
UPLINK_SENSE = 46
# camera
CAM_EN = 1
CAM_DATA = (11, 9, 8, 10, 12, 18, 17, 16)  # D0 ... D7, which the sensor calls Y2 ... Y9
CAM_SYNC = (13, 6, 7, 15)  # PCLK, VSYNC, HREF, XCLK
CAM_SCCB = (4, 5)  # SDA, SCL
# links: UART number, TX, RX, baud
HUB_UART = (1, 38, 39, 115200)
UPLINK_UART = (2, 40, 41, 921600)
