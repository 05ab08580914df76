"""Runs the jig; on its flash this is /main.py, beside the folder jig/.

Ctrl-C ends it with all outputs low and leads to the prompt; so does an error, after it is printed.
"""

import time

from jig.board import Console, Outputs

BURST = 32  # records between two looks at the console
SILENCE_MS = 200  # of the hardware, which has a record each millisecond

outputs = Outputs()  # first of all: everything low

try:
    from jig.capture import Capture
    from jig.desk import Desk
    from jig.teller import Teller

    console = Console()
    capture = Capture()
    teller = Teller(console.say)
    desk = Desk(outputs, teller, console.say)
    heard_ms = time.ticks_ms()
    while True:
        now_ms = time.ticks_ms()
        records = 0
        capture.look()
        while records < BURST and capture.read():
            ring = capture.ring
            if ring.lost:
                ring.lost = False
                teller.lost(ring.t_us)
            teller.take(ring.t_us, ring.levels, ring.counts)
            desk.record()
            records += 1
        if records:
            heard_ms = now_ms
        elif time.ticks_diff(now_ms, heard_ms) > SILENCE_MS:
            teller.lost(teller.t_us)
            console.flush()
            raise RuntimeError("the capture block has stopped")
        if records < BURST:
            desk.drained()
        desk.tick(now_ms)
        if console.dropped:
            console.dropped = False
            teller.lost(teller.t_us)
        console.flush()
        if not console.read(desk, now_ms) and not records:
            time.sleep_ms(1)
finally:
    outputs.all_low()
