"""Wiring of the virtual board; the numbers are those of boards/RPI_PICO.

Role -> GPIO number; the circuit is the reference circuit (boards/CIRCUIT.md).
"""

BOARD = "VIRTUAL"
FLASH = "rp2"  # the storage region is `rp2.Flash()`, 4096-byte blocks
# the model: its camera's driver, and what its customer and its alarm centre may ask for
CAMERA = "arducam_mini"
CUSTOMER_PICTURE = True
LIVE_VIEW = True

# sensor lines, in
TRIP_INTRUSION = 17
TRIP_CONTACT = 18
TRIP_FIRE = 19
TRIP_PANIC = 20
TAMPER = 21
SERVICE = 22
# the gate's own pins, out
UPLINK_EN = 14
LATCH_CLEAR = 13
HEARTBEAT = 12
ARM_CONTACT = 11
ARM_INTRUSION = 10
# read back, in
LATCH_SENSE = 15
UPLINK_SENSE = 16
# camera
CAM_EN = 6
CAM_SPI = (0, 2, 3, 4)  # bus, SCK, MOSI, MISO
CAM_CS = 5
CAM_I2C = (1, 26, 27)  # bus, SDA, SCL
# links: UART number, TX, RX, baud
HUB_UART = (0, 0, 1, 115200)
UPLINK_UART = (1, 8, 9, 921600)
