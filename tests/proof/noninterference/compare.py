"""Two runs of one trace with two sets of pictures, and the first thing in which they differ."""

from detector.codes import IMAGE_CUSTOMER
from detector.transfer import kind_name
from tests.proof.noninterference import chip
from tests.proof.noninterference.past import KEYS
from tests.proof.noninterference.wires import Reader
from tests.proof.noninterference.world import World

_SHOWN_BYTES = 48


class Verdict:
    """What was found: `leak` is "" or a sentence; the rest counts, over both runs."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.leak = ""
        self.bytes = 0
        self.excepted_bytes = 0
        self.images = 0  # stored
        self.openings = 0
        self.reached = set()  # journal records' words, and names of what was excepted


class Run:
    """What one run put on the wires: whole, by pieces, and read by whose wire it is."""

    def __init__(self, world: World) -> None:
        """Take a world whose trace has ended."""
        self.while_shut = world.hal.while_shut
        self.schedule = [
            (us, wire, len(data)) for us, wire, data in world.hal.written if data is not None
        ]
        self.images = world.stored
        self.segments = {wire: _segments(world.hal.written, wire) for wire in chip.WIRES}
        customer = _reader("customer", world)
        centre = _reader("arc", world)
        self.read = {
            chip.HUB: [customer.read(segment) for segment in self.segments[chip.HUB]],
            chip.UPLINK: [centre.read(segment) for segment in self.segments[chip.UPLINK]],
            chip.CONSOLE: self.segments[chip.CONSOLE],
        }
        self.excepted_bytes = customer.excepted_bytes + centre.excepted_bytes
        self.reached = customer.names | centre.names | world.journaled()
        self.centre_saw_customer = kind_name(IMAGE_CUSTOMER) in centre.kinds


def judge(trace: dict, firmware: object = None) -> Verdict:
    """Run a trace twice and compare all wires; `firmware(app)` may make a faulty one."""
    first, second = [Run(World(trace, is_second, firmware).run()) for is_second in (False, True)]
    verdict = Verdict()
    verdict.leak = _leak(first, second, trace["alarms_differ"])
    for run in (first, second):
        verdict.bytes += sum([count for _us, _wire, count in run.schedule])
        verdict.excepted_bytes += run.excepted_bytes
        verdict.images += run.images
        verdict.openings += len(run.segments[chip.UPLINK])
        verdict.reached |= run.reached
    return verdict


def _leak(first: Run, second: Run, alarms_differ: bool) -> str:
    """Return the first leak as a sentence, "" where there is none."""
    for run in (first, second):
        if run.while_shut:
            us, _wire, data = run.while_shut[0]
            return "%d bytes on the uplink at %d us, its gate shut" % (len(data), us)
        if run.centre_saw_customer:
            return "a customer's picture on the uplink"
    for wire in chip.WIRES:
        if first.read[wire] != second.read[wire]:
            return "%s: %s" % (wire, _difference(first.read[wire], second.read[wire]))
    # With the same alarm pictures nothing at all is excepted on the uplink, open or shut.
    if not alarms_differ and first.segments[chip.UPLINK] != second.segments[chip.UPLINK]:
        return "UPLINK: the same alarm pictures, other bytes"
    for one, other in zip(first.schedule, second.schedule):
        if one != other:
            return "%s: %d bytes at %d us, and %s %d bytes at %d us" % (
                one[1], one[2], one[0], other[1], other[2], other[0]
            )  # fmt: skip
    return "" if len(first.schedule) == len(second.schedule) else "one run writes more often"


def _difference(ones: list, others: list) -> str:
    """Name the first piece of two lists of pieces (or of lists of such) that differs."""
    for one, other in zip(ones, others):
        if one == other:
            continue
        if isinstance(one, list):
            return _difference(one, other)
        if not isinstance(one, bytes) or not isinstance(other, bytes):
            return "%s and %s" % (_shown(one), _shown(other))
        at = 0
        while at < min(len(one), len(other)) and one[at] == other[at]:
            at += 1
        at = max(at - _SHOWN_BYTES // 3, 0)
        return "%s and %s" % (_shown(one[at:]), _shown(other[at:]))
    return "%d pieces and %d" % (len(ones), len(others))


def _shown(piece: object) -> str:
    return repr(piece[:_SHOWN_BYTES] if isinstance(piece, bytes) else piece)


def _segments(written: list, wire: str) -> list:
    """Return the bytes of a wire, from each beginning to the next; of the uplink: each opening."""
    segments = [[]]
    for _us, name, data in written:
        if name == wire:
            if data is None:
                segments.append([])
            else:
                segments[-1].append(data)
    return [b"".join(segment) for segment in segments if segment]


def _reader(name: str, world: World) -> Reader:
    return Reader(KEYS[name + "-event"], KEYS[name + "-image"], world.pictures)
