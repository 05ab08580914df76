"""Fixtures that keep what a test has seen: figures, stretches of the log, pictures.

What they do is said where all fixtures are, in `fixtures.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from host_tools.bench import record as records
from host_tools.bench.measurement import Measurement
from host_tools.bench.record import Picture, Waveform
from host_tools.bench.run import RUN
from host_tools.bench.session import Bench
from host_tools.bench.target import Served
from host_tools.bench.waveform import DEFAULT_SIGNALS
from host_tools.bench.witness import Event, Witness
from host_tools.deadline import Deadline

_STRETCH_S = 5.0


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Record a measurement and hold it against its limits."""
    record = request.config.stash[RUN].record

    def take(
        name: str,
        values: float | Sequence[float],
        unit: str,
        *,
        low: float | None = None,
        high: float | None = None,
        judged: str = "max",
    ) -> None:
        series = [float(value) for value in values] if isinstance(values, Sequence) else [values]
        if not series:
            raise AssertionError(f"{name}: nothing was measured")
        measurement = Measurement(name, unit, series, low, high, judged, request.node.nodeid)
        record.add_measurement(measurement)
        # A sabotaged run shares the machine with another one; its subject are verdicts, not times.
        if not measurement.within and not record.sabotage:
            raise AssertionError(measurement.sentence())

    return take


@pytest.fixture
def scope(request: pytest.FixtureRequest, bench: Bench, witness: Witness) -> Callable[..., None]:
    """Keep a stretch of the witness's log for the report to draw."""
    record = request.config.stash[RUN].record

    def keep(
        title: str,
        since_us: int,
        until_us: int | None = None,
        signals: Sequence[str] | None = None,
        marks: Sequence[tuple[int, str]] = (),
        witness: Witness = witness,
    ) -> None:
        end = _after(witness, since_us) if until_us is None else until_us
        events = witness.events(None, since_us, end)
        shown = list(signals) if signals else _worth_drawing(events)
        levels = {}
        for signal in shown:
            before = witness.last(signal, since_us)
            levels[signal] = 0 if before is None else before.value
        record.waveforms.append(
            Waveform(
                title,
                request.node.nodeid,
                since_us,
                end,
                levels,
                [event for event in events if event.signal in levels],
                list(marks),
                bench.hearsay.within(witness, since_us, end) if witness is bench.witness else [],
            )
        )

    return keep


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[bytes, Served, str], None]:
    """Compare a picture with the camera's copy and keep it for the report."""
    run = request.config.stash[RUN]

    def keep(jpeg: bytes, served: Served, caption: str) -> None:
        folder = run.plan.folder / "pictures"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{len(run.record.pictures) + 1:02d}.jpg"
        (folder / name).write_bytes(jpeg)
        kept = Picture(
            name,
            caption,
            records.sha256_hex(jpeg),
            served.sha256,
            served.canary.hex(),
            len(jpeg),
            request.node.nodeid,
        )
        run.record.pictures.append(kept)
        assert kept.identical, f"{caption}: {len(jpeg)} bytes that the camera did not deliver"

    return keep


def _after(witness: Witness, since_us: int) -> int:
    """Let a thirtieth of the stretch pass, so that its last edge is seen to stay; return now."""
    now = witness.now_us()
    end = now + (now - since_us) // 30
    Deadline(_STRETCH_S).wait_for(lambda: witness.now_us() >= end, "time did not pass")
    return end


def _worth_drawing(events: Sequence[Event]) -> list[str]:
    """The default lanes and whatever sensor line or jumper moved."""
    moved = {event.signal for event in events}
    causes = ("TRIP_", "TAMPER", "SERVICE", "POWER", "ARM_")
    extra = sorted(signal for signal in moved if signal.startswith(causes))
    return [*extra, *DEFAULT_SIGNALS]
