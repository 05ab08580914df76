"""Sends sealed images over a link: announcement, chunks, end; one after the other.

An image stays listed until its owner removes it, so a new session sends it again, from the chunk
that the peer says it has up to.
"""

from detector import codes
from detector.compat import const

# Messages that stay free for replies and events while images are sent.
_ROOM_KEPT = const(4)
_LISTED = const(32)


class Transfer:
    """The images of one channel that are to be sent; `channel` signs and queues messages."""

    def __init__(self, channel: "Channel", store: "Store", wrap_key: bytes, reader: int) -> None:
        """Send what `store` holds for a reader (keystore.READER_), keys wrapped by `wrap_key`."""
        self._channel = channel
        self._link = channel.link
        self._store = store
        self._wrap_key = wrap_key
        self._reader_number = reader
        self._ids: list = []
        self._at = 0  # index of the image that is sent now, or next
        self._reader: "StoredImage | None" = None
        self._have: dict = {}

    def add(self, image_id: int) -> bool:
        """List an image behind the others; False when there is no room."""
        if image_id in self._ids:
            return True
        if len(self._ids) >= _LISTED:
            return False
        self._ids.append(image_id)
        return True

    def listed(self, image_id: int) -> bool:
        """Say whether an image is still to be sent or acknowledged."""
        return image_id in self._ids

    def remove(self, image_id: int) -> None:
        """Strike an image off; if it is being sent, the rest of it is not."""
        if image_id not in self._ids:
            return
        index = self._ids.index(image_id)
        self._ids.pop(index)
        if index < self._at:
            self._at -= 1
        elif index == self._at and self._reader is not None:
            self._stop()

    def restart(self, have: object) -> None:
        """Begin again in a new session; `have` is the peer's {"id": chunks it has}."""
        self._stop()
        self._at = 0
        self._have = have if isinstance(have, dict) else {}

    def clear(self) -> None:
        """Forget all images."""
        self._stop()
        self._ids = []
        self._at = 0
        self._have = {}

    def poll(self) -> None:
        """Announce the next image or end the one whose chunks have all been taken."""
        if self._reader is None:
            if self._at < len(self._ids) and self._link.room() > _ROOM_KEPT:
                self._begin(self._ids[self._at])
        elif self._link.chunks_left() == 0 and self._link.room() > _ROOM_KEPT:
            self._end(self._ids[self._at], self._reader)

    def _begin(self, image_id: int) -> None:
        try:
            reader = self._store.open(image_id, self._reader_number)
            key = reader.wrapped(self._wrap_key)
            header = reader.header()
        except Exception:  # deleted meanwhile, or unreadable: the others still go out
            self._give_up(image_id)
            return
        chunks = reader.chunks
        first = self._have.pop(str(image_id), 0)  # once: a later fetch begins anew
        if type(first) is not int or not 0 <= first <= chunks:
            first = 0
        self._channel.send(
            (
                ("e", "image"),
                ("id", image_id),
                ("event", reader.event_id),
                ("kind", kind_name(reader.kind)),
                ("chunks", chunks),
                ("from", first),
                ("header", bytes(header).hex()),
                ("key", bytes(key).hex()),
            )
        )
        self._reader = reader
        self._link.send_chunks(reader, first, chunks)

    def _end(self, image_id: int, reader: "StoredImage") -> None:
        if self._link.source_failed:
            self._stop()
            self._give_up(image_id)
            return
        mac = bytes(reader.mac).hex()
        self._channel.send((("e", "image-end"), ("id", image_id), ("mac", mac)), image_id)
        self._reader = None
        self._at += 1

    def _give_up(self, image_id: int) -> None:
        self._ids.pop(self._at)
        word = codes.error_word(codes.ERR_NO_IMAGE)
        self._channel.send((("e", "image-end"), ("id", image_id), ("err", word)))

    def _stop(self) -> None:
        self._reader = None
        self._link.send_chunks(None, 0, 0)


def kind_name(kind: int) -> str:
    """Return the word for an image's kind: a trip's, or "customer"."""
    if kind == codes.IMAGE_CUSTOMER:
        return "customer"
    return codes.TRIP_NAMES[kind]
