"""SPI and I2C masters of the rp2 port (machine_spi.c, machine_i2c.c), by messages to the board."""

import wire
from board_link import check, exchange
from micropython import const

_EIO = const(5)
_ENODEV = const(19)
_CHUNK = const(32768)  # a request's payload length has 16 bits


class SPI:
    """One SPI bus; the chip select is a pin of the caller's."""

    MSB = 1
    LSB = 0

    def __init__(self, id: int, baudrate: int = 1_000_000, **options) -> None:
        if id not in (0, 1):
            raise ValueError("SPI(%d) doesn't exist" % id)
        self.id = id

    def init(self, **options) -> None:
        """Accept new settings; the board's bus has no speed."""

    def deinit(self) -> None:
        """Do nothing."""

    def write(self, buf: object) -> None:
        """Send `buf`."""
        if len(buf) <= _CHUNK:
            check(exchange(wire.OP_SPI_WRITE, self.id, 0, 0, buf, None))
            return
        view = memoryview(buf)
        for start in range(0, len(buf), _CHUNK):
            self.write(view[start : start + _CHUNK])

    def readinto(self, buf: object, write: int = 0) -> None:
        """Fill `buf`, sending the byte `write` all the while."""
        check(exchange(wire.OP_SPI_READ, self.id, write, len(buf), None, buf))

    def read(self, count: int, write: int = 0) -> bytes:
        """Return `count` bytes, sending the byte `write` all the while."""
        buf = bytearray(count)
        self.readinto(buf, write)
        return bytes(buf)

    def write_readinto(self, out: object, into: object) -> None:
        """Send `out` and fill `into`, of the same length, at once."""
        if len(out) != len(into):
            raise ValueError("buffers must be the same length")
        if len(out) <= _CHUNK:
            check(exchange(wire.OP_SPI_TRANSFER, self.id, 0, 0, out, into))
            return
        view, into_view = memoryview(out), memoryview(into)
        for start in range(0, len(out), _CHUNK):
            end = start + _CHUNK
            self.write_readinto(view[start:end], into_view[start:end])


class I2C:
    """One I2C bus; whatever is not acknowledged is OSError(EIO), as on the rp2 port."""

    _no_answer = _EIO

    def __init__(self, id: int = 0, *, freq: int = 400_000, **pins) -> None:
        if id not in (0, 1):
            raise ValueError("I2C(%d) doesn't exist" % id)
        self.id = id

    def writeto(self, address: int, buf: object, stop: bool = True) -> int:
        """Write `buf`; return the number of bytes acknowledged."""
        count = exchange(wire.OP_I2C_WRITE, self.id, address, 0, buf, None)
        if count < len(buf):
            raise OSError(self._no_answer)
        return count

    def readfrom_into(self, address: int, buf: object, stop: bool = True) -> None:
        """Fill `buf`."""
        if exchange(wire.OP_I2C_READ, self.id, address, len(buf), None, buf) < 0:
            raise OSError(self._no_answer)

    def readfrom(self, address: int, count: int, stop: bool = True) -> bytes:
        """Return `count` bytes."""
        buf = bytearray(count)
        self.readfrom_into(address, buf)
        return bytes(buf)

    def writeto_mem(self, address: int, register: int, buf: object, *, addrsize=8) -> None:
        """Write `buf` to `register`."""
        self.writeto(address, register.to_bytes(addrsize // 8, "big") + buf)

    def readfrom_mem_into(self, address: int, register: int, buf: object, *, addrsize=8) -> None:
        """Fill `buf` from `register`."""
        self.writeto(address, register.to_bytes(addrsize // 8, "big"), False)
        self.readfrom_into(address, buf)

    def readfrom_mem(self, address: int, register: int, count: int, *, addrsize=8) -> bytes:
        """Return `count` bytes from `register`."""
        buf = bytearray(count)
        self.readfrom_mem_into(address, register, buf, addrsize=addrsize)
        return bytes(buf)

    def scan(self) -> list:
        """Return the addresses that answer."""
        found = []
        for address in range(0x08, 0x78):
            if exchange(wire.OP_I2C_WRITE, self.id, address, 0, b"", None) >= 0:
                found.append(address)
        return found


class SoftI2C(I2C):
    """The same bus driven in software, which says ENODEV instead (extmod/machine_i2c.c)."""

    _no_answer = _ENODEV

    def __init__(self, scl: object, sda: object, *, freq: int = 400_000, **options) -> None:
        I2C.__init__(self, 1)
