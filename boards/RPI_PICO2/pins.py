"""Wiring of a Raspberry Pi Pico 2 with an ArduCAM Mini 2MP.

Role -> GPIO number; the circuit is the reference circuit (boards/CIRCUIT.md).
"""

# Connect (this list is made by `make wiring`):
#   GP17  pin 22  J1-1  TRIP_INTRUSION  in   4.7 kOhm down  motion sensor, high = alarm
#   GP18  pin 24  J1-2  TRIP_CONTACT    in   4.7 kOhm down  door or window contact, high = open
#   GP19  pin 25  J1-3  TRIP_FIRE       in   4.7 kOhm down  smoke or heat detector, high = alarm
#   GP20  pin 26  J1-4  TRIP_PANIC      in   4.7 kOhm down  panic button, high = pressed
#   GP21  pin 27  J1-5  TAMPER          in   4.7 kOhm down  lid and mounting contact, high = open
#   GP22  pin 29  J1-6  SERVICE         in   4.7 kOhm down  service jumper, high = in
#   GP14  pin 19  J2-1  UPLINK_EN       out  4.7 kOhm down  the chip's own key, high = may open
#   GP13  pin 17  J2-2  LATCH_CLEAR     out  4.7 kOhm down  high = latch cleared
#   GP12  pin 16  J2-3  HEARTBEAT       out  4.7 kOhm down  each edge re-arms ALIVE for 2 s
#   GP11  pin 15  J2-4  ARM_CONTACT     out  4.7 kOhm down  high = contact, tamper may latch
#   GP10  pin 14  J2-5  ARM_INTRUSION   out  4.7 kOhm down  high = intrusion may latch
#   GP15  pin 20  J2-6  LATCH_SENSE     in                  high = latch set
#   GP16  pin 21  J2-7  UPLINK_SENSE    in   4.7 kOhm down  high = the uplink has power
#   3V3   pin 36  J2-8
#   GND   pin 38  J2-9
#   GP6   pin 9   J3-1  CAM_EN          out  4.7 kOhm down  high = the camera has power, LED on
#   GP2   pin 4   J3-2  CAM_SPI SCK     out                 clock
#   GP3   pin 5   J3-3  CAM_SPI MOSI    out                 to the camera
#   GP4   pin 6   J3-4  CAM_SPI MISO    in                  from the camera
#   GP5   pin 7   J3-5  CAM_CS          out                 chip select, low = selected
#   GP26  pin 31  J3-6  CAM_I2C SDA     both pulled up      sensor's registers
#   GP27  pin 32  J3-7  CAM_I2C SCL     both pulled up      sensor's registers
#   GP0   pin 1   J4-1  HUB_UART TX     out                 to the customer's hub
#   GP1   pin 2   J4-2  HUB_UART RX     in   pulled up      from the customer's hub
#   GP8   pin 11  J5-1  UPLINK_UART TX  out                 to the modem, by the gate's buffer
#   GP9   pin 12  J5-2  UPLINK_UART RX  in   pulled up      from the modem, by the gate's buffer

BOARD = "RPI_PICO2"
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
