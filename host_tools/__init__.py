"""Host side of Sluss: the library under the `sluss` command, the virtual board and the bench."""

from pathlib import Path

# The tools are used from a clone: firmware, boards and tests lie beside this package.
ROOT = Path(__file__).resolve().parent.parent
