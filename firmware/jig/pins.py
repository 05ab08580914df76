"""Wiring of the jig, a second Pico: it drives a detector's pins and watches its nets.

Connect (each through 1 kOhm, and ground to ground; all nets are 3.3 V):

    GP0  TRIP_INTRUSION      sensor lines of the detector, active high
    GP1  TRIP_CONTACT
    GP2  TRIP_FIRE
    GP3  TRIP_PANIC
    GP4  TAMPER
    GP5  SERVICE             in place of the service jumper
    GP6  RUN                 gate of an N-MOSFET that pulls the detector's RUN to ground
    GP7  POWER               the detector's 3V3 rail, read back
    GP8  ARM_CONTACT         nets of the gate's circuit, read only
    GP9  ARM_INTRUSION
    GP10 LATCH_CLEAR
    GP11 UPLINK_EN
    GP12 HEARTBEAT
    GP13 LATCH
    GP14 ALIVE
    GP15 GATE
    GP16 UPLINK_SENSE
    GP17 CAM_RAIL
    GP18 TX_SILENT           leave it open: driven and sampled by the jig itself
    GP19 HUB_RX              the hub link's wire into the detector
    GP20 UPLINK_RX           the uplink's wire into the detector, behind the gate's buffer
    GP21 UPLINK_TX_WRITTEN   the uplink's wire out of the detector, before the gate's buffer
    GP22 UPLINK_TX_PASSED    the same behind it
    GP26 SUPPLY              high switches the detector's supply on; USB must not feed it besides
    GP27 HUB_TX              the hub link's wire out of the detector: low while its chip is reset

A reset RP2040 pulls every pad down. So with the jig in reset, crashed or unplugged all sensor
lines are low, the jumper is out, RUN is free and the supply is off. Without a supply there is no
gate and no picture, and it takes no living jig to keep it so; a jumper would have to be held high.
The same state is brought about when the host falls silent, an error ends the script, or Ctrl-C.
"""

SIGNALS = (
    "TRIP_INTRUSION",
    "TRIP_CONTACT",
    "TRIP_FIRE",
    "TRIP_PANIC",
    "TAMPER",
    "SERVICE",
    "RUN",
    "POWER",
    "ARM_CONTACT",
    "ARM_INTRUSION",
    "LATCH_CLEAR",
    "UPLINK_EN",
    "HEARTBEAT",
    "LATCH",
    "ALIVE",
    "GATE",
    "UPLINK_SENSE",
    "CAM_RAIL",
    "TX_SILENT",
)
"""What is sampled, by GPIO number: its own outputs too, so that a stuck wire is noticed."""

LINES = SIGNALS[:5]
OUTPUTS = SIGNALS[:7] + ("SUPPLY",)
SUPPLY = 26
HUB_TX = 27

WIRES = ("HUB_RX", "UPLINK_RX", "UPLINK_TX_WRITTEN", "UPLINK_TX_PASSED")
"""Wires whose bytes are counted, on consecutive GPIOs from FIRST_WIRE on."""
FIRST_WIRE = 19
BAUDS = (115200, 921600, 921600, 921600)
"""Bits a second on each of WIRES; those of the detectors' pins.py."""
