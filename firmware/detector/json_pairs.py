"""JSON in a fixed order: written from (name, value) pairs, never from a dict.

A dict has no order on MicroPython. Values: None, bool, int, str, a list of values, or a tuple of
pairs, which becomes an object.
"""

import json


def dumps(pairs: tuple) -> bytes:
    """Return the object of `pairs` as JSON, UTF-8."""
    return _text(tuple(pairs)).encode()


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return "{" + ",".join([json.dumps(name) + ":" + _text(item) for name, item in value]) + "}"
    if isinstance(value, list):
        return "[" + ",".join([_text(item) for item in value]) + "]"
    return json.dumps(value)


def loads(data: memoryview) -> dict | None:
    """Return the JSON object in `data`, or None where it is anything else."""
    try:
        value = json.loads(str(data, "utf-8"))
    except (ValueError, TypeError, MemoryError, RuntimeError):
        return None
    return value if isinstance(value, dict) else None


def integer(values: dict, name: str, low: int, high: int) -> int | None:
    """Return the whole number called `name`, or None where it is none or not in low .. high."""
    value = values.get(name)
    if type(value) is not int or not low <= value <= high:  # bool is an int to isinstance
        return None
    return value
