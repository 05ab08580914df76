"""The chip, behind names: the only module of the detector that imports `machine`.

Roles are looked up in the board's `pins.py`. Nothing here decides anything.
"""

import gc
import os
import select
import sys
import time

import machine
import micropython
import pins

# Two frames of 1 KiB: the line stays busy while the next frame is prepared.
_TX_BUFFER_BYTES = 2200
# A control frame with its overhead, and what arrives during a 45 ms flash erase at 115200 baud.
_RX_BUFFER_BYTES = 1024
_CONSOLE_BURST_BYTES = 64
_CAMERA_SPI_HZ = 4_000_000  # ArduCAM Mini: 4 MHz in the vendor's demo, 8 MHz at most
_CAMERA_I2C_HZ = 100_000
_CAMERA_XCLK_HZ = 20_000_000  # default of micropython-camera-API, made for the OV2640
_CAMERA_QUALITY = 85  # percent, the same
# Commands, and what pins.py says of the model
_FEATURES = (("capture", "CUSTOMER_PICTURE"), ("live", "LIVE_VIEW"))


class Hal:
    """Pins, links, camera buses, flash, console and watchdog of one board."""

    def __init__(self) -> None:
        """Open the flash's storage region and the console; everything else on request."""
        self.board = pins.BOARD
        self.camera = pins.CAMERA  # the driver's name
        self.lacks = _lacks()
        self.flash = _flash()
        self._console = select.poll()
        self._console.register(sys.stdin, select.POLLIN)
        self._stdin = sys.stdin.buffer
        self._console_out = select.poll()
        self._console_out.register(sys.stdout, select.POLLOUT)
        self._stdout = sys.stdout.buffer
        self._byte = bytearray(1)
        self._watchdog: "machine.WDT" = None

    # --- pins ------------------------------------------------------------------------------------

    def pin_in(self, role: str) -> "machine.Pin":
        """Return the role's pin as an input; external resistors pull it."""
        # None: no pull. Left out, an ESP32 keeps the one that was there (its machine_pin.c).
        return machine.Pin(getattr(pins, role), machine.Pin.IN, None)

    def pin_out(self, role: str) -> "machine.Pin":
        """Return the role's pin as an output, low."""
        return machine.Pin(getattr(pins, role), machine.Pin.OUT, None, value=0)

    def pin_pulled_up(self, role: str) -> "machine.Pin":
        """Return the role's pin as an input with the chip's own weak pull-up."""
        return machine.Pin(getattr(pins, role), machine.Pin.IN, machine.Pin.PULL_UP)

    # --- links and buses -------------------------------------------------------------------------

    def uart(self, link: str) -> "machine.UART":
        """Return the UART of "HUB" or "UPLINK", never blocking."""
        number, tx, rx, baud = getattr(pins, link + "_UART")
        return machine.UART(
            number,
            baud,
            tx=machine.Pin(tx),
            rx=machine.Pin(rx),
            txbuf=_TX_BUFFER_BYTES,
            rxbuf=_RX_BUFFER_BYTES,
            timeout=0,
        )

    def camera_spi(self) -> "machine.SPI":
        """Return the camera's SPI bus, mode 0."""
        bus, sck, mosi, miso = pins.CAM_SPI
        return machine.SPI(
            bus,
            _CAMERA_SPI_HZ,
            sck=machine.Pin(sck),
            mosi=machine.Pin(mosi),
            miso=machine.Pin(miso),
        )

    def camera_i2c(self) -> "machine.I2C":
        """Return the camera's I2C (SCCB) bus."""
        bus, sda, scl = pins.CAM_I2C
        return machine.I2C(bus, sda=machine.Pin(sda), scl=machine.Pin(scl), freq=_CAMERA_I2C_HZ)

    def camera_module(self) -> object:
        """Return micropython-camera-API's one Camera: VGA JPEG, one buffer, and initialised.

        Its constructor initialises the sensor and waits for a first picture, so its rail must be
        up; at the latest after 4 s it raises OSError. `data_pins` must be a list (its source).
        """
        from camera import (  # type: ignore[import-not-found]
            Camera,
            FrameSize,
            GrabMode,
            PixelFormat,
        )

        pclk, vsync, href, xclk = getattr(pins, "CAM_SYNC")
        sda, scl = getattr(pins, "CAM_SCCB")
        return Camera(
            data_pins=list(getattr(pins, "CAM_DATA")),
            pclk_pin=pclk,
            vsync_pin=vsync,
            href_pin=href,
            xclk_pin=xclk,
            sda_pin=sda,
            scl_pin=scl,
            xclk_freq=_CAMERA_XCLK_HZ,
            pixel_format=PixelFormat.JPEG,
            frame_size=FrameSize.VGA,
            jpeg_quality=_CAMERA_QUALITY,
            fb_count=1,
            grab_mode=GrabMode.WHEN_EMPTY,
        )

    # --- console ---------------------------------------------------------------------------------

    def console_read(self, buf: bytearray) -> int:
        """Read what has arrived on the console, at most len(buf) bytes; return how many."""
        count = 0
        while count < len(buf):
            ready = False
            for _ in self._console.ipoll(0):
                ready = True
            # One byte a read: stdin.readinto of more would wait for all of them.
            if not ready or not self._stdin.readinto(self._byte):
                break
            buf[count] = self._byte[0]
            count += 1
        return count

    def console_write(self, data: bytes) -> int:
        """Write at most 64 bytes to the console, as many as its reader takes now; return how many.

        One byte a write: a longer one waits for a reader, on a Pico for half a second.
        """
        count = 0
        while count < len(data) and count < _CONSOLE_BURST_BYTES and self._console_takes():
            self._byte[0] = data[count]
            self._stdout.write(self._byte)
            count += 1
        return count

    def _console_takes(self) -> bool:
        for _ in self._console_out.ipoll(0):
            return True
        return False

    def interrupts(self, on: bool) -> None:
        """Let Ctrl-C on the console interrupt the program, or not."""
        micropython.kbd_intr(3 if on else -1)

    # --- time, chance, life ----------------------------------------------------------------------

    def ticks_ms(self) -> int:
        """Return milliseconds that wrap at 2^30."""
        return time.ticks_ms()

    def idle(self) -> None:
        """Rest until something may have happened; about a millisecond at most."""
        machine.idle()

    def random(self, count: int) -> bytes:
        """Return random bytes of the chip's generator."""
        return os.urandom(count)

    def start_watchdog(self, timeout_ms: int) -> None:
        """Reset the chip unless `feed` is called within every `timeout_ms`."""
        self._watchdog = machine.WDT(timeout=timeout_ms)

    def feed(self) -> None:
        """Tell the watchdog that the loop lives."""
        if self._watchdog is not None:
            self._watchdog.feed()

    def reset(self) -> None:
        """Reset the chip; does not return."""
        machine.reset()

    def reset_cause(self) -> int:
        """Return why the chip started, as machine.reset_cause()."""
        return machine.reset_cause()

    def powered_on(self) -> bool:
        """Say whether this start is a power-on, and not a watchdog's or a software's reset."""
        return machine.reset_cause() == machine.PWRON_RESET

    def unique_id(self) -> bytes:
        """Return the chip's own number, 8 bytes."""
        return machine.unique_id()

    def collect(self) -> None:
        """Collect garbage; from now on only when the heap is used up. Only where nothing waits."""
        gc.threshold(-1)
        gc.collect()


def _lacks() -> tuple:
    """Return the commands that this model of detector does not have."""
    return tuple([command for command, feature in _FEATURES if not getattr(pins, feature)])


def _flash() -> object:
    """Return the block device of the board's storage region (machine docs, block devices)."""
    if pins.FLASH == "rp2":
        import rp2

        return rp2.Flash()
    if pins.FLASH == "esp32":
        from esp32 import Partition  # type: ignore[import-not-found]

        return Partition.find(Partition.TYPE_DATA, label="vfs")[0]
    raise ValueError  # pins.py names a flash that this firmware does not know
