"""An input of a fuzzer, read as a program: small numbers and pieces, zeros when it is used up."""


class Input:
    """Bytes that are read from the front."""

    def __init__(self, data: bytes) -> None:
        """Read `data`."""
        self._data = bytes(data)
        self._at = 0

    def __bool__(self) -> bool:
        """Say whether anything is left."""
        return self._at < len(self._data)

    def byte(self) -> int:
        """Return the next byte."""
        piece = self.take(1)
        return piece[0] if piece else 0

    def number(self, limit: int) -> int:
        """Return a number below `limit` (at most 65536)."""
        if limit <= 256:
            return self.byte() % limit
        return (self.byte() | self.byte() << 8) % limit

    def take(self, count: int) -> bytes:
        """Return at most `count` bytes."""
        piece = self._data[self._at : self._at + count]
        self._at += len(piece)
        return piece

    def piece(self) -> bytes:
        """Return bytes whose number comes first (one byte)."""
        return self.take(self.byte())

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(len(self._data))


def check(holds: object, what: str) -> None:
    """Raise AssertionError with `what` unless it holds."""
    if not holds:
        raise AssertionError(what)
