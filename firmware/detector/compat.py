"""What differs between MicroPython and CPython, in one place.

Nothing below this module knows which interpreter runs it. `const` folds at compile time on
MicroPython whatever module it is imported from; on CPython it is the identity.
"""

try:
    from micropython import const
except ImportError:  # CPython

    def const(value: int) -> int:
        """Return `value`; MicroPython's compiler folds it."""
        return value


__all__ = ("const",)
