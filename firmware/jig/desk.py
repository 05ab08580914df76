"""Takes the host's lines, drives the outputs, and answers when the pins have followed.

No answer comes from what was meant: `line`, `power` and the others wait for a record in which the
net has the wanted level, and answer with that record's time. `now` and `signals` wait for the next
record, so everything before it has been told by then. One line at a time.
"""

from jig import pins, words

_STUCK_MS = 50  # a net has a microsecond for it; this is for a late main loop
_SUPPLY_MS = 2000  # a rail's capacitors, both ways
_RUN_MS = 2
_HALF = 0x20000000
_MASK = 0x3FFFFFFF


def _left_ms(deadline_ms: int, now_ms: int) -> int:
    """Return how many ms are left; ticks wrap at 2^30."""
    return ((deadline_ms - now_ms + _HALF) & _MASK) - _HALF


class Desk:
    """`outputs.drive(role, level)`; `teller` knows the newest record; `say(line)` answers."""

    def __init__(self, outputs: "Outputs", teller: "Teller", say: "Callable") -> None:
        """Begin with everything low."""
        self._outputs = outputs
        self._teller = teller
        self._say = say
        self._now_ms = 0
        self._falls: list = []  # [role, when (ms)] of running pulses
        self._lease_ms = 0  # 0: the host may be silent
        self._heard_ms = 0
        # What the running verb waits for: a mask of levels, or the next record for mask 0.
        self._waiting = ""
        self._mask = 0
        self._levels = 0
        self._until_ms = 0
        self._is_fresh = False  # the next record is younger than the line
        self._argument = ""
        self._t_us = 0  # of an answer that has more to wait for
        outputs.all_low()

    @property
    def is_busy(self) -> bool:
        """Say whether a line is being obeyed; the next one must wait."""
        return self._waiting != ""

    def line(self, text: str, now_ms: int) -> None:
        """Take a line."""
        self._now_ms = self._heard_ms = now_ms
        if not text.strip():
            return
        try:
            verb, arguments = words.parse(text)
            getattr(self, "_" + verb)(*arguments)
        except words.WordError as error:
            self._refuse(error.args[0], error.args[1])

    def too_long(self) -> None:
        """Refuse a line that did not end."""
        self._refuse(words.ERR_LONG, "a line has %d characters at most" % words.LINE_CHARACTERS)

    def record(self) -> None:
        """A new record is in: answer if it is the one that was waited for."""
        if not self._waiting or (self._teller.levels & self._mask) != self._levels:
            return
        if self._mask or self._is_fresh:
            self._arrived()

    def drained(self) -> None:
        """Take note that all records until now have been read: the next one is a new one."""
        self._is_fresh = True

    def tick(self, now_ms: int) -> None:
        """End pulses, give up waiting, and make all safe when the host has fallen silent."""
        self._now_ms = now_ms
        for fall in self._falls:
            if _left_ms(fall[1], now_ms) <= 0:
                self._outputs.drive(fall[0], 0)
                self._falls.remove(fall)
                break  # the list has changed; the next one comes in the next tick
        if self._waiting and self._mask and _left_ms(self._until_ms, now_ms) <= 0:
            self._gave_up()
        if self._lease_ms and _left_ms(self._heard_ms + self._lease_ms, now_ms) <= 0:
            self._lease_ms = 0
            self._all_safe()

    # --- the verbs ------------------------------------------------------------------------------

    def _help(self) -> None:
        known = []
        for verb, arguments in words.VERBS:
            known.append((verb + " " + arguments).strip())
        self._say("OK " + "; ".join(known))

    def _version(self) -> None:
        self._say("OK jig " + words.VERSION)

    def _line(self, role: str, level: str) -> None:
        words.one_of(role, pins.LINES)
        self._drive(role, words.bit(level))

    def _pulse(self, role: str, ms: str) -> None:
        words.one_of(role, pins.LINES)
        length_ms = words.number(ms, words.PULSE_MS_MAX)
        self._drive(role, 1)
        self._fall_after(role, length_ms)

    def _low(self) -> None:
        for role in pins.LINES:
            self._set(role, 0)
        self._wait("low", (1 << len(pins.LINES)) - 1, 0, _STUCK_MS)

    def _jumper(self, level: str) -> None:
        self._drive("SERVICE", words.bit(level))

    def _power(self, level: str) -> None:
        wanted = words.bit(level)
        self._outputs.drive("SUPPLY", wanted)
        mask = 1 << pins.SIGNALS.index("POWER")
        self._wait("power", mask, mask if wanted else 0, _SUPPLY_MS)

    def _reset(self) -> None:
        self._drive("RUN", 1)
        self._waiting = "reset"
        self._fall_after("RUN", _RUN_MS)

    def _safe(self) -> None:
        self._all_safe()
        self._wait("safe", 0, 0, 0)

    def _signals(self) -> None:
        self._wait("signals", 0, 0, 0)

    def _now(self) -> None:
        self._wait("now", 0, 0, 0)

    def _count(self, wire: str) -> None:
        self._argument = words.one_of(wire, pins.WIRES)
        self._wait("count", 0, 0, 0)

    def _watch(self) -> None:
        self._wait("watch", 0, 0, 0)

    def _lease(self, ms: str) -> None:
        self._lease_ms = words.number(ms, words.LEASE_MS_MAX)
        self._say("OK %d" % self._teller.t_us)

    # --- inside ---------------------------------------------------------------------------------

    def _drive(self, role: str, level: int) -> None:
        self._set(role, level)
        self._argument = role
        mask = 1 << pins.SIGNALS.index(role)
        self._wait("drive", mask, mask if level else 0, _STUCK_MS)

    def _set(self, role: str, level: int) -> None:
        for fall in self._falls:
            if fall[0] == role:
                self._falls.remove(fall)
                break
        self._outputs.drive(role, level)

    def _fall_after(self, role: str, ms: int) -> None:
        self._falls.append([role, (self._now_ms + ms) & _MASK])

    def _all_safe(self) -> None:
        self._falls.clear()
        self._outputs.all_low()

    def _wait(self, what: str, mask: int, levels: int, limit_ms: int) -> None:
        self._waiting = what
        self._is_fresh = False
        self._mask = mask
        self._levels = levels
        self._until_ms = (self._now_ms + limit_ms) & _MASK

    def _arrived(self) -> None:
        what = self._waiting
        teller = self._teller
        if what == "reset":  # the answer has the pull's time; it comes when RUN is free again
            self._t_us = teller.t_us
            self._wait("run", self._mask, 0, _STUCK_MS)
            return
        self._waiting = ""
        if what == "watch":
            teller.begin()
        t_us = self._t_us if what == "run" else teller.t_us
        text = "OK %d" % t_us
        if what == "count":
            text += " %d" % teller.counts[pins.WIRES.index(self._argument)]
        elif what == "now" or what == "signals":
            text += " told=%d" % teller.told
        if what == "signals":
            for at in range(len(pins.SIGNALS)):
                text += " %s=%d" % (pins.SIGNALS[at], teller.levels >> at & 1)
            for at in range(len(pins.WIRES)):
                text += " %s=%d" % (pins.WIRES[at], teller.counts[at])
        self._say(text)

    def _gave_up(self) -> None:
        what = self._waiting
        self._waiting = ""
        if what == "power":
            self._refuse(words.ERR_SUPPLY, self._about_supply())
        else:
            name = "a line" if what == "low" else self._argument
            self._refuse(words.ERR_STUCK, name + " does not follow; look at its wire")

    def _about_supply(self) -> str:
        if self._levels:
            return "POWER stays low although SUPPLY is on; look at switch and wire"
        return "POWER stays high although SUPPLY is off; does USB feed the board?"

    def _refuse(self, code: int, text: str) -> None:
        self._say('ERROR %d "%s"' % (code, text))
