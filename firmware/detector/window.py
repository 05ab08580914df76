"""What a link has still to send, and what it sent and may have to send again.

A message is held until it is acknowledged; of an image only its reader and a chunk's number are.
"""

from detector.compat import const

WINDOW = const(8)
QUEUE = const(8)
_SLOT = const(7)  # WINDOW - 1: sequence number -> place in the window
_U16 = const(0xFFFF)


class Window:
    """Sequence numbers base .. next - 1 are out; `send` is the one to send now."""

    def __init__(self) -> None:
        """Allocate the places."""
        # Of each number: a message's bytes or a chunk's reader, the chunk's index, the tag.
        self.what: list = [None] * WINDOW
        self.index = [0] * WINDOW
        self._tags = [0] * WINDOW
        self.forget()

    def forget(self) -> None:
        """Start with number 0, nothing queued and nothing out."""
        self.base = 0
        self.send = 0  # less than `next` while sending again
        self.next = 0
        self._queue: list = []  # (payload, tag) that have no number yet
        self.set_source(None, 0, 0)
        for slot in range(WINDOW):
            self.what[slot] = None
            self._tags[slot] = 0

    def set_source(self, source: object, first: int, end: int) -> None:
        """Take chunks first .. end - 1 of `source`, between the messages."""
        self._source = source
        self._source_at = first
        self._source_end = end

    def chunks_left(self) -> int:
        """Say how many chunks have no number yet."""
        return self._source_end - self._source_at

    def drop_chunks(self, source: object) -> bool:
        """Give no number to the rest of `source`; False where it is another's turn."""
        if source is not self._source:
            return False
        self._source_at = self._source_end
        return True

    def room(self) -> int:
        """Say how many messages can be queued."""
        return QUEUE - len(self._queue)

    def push(self, payload: bytes, tag: int) -> None:
        """Queue a message."""
        self._queue.append((payload, tag))

    def is_empty(self) -> bool:
        """Say whether nothing is queued and nothing is out."""
        return self.base == self.next and not self._queue and self.chunks_left() == 0

    def slot(self) -> int:
        """Return the place of the number to send now."""
        return self.send & _SLOT

    def advance(self) -> bool:
        """Give the next message, else the next chunk, a number; False without either."""
        if (self.next - self.base) & _U16 >= WINDOW:
            return False
        slot = self.next & _SLOT
        if self._queue:
            self.what[slot], self._tags[slot] = self._queue.pop(0)
            self.index[slot] = -1
        elif self._source_at < self._source_end:
            self.what[slot] = self._source
            self.index[slot] = self._source_at
            self._tags[slot] = 0
            self._source_at += 1
        else:
            return False
        self.next = (self.next + 1) & _U16
        return True

    def accepts(self, ack: int) -> bool:
        """Say whether `ack` can be an acknowledgement of what is out."""
        return (ack - self.base) & _U16 <= (self.next - self.base) & _U16

    def skip_to(self, ack: int) -> None:
        """Do not send again what is acknowledged."""
        if (self.send - self.base) & _U16 < (ack - self.base) & _U16:
            self.send = ack

    def take_oldest(self) -> int:
        """Forget the oldest number that is out; return its tag."""
        slot = self.base & _SLOT
        tag = self._tags[slot]
        self.what[slot] = None
        self.base = (self.base + 1) & _U16
        return tag
