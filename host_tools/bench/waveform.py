"""Draws the witness's log and the measurements as inline SVG, styled by the page around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from host_tools.bench.hearsay import UNKNOWN
from host_tools.bench.measurement import Measurement
from host_tools.bench.record import Waveform
from host_tools.bench.witness import COUNTERS, Event

# Signal -> what a stranger reads beside its lane. What is not here is drawn under its own name.
LABELS = {
    "TRIP_INTRUSION": "motion sensor",
    "TRIP_CONTACT": "door contact",
    "TRIP_FIRE": "smoke sensor",
    "TRIP_PANIC": "panic button",
    "TAMPER": "tamper switch",
    "SERVICE": "service jumper",
    "POWER": "supply",
    "RESET": "reset",
    "ARM_CONTACT": "armed: contact",
    "ARM_INTRUSION": "armed: motion",
    "LATCH_CLEAR": "latch clear",
    "LATCH": "latch",
    "UPLINK_EN": "firmware's key",
    "HEARTBEAT": "heartbeat",
    "ALIVE": "alive timer",
    "GATE": "GATE",
    "CAM_RAIL": "camera supply",
    "HUB_RX": "hub link, in",
    "UPLINK_RX": "uplink, in",
    "UPLINK_TX_WRITTEN": "uplink, written",
    "UPLINK_TX_PASSED": "uplink, through gate",
}
DEFAULT_SIGNALS = ("LATCH", "UPLINK_EN", "ALIVE", "GATE", "CAM_RAIL", "UPLINK_TX_PASSED")

_Scale = Callable[[int], float]  # microseconds to a place on the page

_WIDTH = 1000
_LEFT = 168  # room for the labels
_RIGHT = 16
_LANE = 34
_HIGH = 18  # height of a digital trace
_MARK_ROW = 15
_AXIS = 34
_MIN_STEP_PX = 0.4  # two edges closer than that are drawn as one
_CHAR_PX = 6.6  # width of a character in the labels of marks, for staggering


def draw(wave: Waveform) -> str:
    """Return the waveform as an `<svg>` element with a time axis in ms."""
    signals = lanes(wave)
    span = max(1, wave.until_us - wave.since_us)
    plot = _WIDTH - _LEFT - _RIGHT

    def x(t_us: int) -> float:
        return _LEFT + plot * (min(max(t_us, wave.since_us), wave.until_us) - wave.since_us) / span

    rows = _mark_rows([(x(t_us), word) for t_us, word in wave.marks])
    top = 8 + _MARK_ROW * (max(rows, default=-1) + 1)
    told = 1 if wave.states else 0  # a lane of its own, above the wires
    bottom = top + _LANE * (told + len(signals))
    height = bottom + _AXIS
    out = [
        f'<svg class="wave" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{escape(wave.title, quote=True)}">'
    ]
    out += _axis(span, x, wave.since_us, top, bottom)
    if told:
        out += _states(wave, top + _HIGH + 8, x)
    for index, signal in enumerate(signals, told):
        events = [event for event in wave.events if event.signal == signal]
        level = wave.levels.get(signal, 0)
        baseline = top + _LANE * index + _HIGH + 8
        kind = "gate" if signal == "GATE" else "counter" if signal in COUNTERS else "line"
        out.append(f'<g class="lane {kind}">')
        out.append(
            f'<text x="{_LEFT - 12}" y="{baseline - 4}" text-anchor="end">'
            f"{escape(LABELS.get(signal, signal))}</text>"
        )
        if signal in COUNTERS:
            out += _counter(events, level, baseline, x, wave)
        else:
            out += _digital(events, level, baseline, x, wave)
        out.append("</g>")
    for (t_us, word), row in zip(wave.marks, rows, strict=True):
        at = x(t_us)
        anchor = "end" if at > _WIDTH - _RIGHT - _CHAR_PX * len(word) else "start"
        out.append(
            f'<g class="mark"><line x1="{at:.1f}" x2="{at:.1f}" y1="{4 + _MARK_ROW * row}" '
            f'y2="{bottom}"/><text x="{at + (-4 if anchor == "end" else 4):.1f}" '
            f'y="{13 + _MARK_ROW * row}" text-anchor="{anchor}">{escape(word)}</text></g>'
        )
    out.append("</svg>")
    return "".join(out)


def lanes(wave: Waveform) -> list[str]:
    """Return the signals to draw, in the order of LABELS: causes above, effects below."""
    order = list(LABELS)
    return sorted(
        wave.levels,
        key=lambda signal: (order.index(signal) if signal in LABELS else len(order), signal),
    )


def histogram(measurement: Measurement) -> str:
    """Return a small histogram as an `<svg>` element, the upper limit as a line where it fits."""
    values = sorted(measurement.values)
    if len(values) < 5:
        return ""
    low, high = min(0.0, values[0]), values[-1]
    limit = measurement.high
    if limit is not None and limit <= 4 * high:
        high = max(high, limit)
    span = (high - low) or 1.0
    bins = 48
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int(bins * (value - low) / span))] += 1
    width, height = 240, 44
    step = width / bins
    tallest = max(counts)
    out = [
        f'<svg class="histogram" viewBox="0 0 {width} {height + 12}" role="img" '
        f'aria-label="distribution of {len(values)} values">'
    ]
    for index, count in enumerate(counts):
        if count:
            tall = max(1.5, height * count / tallest)
            out.append(
                f'<rect x="{index * step + 0.4:.1f}" y="{height - tall:.1f}" '
                f'width="{step - 0.8:.1f}" height="{tall:.1f}"/>'
            )
    out.append(f'<line class="base" x1="0" x2="{width}" y1="{height}" y2="{height}"/>')
    out.append(f'<text x="0" y="{height + 10}">{_short(low)}</text>')
    out.append(
        f'<text x="{width}" y="{height + 10}" text-anchor="end">'
        f"{_short(high)} {escape(measurement.unit)}</text>"
    )
    if limit is not None and limit <= high:
        at = width * (limit - low) / span
        out.append(f'<line class="limit" x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{height}"/>')
    out.append("</svg>")
    return "".join(out)


def _states(wave: Waveform, baseline: float, x: _Scale) -> list[str]:
    """Draw what the firmware said of its state: a box with its name, from when it was heard."""
    out = [
        '<g class="lane told">',
        f'<text x="{_LEFT - 12}" y="{baseline - 4}" text-anchor="end">state, as told</text>',
    ]
    ends = [t_us for t_us, _state in wave.states[1:]] + [wave.until_us]
    for (t_us, state), end_us in zip(wave.states, ends, strict=True):
        start, width = x(t_us), x(end_us) - x(t_us)
        if state == UNKNOWN or width <= 0:
            continue
        css = state.lower().replace("_", "-")
        out.append(
            f'<rect class="{css}" x="{start:.1f}" y="{baseline - _HIGH:g}" width="{width:.1f}" '
            f'height="{_HIGH}" rx="3"/>'
        )
        word = state.replace("_", " ")
        if width > _CHAR_PX * (len(word) + 2):
            out.append(
                f'<text class="word" x="{start + width / 2:.1f}" y="{baseline - 5}" '
                f'text-anchor="middle">{escape(word)}</text>'
            )
    out.append("</g>")
    return out


def _digital(
    events: Sequence[Event], level: int, baseline: float, x: _Scale, wave: Waveform
) -> list[str]:
    """Draw edges as a path, and fill what is high."""
    points = _thinned(events, level, x, wave.since_us)
    end = x(wave.until_us)
    path = ""
    fill = ""
    for index, (at, value) in enumerate(points):
        y = baseline - _HIGH if value else baseline
        path += f"{'M' if index == 0 else 'H'}{at:.1f}" + (f" {y:g}" if index == 0 else f"V{y:g}")
        after = points[index + 1][0] if index + 1 < len(points) else end
        if value and after > at:
            fill += f"M{at:.1f} {baseline:g}V{y:g}H{after:.1f}V{baseline:g}Z"
    path += f"H{max(end, points[-1][0]):.1f}"
    return [
        f'<path class="fill" d="{fill}"/>' if fill else "",
        f'<path class="trace" d="{path}"/>',
    ]


def _thinned(
    events: Sequence[Event], level: int, x: _Scale, since_us: int
) -> list[tuple[float, int]]:
    """Turn edges into points; edges too close to be told apart become one blink."""
    points = [(x(since_us), level)]
    blink = -1  # the step of the page that has its blink already
    for event in events:
        if (event.value != 0) == (points[-1][1] != 0):
            continue
        at = x(event.t_us)
        step = int(at / _MIN_STEP_PX)
        if step == blink:
            points.pop()  # up and down again within the same step: only its first edge is seen
            blink = -1 if len(points) < 2 else step
            continue
        if int(points[-1][0] / _MIN_STEP_PX) == step and len(points) > 1:
            blink = step
        points.append((at, event.value))
    return points


def _counter(
    events: Sequence[Event], level: int, baseline: float, x: _Scale, wave: Waveform
) -> list[str]:
    """Draw a cumulative count as a filled slope, with what was added beside it."""
    total = (events[-1].value if events else level) - level
    end = x(wave.until_us)
    if total <= 0:
        return [
            f'<path class="trace" d="M{_LEFT} {baseline:g}H{end:.1f}"/>',
            f'<text class="count" x="{end:.1f}" y="{baseline - 4}" text-anchor="end">'
            "0 bytes</text>",
        ]
    path = f"M{_LEFT} {baseline:g}"
    drawn = float(_LEFT)
    for event in events:
        at = x(event.t_us)
        if at - drawn < _MIN_STEP_PX and event is not events[-1]:
            continue
        y = baseline - _HIGH * (event.value - level) / total
        path += f"L{at:.1f} {y:.1f}"
        drawn = at
    path += f"H{end:.1f}"
    return [
        f'<path class="fill" d="{path}V{baseline:g}Z"/>',
        f'<path class="trace" d="{path}"/>',
        f'<text class="count" x="{end - 4:.1f}" y="{baseline - 5}" text-anchor="end">'
        f"{total:,} bytes</text>".replace(",", "\u202f"),
    ]


def _axis(span: int, x: _Scale, since_us: int, top: int, bottom: int) -> list[str]:
    """Draw the time axis and its grid: at most ten ticks at 1, 2 or 5 times a power of ten."""
    step = 1
    while span / step > 10:
        for factor in (2, 5, 10):
            if span / (step * factor) <= 10:
                break
        step *= factor
    out = [
        f'<g class="axis"><line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{bottom}" y2="{bottom}"/>'
    ]
    for tick in range(0, span + 1, step):
        at = x(since_us + tick)
        out.append(
            f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{bottom + 4}"/>'
            f'<text x="{at:.1f}" y="{bottom + 18}" text-anchor="middle">{tick / 1000:g}</text>'
        )
    out.append(
        f'<text class="unit" x="{_LEFT - 12}" y="{bottom + 18}" text-anchor="end">ms</text></g>'
    )
    return out


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def _mark_rows(places: Sequence[tuple[float, str]]) -> list[int]:
    """Stagger the marks' words so that none lies over another; return a row for each."""
    ends: list[float] = []
    rows = []
    for at, word in places:
        for row in range(len(ends) + 1):
            if row == len(ends):
                ends.append(0.0)
            if at >= ends[row]:
                ends[row] = at + _CHAR_PX * (len(word) + 2)
                rows.append(row)
                break
    return rows
