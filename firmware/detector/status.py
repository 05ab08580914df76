"""What the detector says of itself, in a fixed order, for the hub link and the console."""

import gc

from detector import codes, states, ticks
from detector.version import VERSION


def pairs(controller: "Controller") -> tuple:
    """Return (name, value) pairs; values are bool, int, str or lists of str.

    `gate` and `latch` are read back from the circuit. `journal_head` is what `sluss journal verify
    --head` takes: it stands for all records up to the last. `lacks` are the commands that this
    model does not have. `heap` is the bytes in use after a collection (0 on CPython), for the
    bench's leak checks.
    """
    now_ms = controller.now_ms
    journal = controller.record.journal
    exit_ms = ticks.diff_ms(controller.exit_ms, now_ms) if controller.exit_running else 0
    entry_ms = ticks.diff_ms(controller.entry_ms, now_ms) if controller.entry_running else 0
    return (
        ("state", states.STATE_NAMES[controller.state]),
        ("armed", controller.armed),
        ("exit_delay", max(exit_ms, 0)),
        ("entry_delay", max(entry_ms, 0)),
        ("faults", codes.fault_names(controller.record.faults)),
        ("latch", controller.gate.latch_set()),
        ("gate", controller.gate.is_open()),
        ("service", controller.service),
        ("open", controller.open_zones()),
        ("images", len(controller.store.ids())),
        ("event", controller.event.id),
        ("time_known", controller.clock.known),
        ("lacks", list(controller.lacks)),
        ("journal", journal.seq),
        ("journal_head", "%d:%s" % (journal.seq, journal.head.hex())),
        ("heap", heap_bytes()),
        ("version", VERSION),
        ("protocol", codes.PROTOCOL),
    )


def slot_words(slot: "Slot | None") -> str:
    """Say which app runs, whether it is on trial, and whether another one failed; console only."""
    if slot is None:
        return ""
    words = (slot.name, shown(slot.trial), shown(slot.rolled_back))
    return " slot=%s trial=%s rolled-back=%s" % words


def shown(value: object) -> str:
    """Return a status value as one word."""
    if value is True or value is False:
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(value) if value else "-"
    return str(value)


def heap_bytes() -> int:
    """Collect, and return the bytes of heap in use; 0 where the interpreter cannot say."""
    gc.collect()
    if not hasattr(gc, "mem_alloc"):
        return 0
    return gc.mem_alloc()
