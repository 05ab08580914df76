"""A made-up bench record with a bit of everything, for the tests of record and report."""

from __future__ import annotations

import random
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw

from host_tools.attestation import NONCE_BYTES, Attestation, expected
from host_tools.bench import record as records
from host_tools.bench import silence
from host_tools.bench.measurement import Measurement
from host_tools.bench.outcome import PASSED, SKIPPED, TestRecord
from host_tools.bench.record import Picture, Record, Waveform
from host_tools.bench.witness import Event
from host_tools.git_state import GitState


def sample_record(folder: Path) -> Record:
    """Return a record of a passing run; its pictures are written to `folder`/pictures."""
    chance = random.Random(7)
    shots = []
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    for number, (colour, word) in enumerate((("#264653", "hallway"), ("#9b2226", "fire"))):
        jpeg = _jpeg(colour, word)
        name = f"{number}-{word}.jpg"
        (folder / "pictures" / name).write_bytes(jpeg)
        digest = records.sha256_hex(jpeg)
        shots.append(
            Picture(name, f"panic alarm, {word}", digest, digest, "5f" * 16, len(jpeg), "t::panic")
        )
    firmware = {
        f"detector/{name}.mpy": records.sha256_hex(name.encode())
        for name in ("app", "controller", "gate", "states")
    }
    nonce = "0f" * NONCE_BYTES
    return Record(
        target="virtual",
        device={"id": "SLUSS-BENCH-1", "version": "0.1.0", "board": "VIRTUAL", "protocol": 1},
        firmware=firmware,
        attestation=Attestation(nonce, expected(firmware, nonce), "2026-01-02T03:04:09Z"),
        tools={"python": "3.11.2", "micropython": "1.25.0", "pytest": "9.2.0"},
        git=GitState("0123456789abcdef0123456789abcdef01234567", False, "ab" * 32),
        started="2026-01-02T03:04:05Z",
        ended="2026-01-02T03:04:53Z",
        seconds=48.2,
        tests=[
            _test("panic", "A panic trip opens the gate and its pictures arrive.", "P1"),
            _test("idle", "Nothing opens the gate in IDLE.", "P1", "P6"),
            _test("hostile", "Hostile firmware without a trip opens nothing.", "P2"),
            _test("reset", "A reset in the middle of an upload shuts the gate.", "P3"),
            _test("disarm", "A disarm shuts the gate within 50 ms.", "P4"),
            _test("picture", "No key of the alarm centre opens a customer's picture.", "P5"),
            _test("delete", "A deleted picture's key is nowhere in the flash.", "P7"),
            _test("journal", "The journal's chain holds after everything above.", "P9"),
            _test("garbage", "Garbage on the hub link changes nothing."),
            TestRecord("t::noise", "A noisy line costs repeats.", [], SKIPPED, 0.0, "no links"),
        ],
        measurements=[
            Measurement(
                "trip line to gate open",
                "ms",
                [7.0 + chance.expovariate(0.9) for _ in range(200)],
                high=20.0,
                judged="p99",
                test="t::panic",
            ),
            Measurement(
                "last byte of disarm to gate shut",
                "ms",
                [1.0 + chance.expovariate(0.8) for _ in range(200)],
                high=20.0,
                judged="p99",
                test="t::disarm",
            ),
            Measurement(
                "hang to gate shut", "ms", [2003.1], low=1900.0, high=2100.0, test="t::hang"
            ),
            Measurement(silence.OPEN_BYTES, "bytes", [123456.0]),
            Measurement(silence.SHUT_BYTES, "bytes", [0.0] * 40, high=0.0),
        ],
        waveforms=[sample_waveform()],
        pictures=shots,
        transcripts=["transcripts/console.log", "transcripts/hub.log", "transcripts/uplink.log"],
        waves=["waves.vcd", "waves-spare-1.vcd", "waves-spare-2.vcd"],
    )


def sample_waveform() -> Waveform:
    """Return a panic alarm: trip, latch, key, gate, camera, bytes, disarm."""
    edges = [
        (100_000, "TRIP_PANIC", 1),
        (100_000, "LATCH", 1),
        (107_300, "UPLINK_EN", 1),
        (107_400, "ALIVE", 1),
        (107_400, "GATE", 1),
        (118_000, "CAM_RAIL", 1),
        (160_000, "TRIP_PANIC", 0),
        (320_000, "CAM_RAIL", 0),
        (700_000, "UPLINK_EN", 0),
        (700_000, "GATE", 0),
        (700_100, "LATCH", 0),
        (2_600_000, "ALIVE", 0),
    ]
    edges += [(180_000 + 1_000 * step, "UPLINK_TX_PASSED", 92 * step) for step in range(1, 500)]
    return Waveform(
        title="Panic alarm: picture, upload, disarm",
        test="t::panic",
        since_us=50_000,
        until_us=900_000,
        levels=dict.fromkeys(
            ("TRIP_PANIC", "LATCH", "UPLINK_EN", "ALIVE", "GATE", "CAM_RAIL", "UPLINK_TX_PASSED"),
            0,
        ),
        events=[Event(*edge) for edge in sorted(edges)],
        marks=[(100_000, "button pressed"), (107_400, "gate open"), (699_000, "disarm")],
        states=[(50_000, "IDLE"), (119_000, "ALARM"), (708_000, "IDLE")],
    )


def _test(name: str, sentence: str, *promises: str) -> TestRecord:
    return TestRecord(f"t::{name}", sentence, list(promises), PASSED, 0.42)


def _jpeg(colour: str, word: str) -> bytes:
    image = Image.new("RGB", (320, 240), colour)
    ImageDraw.Draw(image).text((110, 110), word.upper(), fill="white")
    out = BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()
