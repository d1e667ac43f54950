"""The folder tree of a library of recordings (EMG-BIDS): ids, paths and names that belong together."""

from __future__ import annotations

import re
from pathlib import Path

from emgfeedback.errors import UsageError

SIGNAL_SUFFIX = "_emg.bdf"
JOURNAL_SUFFIX = "_journal.jsonl"

_LABEL = re.compile(r"[A-Za-z0-9]{1,32}")
_RESERVED = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]", re.IGNORECASE)


def check_label(kind: str, label: str) -> str:
    """Return a participant, session or task id that is safe in a file name on every system.

    Raises
    ------
    UsageError
        Anything but 1 to 32 letters and digits, or a device name of Windows.
    """
    if not isinstance(label, str) or not _LABEL.fullmatch(label):
        raise UsageError(f"{kind} {str(label)[:40]!r}: write 1 to 32 letters and digits, for example 'P01'")
    if _RESERVED.fullmatch(label):
        raise UsageError(f"{kind} {label!r}: this name belongs to Windows; choose another one")
    return label


def recording_folder(library: Path, participant: str, session: str = "") -> Path:
    """Path of ``sub-…[/ses-…]/emg`` inside the library; nothing is created.

    Raises
    ------
    UsageError
        A bad id, or a link inside the library that leads out of it.
    """
    folder = library / f"sub-{check_label('participant', participant)}"
    if session:
        folder /= f"ses-{check_label('session', session)}"
    folder /= "emg"
    if not folder.resolve().is_relative_to(library.resolve()):
        raise UsageError(
            f"{folder}: leads out of the library {library}; remove the link or choose another id"
        )
    return folder


def recording_stem(task: str, participant: str, session: str = "") -> str:
    """Beginning of the name of a recording, up to the run number."""
    middle = f"_ses-{check_label('session', session)}" if session else ""
    return f"sub-{check_label('participant', participant)}{middle}_task-{check_label('task', task)}_run-"


def next_run(folder: Path, stem: str) -> int:
    """Return the number after the highest run that left any file in the folder; 1 in an empty one."""
    runs = (re.match(r"\d+", path.name[len(stem) :]) for path in folder.glob(f"{stem}*"))
    return max((int(run.group()) for run in runs if run), default=0) + 1


def sibling(signal: Path, suffix: str) -> Path:
    """Name of a file beside a recording: ``x_emg.bdf`` and ``_channels.tsv`` give ``x_channels.tsv``."""
    stem = signal.name.removesuffix(SIGNAL_SUFFIX) if signal.name.endswith(SIGNAL_SUFFIX) else signal.stem
    return signal.with_name(stem + suffix)
