"""Installs the firmware on a board through its console, and gives the board its identity."""

from host_tools.flash.errors import (
    BoardFullError,
    FlashError,
    JumperError,
    KeysError,
    KeysLostError,
    LostError,
    NoPortError,
    NoReplError,
    PortBusyError,
    ProvisionError,
    RolledBackError,
    VerifyError,
    WrongBoardError,
)
from host_tools.flash.flasher import FlashResult, check_app, flash_board
from host_tools.flash.image import Sabotage, build_image
from host_tools.flash.keys import KeyFiles

__all__ = [
    "BoardFullError",
    "FlashError",
    "FlashResult",
    "JumperError",
    "KeyFiles",
    "KeysError",
    "KeysLostError",
    "LostError",
    "NoPortError",
    "NoReplError",
    "PortBusyError",
    "ProvisionError",
    "RolledBackError",
    "Sabotage",
    "VerifyError",
    "WrongBoardError",
    "build_image",
    "check_app",
    "flash_board",
]
