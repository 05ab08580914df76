"""The service program: what runs instead of the detector while the service jumper is in.

The gate is shut by the jumper itself. Ctrl-C or `repl` leads to the interpreter's prompt, through
which `sluss flash` and mpremote work; files are written around the raw flash blocks.
"""

import vfs

from detector import attest
from detector.console import Console
from detector.flash_guard import GuardedFlash
from detector.raw_flash import raw_blocks

_PAGE_BYTES = 256  # as the stock _boot.py of the rp2 port mounts it


def run(hal: "Hal", jumper: bool) -> None:
    """Serve the console until `repl`; without the jumper (no identity yet) it only reads.

    Raises KeyboardInterrupt at a Ctrl-C while the jumper is in.
    """
    if jumper:
        vfs.umount("/")
        guarded = GuardedFlash(hal.flash)
        vfs.mount(vfs.VfsLfs2(guarded, progsize=_PAGE_BYTES), "/")  # type: ignore[arg-type]
        hal.interrupts(True)
    console = Console(hal, None, None, jumper)
    console.raw = raw_blocks(hal.flash)
    console.attest = attest.Attestation
    while not (console.leaving and console.idle()):
        console.poll(hal.ticks_ms())
        hal.idle()
