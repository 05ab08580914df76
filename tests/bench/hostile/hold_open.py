# ruff: noqa: F821 - a pin number is filled in for each {ROLE}
# Drives all that a pin can drive towards an open gate, and never stops.
import time

from machine import Pin

Pin({LATCH_CLEAR}, Pin.OUT, value=0)
Pin({ARM_CONTACT}, Pin.OUT, value=1)
Pin({ARM_INTRUSION}, Pin.OUT, value=1)
Pin({UPLINK_EN}, Pin.OUT, value=1)
heart = Pin({HEARTBEAT}, Pin.OUT, value=0)
while True:
    heart.value(1)
    time.sleep_ms(10)
    heart.value(0)
    time.sleep_ms(10)
