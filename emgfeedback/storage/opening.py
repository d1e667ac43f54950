"""Any recording by its path: our own, finished or not, or a file of another program."""

from __future__ import annotations

from pathlib import Path

from emgfeedback.errors import InputError
from emgfeedback.storage.importers import ImportOptions, read_file
from emgfeedback.storage.recording import open_recording
from emgfeedback.values import Recording

OURS = (".bdf", ".jsonl")


def open_any(path: Path, options: ImportOptions | None = None) -> Recording:
    """Open a recording of ours (``.bdf``, its journal, or its folder) or read a file of others.

    Raises
    ------
    InputError
        Nothing there, or nothing that can be read.
    """
    if len(str(path)) > 4096 or "\0" in str(path):
        raise InputError(f"{str(path)[:40]!r}…: this is not a path; give the path of a recording")
    if path.is_dir() or path.suffix.lower() in OURS:
        return open_recording(path)
    return read_file(path, options or ImportOptions())
