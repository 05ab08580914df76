"""From power-on to the REPL, in the order of a stock Pico (ports/rp2/main.c and _boot.py)."""

import gc
import os
import sys

import board_link
import flash_cells
import vfs
import wire

import __main__

_PUBLIC = ("machine", "rp2", "time")  # the ROM's other modules are not importable


def run() -> None:
    """Start the board's interpreter; never returns."""
    board_link.connect(os.getenv("SLUSS_BOARD_SOCKET"))
    flash_cells.connect()
    import time

    import machine
    import micropython_rom
    import repl
    import rom_output
    import rp2

    names = __main__.__dict__
    names.clear()
    names["__name__"] = "__main__"
    names["machine"] = machine  # _boot.py leaves these two behind
    names["rp2"] = rp2
    for name in list(sys.modules):
        if name not in _PUBLIC:
            del sys.modules[name]
    sys.modules["micropython"] = micropython_rom
    sys.modules["umachine"] = machine
    sys.modules["utime"] = time
    sys.argv.clear()
    rom_output.install()
    mode = board_link.call(wire.OP_BOOT_MODE, 0, 0, 0)
    _mount(rp2)
    gc.collect()
    repl.Repl(names, mode).run()


def _mount(rp2: object) -> None:
    """Make the flash's littlefs the only file system, formatting it when there is none."""
    flash = rp2.Flash()
    try:
        files = vfs.VfsLfs2(flash, progsize=256)
    except OSError:
        vfs.VfsLfs2.mkfs(flash, progsize=256)
        files = vfs.VfsLfs2(flash, progsize=256)
    if "/rom" in sys.path:
        vfs.umount("/rom")
    vfs.umount("/")
    vfs.mount(files, "/")
    sys.path[:] = ["", ".frozen", "/lib"]
    os.chdir("/")
