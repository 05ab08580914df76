"""What can go wrong while flashing; each text is a sentence that says what to do."""


class FlashError(Exception):
    """Flashing cannot go on."""


class NoPortError(FlashError):
    """There is no such port, or this user may not open it."""


class NoPermissionError(NoPortError):
    """This user may not open the port."""


class NoBoardError(FlashError):
    """No board is plugged in, or none of the kind that was named."""


class WhichBoardError(FlashError):
    """There is more than one that could be meant."""


class ImageError(FlashError):
    """The interpreter image is not the one for this board, or not the one it should be."""


class VolumeError(FlashError):
    """There is no boot volume that would take the image, or it did not take it."""


class ToolError(FlashError):
    """The program that writes the image is missing, or failed."""


class PortBusyError(FlashError):
    """Another program has the port."""


class NoReplError(FlashError):
    """Nothing, or no interpreter's prompt, answers on the port."""


class JumperError(FlashError):
    """The service jumper is not where it must be."""


class LostError(FlashError):
    """The board stopped answering on the way."""


class BuildError(FlashError):
    """The firmware does not compile, or does not fit the board."""


class WrongBoardError(FlashError):
    """It is a board, but not the one that was meant."""


class BoardFullError(FlashError):
    """What was sent has no room on the board."""


class RolledBackError(FlashError):
    """The new app did not settle, and the board has gone back to the one before."""


class VerifyError(FlashError):
    """A file on the board is not what was sent."""


class KeysError(FlashError):
    """A key file is in the way, or cannot be written."""


class ProvisionError(FlashError):
    """The board refused its identity."""


class KeysLostError(FlashError):
    """The board may have keys now that nobody knows."""
