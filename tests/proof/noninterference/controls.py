"""Firmware that leaks, each in another way: the positive controls. Each must be found.

A control takes the app after each boot and replaces a method or two of it, so that nothing of a
control is left in the next run.
"""

from detector import codes, seal, stored_image
from detector.keystore import READER_CUSTOMER
from detector.stored_image import CHUNKS, IV, KEY, StoredImage


def unsealed(app: object) -> None:
    """Switch sealing off: bodies are the pictures themselves."""
    store = app.parts.store
    begin = store.begin

    def begin_unsealed(*arguments: object) -> int:
        chunks = begin(*arguments)
        store._sealer.seal = lambda buf: None
        return chunks

    store.begin = begin_unsealed


def masked(app: object) -> None:
    """Seal with a mask that is always the same: it looks sealed and is not."""
    store = app.parts.store
    begin = store.begin

    def mask(buf: bytearray) -> None:
        for at in range(len(buf)):
            buf[at] ^= 0x5A

    def begin_masked(*arguments: object) -> int:
        chunks = begin(*arguments)
        store._sealer.seal = mask
        return chunks

    store.begin = begin_masked


def length_in_journal(app: object) -> None:
    """Write a picture's length into its journal record."""
    record = app.parts.record
    store = app.parts.store
    write = record.write
    begin = store.begin
    lengths = [0]

    def begin_and_note(kind: int, event_id: int, length: int, day: int, second: int) -> int:
        lengths.append(length)
        return begin(kind, event_id, length, day, second)

    def write_more(now_ms: int, kind: int, event_id: int = 0, a: int = 0, b: int = 0) -> bool:
        if kind == codes.JR_CAPTURE:
            b = lengths[-1]
        return write(now_ms, kind, event_id, a, b)

    store.begin = begin_and_note
    record.write = write_more


def padded_to_a_kib(app: object) -> None:
    """Pad a picture to whole chunks and no further."""
    store = app.parts.store
    begin = store.begin

    def begin_short(kind: int, event_id: int, length: int, day: int, second: int) -> int:
        begin(kind, event_id, length, day, second)
        chunks = (seal.LENGTH_BYTES + length + seal.CHUNK_BYTES - 1) // seal.CHUNK_BYTES
        fields = store._fields[:CHUNKS] + (chunks,) + store._fields[CHUNKS + 1 :]
        store._fields = fields
        store._sealer = seal.Sealer(fields[KEY], stored_image.header(fields), fields[IV])
        return chunks

    store.begin = begin_short


def byte_while_shut(app: object) -> None:
    """Write a byte to the uplink for each picture that the customer takes."""
    hub = app.hub
    send_image = hub.send_image

    def send_and_tell(image_id: int) -> bool:
        app.uplink.link._uart.write(b"\x00")
        return send_image(image_id)

    hub.send_image = send_and_tell


def read_to_the_end_only(app: object) -> None:
    """Read a picture's own bytes from the camera and none for the zeros behind it."""
    capture = app.parts.capture
    camera = capture._camera
    read_into = camera.read_into

    def read_less(buf: bytearray, count: int) -> None:
        own = min(count, capture._left)
        if own:
            read_into(buf, own)

    camera.read_into = read_less


def chance_by_length(app: object) -> None:
    """Draw more random bytes for a longer picture: every nonce after it differs."""
    store = app.parts.store
    begin = store.begin

    def begin_drawing(kind: int, event_id: int, length: int, day: int, second: int) -> int:
        for _ in range(length // seal.CHUNK_BYTES):
            store.random(1)
        return begin(kind, event_id, length, day, second)

    store.begin = begin_drawing


def customers_to_the_centre(app: object) -> None:
    """Offer the customer's pictures to the alarm centre once the gate is open."""
    store = app.parts.store
    uplink = app.uplink
    opened = uplink.opened

    def open_for_all(image_id: int, reader: int = READER_CUSTOMER) -> StoredImage:
        return StoredImage(store, store.fields(image_id))

    def offer_all(now_ms: int, event: object) -> None:
        opened(now_ms, event)
        for image_id in store.ids():
            uplink.transfer.add(image_id)

    store.open = open_for_all
    uplink.opened = offer_all


def length_on_the_heap(app: object) -> None:
    """Keep as many bytes as a picture has; only the heap that `status` tells shows it."""
    store = app.parts.store
    begin = store.begin

    def begin_keeping(kind: int, event_id: int, length: int, day: int, second: int) -> int:
        app.kept = bytes(length)
        return begin(kind, event_id, length, day, second)

    store.begin = begin_keeping


# Those that any interpreter can see; `length_on_the_heap` shows on MicroPython alone.
CONTROLS = (
    unsealed,
    masked,
    length_in_journal,
    padded_to_a_kib,
    byte_while_shut,
    read_to_the_end_only,
    chance_by_length,
    customers_to_the_centre,
)
