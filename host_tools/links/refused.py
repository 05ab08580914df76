"""The refusal of a command, on any of a detector's ports."""

from __future__ import annotations

from typing import Any


class CommandRefused(Exception):  # noqa: N818  it is an answer, not a failure
    """The detector says no: `code` (codes.ERR_...), its `word` and `text`, the whole `reply`."""

    def __init__(
        self, command: str, code: int, word: str, text: str, reply: dict[str, Any] | None = None
    ) -> None:
        """Keep the parts and make one sentence of them."""
        super().__init__(f"{command}: {text} ({word}, {code})")
        self.command = command
        self.code = code
        self.word = word
        self.text = text
        self.reply = reply or {}
