"""All fuzz targets by name: what takes an input, and raises where a property does not hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import fuzz_device

from tests.fuzz.host_board import check_board_control, check_board_handle, check_board_requests
from tests.fuzz.host_console import check_console_client, check_repl
from tests.fuzz.host_files import (
    check_journal,
    check_key_file,
    check_sealed_image,
    check_told_keys,
)
from tests.fuzz.host_links import check_peer

Check = Callable[[bytes], None]

CORPUS = Path(__file__).parent / "corpus"
TARGETS: Mapping[str, Check] = {
    **dict(fuzz_device.CHECKS),
    "peer": check_peer,
    "sealed_image": check_sealed_image,
    "journal": check_journal,
    "key_file": check_key_file,
    "told_keys": check_told_keys,
    "console_client": check_console_client,
    "repl": check_repl,
    "board_control": check_board_control,
    "board_requests": check_board_requests,
    "board_handle": check_board_handle,
}


def inputs(target: str) -> list[bytes]:
    """Return the inputs of a target's corpus."""
    found: list[bytes] = fuzz_device.inputs(target)
    return found
