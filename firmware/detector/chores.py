"""What can wait: erasing ahead in quiet states, and reporting wrong authentications."""

from detector import codes, states, ticks
from detector.compat import const

_HOUSEKEEP_MS = const(20)
# While something is on its way to the customer: an erase deafens the link (45 ms of it), and what
# was not heard is sent again much later.
_HOUSEKEEP_BUSY_MS = const(1000)
_LOW_BLOCKS = const(2)  # with less of the journal erased ahead, nothing is more urgent
_AUTH_REPORT_MS = const(60000)


class Chores:
    """Bounded background work of the superloop; allocates nothing while there is none."""

    def __init__(
        self, controller: "Controller", hub: "Hub", uplink: "Uplink", now_ms: int
    ) -> None:
        """Take the parts whose flash and counters it looks after."""
        self._controller = controller
        self._hub = hub
        self._uplink = uplink
        self._housekeep_ms = now_ms
        self._auth_ms = now_ms
        self._auth_reported = False  # within the last minute

    def poll(self, now_ms: int) -> None:
        """Do at most one flash operation, and that in a quiet state only."""
        self._report_auth(now_ms)
        is_urgent = self._controller.record.journal.ahead < _LOW_BLOCKS
        rest_ms = _HOUSEKEEP_MS
        if not is_urgent and not self._hub.link.idle():
            rest_ms = _HOUSEKEEP_BUSY_MS
        if ticks.diff_ms(now_ms, self._housekeep_ms) < rest_ms:
            return
        self._housekeep_ms = now_ms
        controller = self._controller
        journal = controller.record.journal
        state = controller.state
        if not controller.event.running and (state == states.IDLE or state == states.ARMED):
            # An erase takes 45 ms: not while a line is being debounced.
            if not controller.zones.any_rising() and not journal.housekeep():
                controller.store.housekeep()
        elif controller.record.full and not controller.gate.wanted:
            journal.housekeep()  # in an alarm without the gate a record is worth an erase
        else:
            return
        if journal.failing:
            controller.record.latch(codes.FAULT_JOURNAL)
        if controller.store.failing:
            controller.record.latch(codes.FAULT_STORE)

    def _report_auth(self, now_ms: int) -> None:
        """Journal wrong authentications: the first at once, then once a minute."""
        if self._auth_reported:
            if ticks.diff_ms(now_ms, self._auth_ms) < _AUTH_REPORT_MS:
                return
            self._auth_reported = False
        on_hub = self._hub.auth_failures
        on_uplink = self._uplink.auth_failures
        if on_hub == 0 and on_uplink == 0:
            return
        self._hub.auth_failures = 0
        self._uplink.auth_failures = 0
        self._auth_reported = True
        self._auth_ms = now_ms
        self._controller.record.write(now_ms, codes.JR_AUTH, 0, on_hub, on_uplink)
