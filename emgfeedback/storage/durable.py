"""Writing that survives a crash: whole writes, forced to the disk, files replaced in one step."""

from __future__ import annotations

import contextlib
import os
from io import FileIO
from pathlib import Path

force_data = getattr(os, "fdatasync", os.fsync)
"""Force a file's data to the disk; ``fdatasync`` is missing on Windows and macOS."""


def write_whole(file: FileIO, data: bytes) -> None:
    """Write every byte at the current position; a raw file may take only a part at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def cut_back(file: FileIO, size: int) -> None:
    """Take a half-written tail away and stand at the new end; a disk that refuses this is left alone."""
    with contextlib.suppress(OSError):
        file.truncate(size)
        file.seek(size)


def replace_text(path: Path, text: str) -> None:
    """Replace a small file in one step, so that a reader finds the old or the new one, never a part."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    force_folder(path.parent)


def force_folder(folder: Path) -> None:
    """Make new names in a folder durable; systems that cannot open a folder do it themselves."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
