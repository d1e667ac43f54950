"""What a person states about a file that does not say it itself."""

from __future__ import annotations

import math
from dataclasses import dataclass

from emgfeedback.errors import UsageError
from emgfeedback.storage.importers.boards import BOARDS, Board

FS_MIN_HZ, FS_MAX_HZ = 1.0, 100_000.0
UV_PER_UNIT = {"uV": 1.0, "mV": 1e3, "V": 1e6}
DELIMITER_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "space": " "}


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Options of one import; what is given here wins over the file, with a warning where they disagree.

    ``delimiter`` is one character or a word of `DELIMITER_WORDS`; ``board`` is a BrainFlow board name.
    A value that no file could have raises UsageError.
    """

    fs_hz: float | None = None
    unit: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    board: str | None = None

    def __post_init__(self) -> None:
        if self.fs_hz is not None and not is_plausible_rate(self.fs_hz):
            raise UsageError(f"--fs {self.fs_hz:g}: a rate lies between {FS_MIN_HZ:g} and {FS_MAX_HZ:g} Hz")
        if self.unit not in (None, *UV_PER_UNIT):
            raise UsageError(f"--unit {self.unit}: write one of {', '.join(UV_PER_UNIT)}")
        if self.decimal not in (None, ".", ","):
            raise UsageError(f"--decimal {self.decimal}: write . or ,")
        if self.separator is not None and (len(self.separator) != 1 or self.separator in '"\r\n'):
            words = ", ".join(word for word in DELIMITER_WORDS if word.isalpha())
            raise UsageError(f"--delimiter {self.delimiter!r}: write one character or one of {words}")
        if self.separator is not None and self.separator == self.decimal:
            raise UsageError(f"--delimiter and --decimal are both {self.decimal!r}: they must differ")
        if self.board is not None and self.layout is None:
            raise UsageError(f"--board {self.board}: known layouts are {', '.join(BOARDS)}")

    @property
    def separator(self) -> str | None:
        """The delimiter as a character."""
        return DELIMITER_WORDS.get(self.delimiter or "", self.delimiter)

    @property
    def layout(self) -> Board | None:
        """The file layout of the named board, if it is known."""
        name = (self.board or "").strip().upper().replace("-", "_").removesuffix("_BOARD")
        return BOARDS.get(name)


def is_plausible_rate(fs_hz: float) -> bool:
    """Tell whether a sampling rate can be that of an EMG file, in Hz."""
    return math.isfinite(fs_hz) and FS_MIN_HZ <= fs_hz <= FS_MAX_HZ
