"""Where a picture goes once it is stored, and what a failed one is called."""

from detector import codes, states


class Pictures:
    """Hands stored images to the links; `hub` and `uplink` are set by app."""

    def __init__(self, record: "Record", event: "AlarmEvent", gate: "Gate") -> None:
        """Take what decides whether an image may be offered to the alarm centre."""
        self.hub: "Hub" = None
        self.uplink: "Uplink" = None
        self._record = record
        self._event = event
        self._gate = gate

    def taken(self, now_ms: int, state: int, image_id: int) -> None:
        """Journal an image and pass it on: a customer's to the hub, an alarm's to the uplink.

        An alarm's image is offered only while its event's gate is open, and never later. For a
        customer's picture the journal holds an id, no size and no hash (DESIGN 6).
        """
        event_id = self._event.id if state == states.ALARM else 0
        self._record.write(now_ms, codes.JR_CAPTURE, event_id, image_id)
        if state == states.CUSTOMER_CAPTURE:
            self.hub.send_image(image_id)
        elif self._event.uplinked and self._gate.wanted:
            self.uplink.offer(image_id)

    def failed(self, error: int) -> None:
        """Latch what failed; a full store is no fault. None of these forbids arming."""
        if error == codes.ERR_CAMERA:
            self._record.latch(codes.FAULT_CAMERA)
        elif error != codes.ERR_STORE_FULL:
            self._record.latch(codes.FAULT_STORE)
        self.hub.event((("e", "capture-failed"), ("why", codes.error_word(error))))
