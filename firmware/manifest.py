"""What ships on every board, in MicroPython's manifest format.

Flashing reads it; an interpreter image can freeze it as it stands (`make FROZEN_MANIFEST=...`).
boot.py, main.py, what starts an app (slot.py, loader.py, flash_guard.py) and the board's pins.py
are added by flashing: they are in the file system only.
"""

# ruff: noqa: F821 - `package` is the manifest's own word
package("detector")
