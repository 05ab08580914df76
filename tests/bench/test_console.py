"""The console without the jumper: it tells, and changes nothing."""

from __future__ import annotations

import pytest

from detector import codes
from host_tools import attestation
from host_tools.bench.target import Target
from host_tools.client import ConsoleClient, HubClient
from tests.bench import heap, scenario

_LONG_LINE = 600  # more than twice what a line may be


@pytest.mark.promise("P3")
@pytest.mark.parametrize("line", ["repl", "provision 00 dev 7b7d", "provision"])
def test_a_verb_of_the_service_program_is_refused_without_the_jumper(
    line: str, console: ConsoleClient
) -> None:
    """Neither the prompt nor a new identity is to be had from a running detector."""
    assert scenario.ask(console, line) == codes.ERR_NOT_ALLOWED


def test_help_lists_the_verbs_and_each_of_them_answers(console: ConsoleClient) -> None:
    """Every verb that help names is known."""
    verbs = console.command("help").text.split()
    assert verbs == ["help", "status", "version", "journal", "attest"]
    for verb in verbs:
        assert scenario.ask(console, verb) != codes.ERR_UNKNOWN


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("open", codes.ERR_UNKNOWN),
        ("disarm", codes.ERR_UNKNOWN),
        ("\x00\x7f\x1b[A~", codes.ERR_UNKNOWN),
        ("journal x", codes.ERR_ARGUMENT),
        ("journal 1 2 3", codes.ERR_ARGUMENT),
        ("attest", codes.ERR_ARGUMENT),
        ("attest zz", codes.ERR_ARGUMENT),
        ("status " + "x" * _LONG_LINE, codes.ERR_ARGUMENT),
    ],
    ids=["unknown", "hub-verb", "control", "word", "too-many", "nothing", "no-hex", "too-long"],
)
def test_bad_input_on_the_console_is_answered_and_leaves_no_trace(
    line: str, code: int, console: ConsoleClient, hub: HubClient
) -> None:
    """An error by its number, then a good command works and the heap is where it was."""
    with heap.same(hub, console):
        for _ in range(heap.TIMES):
            assert scenario.ask(console, line) == code
        assert scenario.ask(console, "status") == codes.OK


def test_the_detector_attests_what_was_flashed_over_a_nonce_of_this_moment(
    console: ConsoleClient, firmware: dict[str, str]
) -> None:
    """Its answer is that of exactly these files, for any nonce; with another file it is not."""
    first, second = (attestation.ask(console) for _ in range(2))
    assert first.nonce != second.nonce
    assert first.is_of(firmware)
    assert second.is_of(firmware)
    assert not first.is_of({**firmware, "detector/one_more.mpy": "00" * 32})


def test_the_detector_does_not_attest_while_it_is_armed(
    target: Target, hub: HubClient, console: ConsoleClient
) -> None:
    """Reading all files would let a trip wait."""
    scenario.arm(hub, target)
    assert scenario.ask(console, "attest 00") == codes.ERR_NOT_ALLOWED
