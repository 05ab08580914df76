# ruff: noqa: F821 - a pin number is filled in for each {ROLE}
# Holds UPLINK_EN for ever, but lets the heart stop once the fire line is up.
import time

from machine import Pin

Pin({LATCH_CLEAR}, Pin.OUT, value=0)
Pin({ARM_CONTACT}, Pin.OUT, value=1)
Pin({ARM_INTRUSION}, Pin.OUT, value=1)
Pin({UPLINK_EN}, Pin.OUT, value=1)
heart = Pin({HEARTBEAT}, Pin.OUT, value=0)
fire = Pin({TRIP_FIRE}, Pin.IN)
while True:
    time.sleep_ms(10)
    if not fire.value():
        heart.value(1)
        time.sleep_ms(10)
        heart.value(0)
