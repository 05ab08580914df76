"""The promises as the bench judges them: which parts this version has, and what shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Verdicts of a promise
KEPT = "KEPT"
BROKEN = "BROKEN"
NOT_BUILT = "NOT BUILT"
NOT_TESTED = "NOT TESTED"
PARTLY_TESTED = "PARTLY TESTED"  # what ran passed, but not everything ran
NOT_PROVIDED = "NOT PROVIDED"  # this kind of board cannot have it, whatever its tests say


@dataclass(frozen=True)
class Part:
    """One promise, or the part of it that this version has or has not."""

    promise: str  # "P5"
    part: str  # "" for a whole promise, else what this part is about
    built: bool
    sentence: str  # the promise, for a stranger
    why: str  # what shows it; for a part that is not built, what is missing


PROMISES = (
    Part(
        "P1",
        "",
        True,
        "The alarm centre can receive images only while an alarm is on: fire, intrusion, contact,"
        " panic. Never otherwise.",
        "Every state with every trip and every command; bytes written and passed are counted"
        " outside the firmware.",
    ),
    Part(
        "P2",
        "",
        True,
        "Firmware alone, however wrong, cannot open the gate: a sensor line that counts at that"
        " moment must have tripped.",
        "Hostile firmware that holds every pin as it likes: shut without a trip, open with one.",
    ),
    Part(
        "P3",
        "",
        True,
        "Reset, crash, hang, power loss, a soft reset with pins held, a REPL: gate shut.",
        "Each is done to the board in the middle of an alarm.",
    ),
    Part(
        "P4",
        "",
        True,
        "An open gate shuts within 50 ms of a valid disarm, cancel or 'handled', and by itself"
        " 2.1 s after the firmware stops living, 20 min after the trip in any case.",
        "Measured from the last byte on the wire to the gate; the 20 min timer in a shortened"
        " form.",
    ),
    Part(
        "P5",
        "pictures",
        True,
        "The customer may take pictures without an alarm; the alarm centre can neither receive"
        " nor decrypt them.",
        "No byte goes to the uplink, and every key of the alarm centre fails on the picture.",
    ),
    Part(
        "P5",
        "live view",
        False,
        "The customer may watch live without an alarm; the alarm centre can neither receive nor"
        " decrypt it.",
        "The customer's live view is not built yet.",
    ),
    Part(
        "P6",
        "",
        False,
        "Live view for the alarm centre exists only inside an alarm.",
        "There is no live view for the alarm centre yet; the command is refused in every state.",
    ),
    Part(
        "P7",
        "deletion on the detector",
        True,
        "Deleted means that the picture's key is destroyed and the deletion is on record.",
        "The raw flash is searched for the key after a deletion, the journal for its record.",
    ),
    Part(
        "P7",
        "60 days on the detector",
        True,
        "Every image on the detector is deleted at 60 days at the latest, also when the clock was"
        " wrong or the power was off.",
        "The hub's clock is stepped ahead and back, the power cut, an alarm held open; the raw"
        " flash is searched for the key, the journal for the record.",
    ),
    Part(
        "P7",
        "60 days at the station",
        False,
        "Every copy of an image at the alarm centre is deleted at 60 days at the latest.",
        "The station, which keeps such copies, is not built yet.",
    ),
    Part(
        "P8",
        "",
        False,
        "Earlier alarm images are shown to an operator only with one of four stated purposes.",
        "The station, where operators look at images, is not built yet.",
    ),
    Part(
        "P9",
        "journal on the detector",
        True,
        "Every gate opening, capture, upload, export and deletion is logged on the detector,"
        " tamper-evident: not even the detector's own flash helps to rewrite it.",
        "The journal is verified outside the firmware and compared with what happened; the whole"
        " flash is searched for the key of each record that was written.",
    ),
    Part(
        "P9",
        "access log",
        False,
        "Every view by an operator is logged, and that log outlives the images.",
        "The access log belongs to the station, which is not built yet.",
    ),
    Part(
        "P10",
        "",
        False,
        "The customer sees all alarm events, their images and every view of them, and can take"
        " all of it out with other persons masked.",
        "The customer's portal is not built yet.",
    ),
)


NO_RADIO = ("P2",)
"""Promises that a board with a radio on its chip cannot give: no pin gates that radio."""

WHY_NOT_PROVIDED = (
    "This board's chip has a radio, which no pin can gate: its firmware alone could send. What was"
    " tested is the uplink behind the gate."
)


def promise_ids() -> Sequence[str]:
    """Return the promises' numbers in order, each once: what `@pytest.mark.promise` takes."""
    return list(dict.fromkeys(part.promise for part in PROMISES))
