"""The console's output: `print` ends lines with CR LF, as a board's does.

On a board all text output is "cooked" (shared/runtime/stdout_helpers.c), sys.stdout.buffer is not.
The unix port cooks nothing; here print, the REPL's echo and tracebacks are. sys.stdout.write is
not: whoever needs a line end there writes it.
"""

import builtins
import io
import sys

_out = sys.stdout.buffer
_print = builtins.print


def write(data: bytes) -> None:
    """Write bytes as they are."""
    _out.write(data)


class Cooked(io.IOBase):
    """A stream that turns LF into CR LF."""

    def write(self, data: object) -> int:
        """Write `data`; return its length."""
        text = bytes(data)
        _out.write(text.replace(b"\n", b"\r\n") if b"\n" in text else text)
        return len(text)


_cooked = Cooked()


def _cooked_print(*values, **options) -> None:
    if "file" not in options:
        options["file"] = _cooked
    _print(*values, **options)


def _echo(value: object) -> None:
    if value is not None:
        builtins._ = None
        _cooked_print(repr(value))
        builtins._ = value


def install() -> None:
    """Cook what print and the REPL's echo write from now on."""
    builtins.print = _cooked_print
    builtins.__repl_print__ = _echo


def show(error: BaseException) -> None:
    """Print a traceback, without the ROM's own frames: on a board they are no Python."""
    text = io.StringIO()
    sys.print_exception(error, text)
    for line in text.getvalue().split("\n"):
        if line and not line.startswith('  File "<rom>'):
            _out.write(line.encode())
            _out.write(b"\r\n")
