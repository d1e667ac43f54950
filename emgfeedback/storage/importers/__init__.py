"""Files of other programs, read into a `Recording`: one module per format, asked in this order."""

from __future__ import annotations

import typing
import zlib
from pathlib import Path

from emgfeedback.errors import InputError
from emgfeedback.storage.importers import brainflow_rows, delimited, openbci_text, text
from emgfeedback.storage.importers.options import ImportOptions
from emgfeedback.values import Recording

__all__ = ["FORMATS", "ImportOptions", "read_file"]


class Format(typing.Protocol):
    """What the module of a format offers."""

    def detects(self, path: Path) -> bool:
        """Tell from the first bytes whether the file is of this format."""

    def read(self, path: Path, options: ImportOptions) -> Recording:
        """Read the whole file."""


FORMATS: dict[str, Format] = {
    "openbci-text": openbci_text,
    "brainflow": brainflow_rows,
    "delimited": delimited,
}


def read_file(path: Path, options: ImportOptions | None = None) -> Recording:
    """Read a file of another program.

    Parameters
    ----------
    path : Path
        OpenBCI GUI text, raw BrainFlow file, or delimited text; plain or gzip.
    options : ImportOptions
        What the file does not say. It wins over the file, with a warning.

    Returns
    -------
    Recording
        All signals of the file; lost samples are gaps. Assumptions are in ``warnings``; ``meta`` holds
        format, source_file, fs_from, unit, device, lsb_note, and started_at where the file has a date.

    Raises
    ------
    InputError
        The file is missing, damaged, not text, or leaves open what only the user can say.
    """
    try:
        if not text.head_lines(path):
            raise InputError(f"{path.name}: empty or not text; give an OpenBCI, BrainFlow or CSV file")
        reader = next(reader for reader in FORMATS.values() if reader.detects(path))
        return reader.read(path, options or ImportOptions())
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path.name}: cannot be read ({reason}); check name and copy") from error
