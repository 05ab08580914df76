"""Wiring of an ESP32-S3-MINI-1-N4R2 with an OV2640 on its parallel bus.

Role -> GPIO number; the circuit is the reference circuit (boards/CIRCUIT.md). The camera lies as
on an ESP32-S3-EYE. With it every free pin is in use; GPIO3 and GPIO46 only listen, see chips.toml.
"""

# Connect (this list is made by `make wiring`):
#   IO33          J1-1  TRIP_INTRUSION  in   4.7 kOhm down  motion sensor, high = alarm
#   IO34          J1-2  TRIP_CONTACT    in   4.7 kOhm down  door or window contact, high = open
#   IO35          J1-3  TRIP_FIRE       in   4.7 kOhm down  smoke or heat detector, high = alarm
#   IO36          J1-4  TRIP_PANIC      in   4.7 kOhm down  panic button, high = pressed
#   IO37          J1-5  TAMPER          in   4.7 kOhm down  lid and mounting contact, high = open
#   IO42          J1-6  SERVICE         in   4.7 kOhm down  service jumper, high = in
#   IO14          J2-1  UPLINK_EN       out  4.7 kOhm down  the chip's own key, high = may open
#   IO2           J2-2  LATCH_CLEAR     out  4.7 kOhm down  high = latch cleared
#   IO21          J2-3  HEARTBEAT       out  4.7 kOhm down  each edge re-arms ALIVE for 2 s
#   IO47          J2-4  ARM_CONTACT     out  4.7 kOhm down  high = contact, tamper may latch
#   IO48          J2-5  ARM_INTRUSION   out  4.7 kOhm down  high = intrusion may latch
#   IO3           J2-6  LATCH_SENSE     in                  high = latch set
#   IO46          J2-7  UPLINK_SENSE    in   4.7 kOhm down  high = the uplink has power
#   3V3           J2-8
#   GND           J2-9
#   IO1           J3-1  CAM_EN          out  4.7 kOhm down  high = the camera has power, LED on
#   IO11          J3-2  CAM_DATA D0     in                  pixel data (Y2)
#   IO9           J3-3  CAM_DATA D1     in                  pixel data (Y3)
#   IO8           J3-4  CAM_DATA D2     in                  pixel data (Y4)
#   IO10          J3-5  CAM_DATA D3     in                  pixel data (Y5)
#   IO12          J3-6  CAM_DATA D4     in                  pixel data (Y6)
#   IO18          J3-7  CAM_DATA D5     in                  pixel data (Y7)
#   IO17          J3-8  CAM_DATA D6     in                  pixel data (Y8)
#   IO16          J3-9  CAM_DATA D7     in                  pixel data (Y9)
#   IO13          J3-10 CAM_SYNC PCLK   in                  pixel clock
#   IO6           J3-11 CAM_SYNC VSYNC  in                  frame
#   IO7           J3-12 CAM_SYNC HREF   in                  line
#   IO15          J3-13 CAM_SYNC XCLK   out                 20 MHz, the sensor's clock
#   IO4           J3-14 CAM_SCCB SDA    both pulled up      sensor's registers
#   IO5           J3-15 CAM_SCCB SCL    both pulled up      sensor's registers
#   IO38          J4-1  HUB_UART TX     out                 to the customer's hub
#   IO39          J4-2  HUB_UART RX     in   pulled up      from the customer's hub
#   IO40          J5-1  UPLINK_UART TX  out                 to the modem, by the gate's buffer
#   IO41          J5-2  UPLINK_UART RX  in   pulled up      from the modem, by the gate's buffer

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
