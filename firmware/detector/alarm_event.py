"""One alarm from its first trip to its end: what the journal and both links call an event."""


class AlarmEvent:
    """The running event, or the last one; ids count up and never repeat on a device."""

    def __init__(self, last_id: int) -> None:
        """Go on counting after `last_id`, the journal's last event."""
        self.id = last_id
        self.running = False
        self.kind = 0  # the trip that decides the burst and the name of the alarm
        self.kinds = 0  # all trip kinds so far, a bit each
        self.trips = 0  # how many trips so far
        self.confirmed = False  # the circuit's latch was set by a trip of this event
        self.opened = False  # the gate was opened, or refused, once; there is no second time
        self.uplinked = False  # the uplink was told that it is open
        self.opened_ms = 0

    def begin(self, kind: int) -> None:
        """Start the next event with its first trip."""
        self.id += 1
        self.running = True
        self.kind = kind
        self.kinds = 0
        self.trips = 0
        self.confirmed = False
        self.opened = False
        self.uplinked = False

    def add(self, kind: int, confirmed: bool) -> None:
        """Take one trip into the story."""
        self.kinds |= 1 << kind
        self.trips += 1
        self.confirmed = self.confirmed or confirmed

    def end(self) -> None:
        """Close the story; nothing of it may open anything any more."""
        self.running = False
        self.confirmed = False
        self.uplinked = False
