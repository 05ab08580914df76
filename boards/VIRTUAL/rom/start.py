# A chip runs its ROM where it is, without a byte of RAM: the image lies outside MicroPython's heap
# and its bytecode is executed in place. Without an image (in development) or without the means
# (no libffi, no VfsRom) the modules beside this file are imported instead, into the heap.
import sys

try:
    import ffi
    import uctypes
    import vfs

    with open(__file__.rsplit("/", 1)[0] + "/rom.romfs", "rb") as image:
        size = image.seek(0, 2)
        image.seek(0)
        memory = uctypes.bytearray_at(ffi.open(None).func("P", "malloc", "L")(size), size)
        image.readinto(memory)
    vfs.mount(vfs.VfsRom(memory), "/rom")
    sys.path.insert(0, "/rom")
except (ImportError, OSError, AttributeError):
    pass

import rom_main

rom_main.run()
