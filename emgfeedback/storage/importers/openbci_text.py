"""OpenBCI GUI text files, from the oldest Ganglion ones to v6.

Any number of lines with ``%``, then perhaps a line of column names, then the sample index, the EMG
channels in µV, accelerometer and other columns, and the time of arrival as epoch (s or ms), as a clock
text, or both in either order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emgfeedback.errors import InputError
from emgfeedback.storage.importers import counter, text
from emgfeedback.storage.importers.accelerometer import N_AXES, find_acceleration
from emgfeedback.storage.importers.assemble import Signals, assemble, choose_rate, started_at
from emgfeedback.storage.importers.boards import BOARDS, CYTON_LSB_G, Board
from emgfeedback.storage.importers.options import ImportOptions
from emgfeedback.values import Floats, Recording

_RATE = re.compile(r"%\s*Sample Rate\s*=\s*(\d+(?:\.\d+)?)", re.IGNORECASE)
_CHANNELS = re.compile(r"%\s*Number of channels\s*=\s*(\d{1,4})\b", re.IGNORECASE)
_BOARD = re.compile(r"%\s*Board\s*=\s*(.*)", re.IGNORECASE)
_CLOCK = re.compile(r"(?:.*\s)?(\d\d?):(\d\d):(\d\d(?:\.\d+)?)")
_BOARD_WORDS = {
    "WifiDaisy": "CYTON_DAISY_WIFI",
    "CytonWifi": "CYTON_WIFI",
    "GanglionWifi": "GANGLION_WIFI",
    "Daisy": "CYTON_DAISY",
    "Cyton": "CYTON",
    "Ganglion": "GANGLION",
    "Synthetic": "SYNTHETIC",
}
"""How the header names a board; the first word that fits counts."""


@dataclass(frozen=True, slots=True)
class _Header:
    fs_hz: float | None
    board: Board | None
    first_line: int
    names: tuple[str, ...]
    emg_columns: range
    accel_columns: range
    time_column: int | None
    time_is_text: bool


def detects(path: Path) -> bool:
    """Tell whether the file starts like one of the OpenBCI GUI."""
    lines = text.head_lines(path)[:20]
    return any(line.startswith("%") and "OpenBCI" in line for line in lines)


def read(path: Path, options: ImportOptions) -> Recording:
    """Read an OpenBCI GUI text file; samples missing from its index are gaps."""
    header = _read_header(path)
    fs_hz, fs_from, warnings = choose_rate(path, options, [(header.fs_hz, "the header")])
    board = options.layout or header.board
    if board and header.board and board != header.board:
        warnings.append(f"--board says {board.name}, the header {header.board.name}; --board is used")
    index, emg, axes, times_s = _read_rows(path, header)
    is_ganglion = board is not None and board.is_ganglion
    places, lost_warnings = counter.places(index, times_s, fs_hz, ganglion=is_ganglion)
    acceleration, odd_warnings = find_acceleration(axes, board.lsb_g if board else CYTON_LSB_G)
    signals = Signals(
        values=emg,
        places=places,
        names=header.names,
        fs_hz=fs_hz,
        device=board.name if board else "unknown",
        lsb_uv=board.lsb_uv if board else None,
        unit="uV",
        meta={"format": "openbci-text", "fs_from": fs_from, **started_at(times_s)},
        warnings=(*warnings, *lost_warnings, *odd_warnings),
        acceleration=acceleration,
    )
    return assemble(path, signals, options)


def _read_rows(path: Path, header: _Header) -> tuple[Floats, Floats, Floats, Floats | None]:
    """Return sample index (n,), EMG (n, n_channels), axes in g (n, 3 or 0), times of arrival in s (n,)."""
    clock = [] if header.time_column is None else [header.time_column]
    table = text.read_numbers(
        path,
        header.first_line,
        [0, *header.emg_columns, *header.accel_columns, *clock],
        delimiter=",",
        converters=dict.fromkeys(clock, _clock_s) if header.time_is_text else None,
    )
    if len(table) > 1 and not np.any(table[0]) and np.any(table[1]):
        table = table[1:]
    index, signals = table[:, 0], table[:, 1 : len(table[0]) - len(clock)]
    emg, axes = np.split(signals, [len(header.emg_columns)], axis=1)
    return index, emg, axes, _seconds(table[:, -1], header.time_is_text) if clock else None


def _read_header(path: Path) -> _Header:
    lines = text.head_lines(path)
    remarks = "\n".join(line for line in lines if line.startswith("%"))
    rest = [(i, line) for i, line in enumerate(lines) if line.strip() and not line.startswith("%")]
    names = text.split(rest[0][1], ",") if rest and rest[0][1].startswith("Sample Index") else []
    data = rest[bool(names) :]
    if not data:
        raise InputError(f"{path.name}: an OpenBCI header without samples; record again")
    # The second line stands for all: v5 writes a line of zeros before the first sample.
    cells = text.split(data[min(1, len(data) - 1)][1], ",")
    time_column, time_is_text = _find_time(cells)
    n_times = sum(_is_time(cell) for cell in cells)
    stated = _CHANNELS.search(remarks)
    n_emg = int(stated[1]) if stated else len(cells) - 1 - N_AXES - n_times
    labels = tuple(name for name in names if name.startswith("EXG Channel"))
    n_emg = len(labels) or n_emg
    if not 0 < n_emg < len(cells):
        raise InputError(f"{path.name}: {n_emg} channels do not go with {len(cells)} columns")
    rate, board = _RATE.search(remarks), _BOARD.search(remarks)
    return _Header(
        fs_hz=float(rate[1]) if rate else None,
        board=_find_board(board[1] if board else "", n_emg),
        first_line=data[0][0],
        names=labels or ("",) * n_emg,
        emg_columns=range(1, 1 + n_emg),
        accel_columns=_find_axes(cells, names, 1 + n_emg),
        time_column=time_column,
        time_is_text=time_is_text,
    )


def _find_board(label: str, n_emg: int) -> Board | None:
    """Name the board by the header, else by its number of channels."""
    for word, name in _BOARD_WORDS.items():
        if word in label:
            return BOARDS[name]
    by_channels = {4: "GANGLION", 8: "CYTON", 16: "CYTON_DAISY"}
    return BOARDS[by_channels[n_emg]] if not label and n_emg in by_channels else None


def _find_axes(cells: Sequence[str], names: Sequence[str], first: int) -> range:
    """Return the three columns behind the EMG if names or content say that they are axes, else none."""
    place = range(first, first + N_AXES)
    if place.stop > len(cells) or any(_is_time(cells[i]) or not _is_number(cells[i]) for i in place):
        return range(0)
    if names and not all(name.startswith("Accel") for name in names[first : place.stop]):
        return range(0)
    return place


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _is_epoch(cell: str) -> bool:
    try:
        return float(cell) > 1e8
    except ValueError:
        return False


def _is_time(cell: str) -> bool:
    return bool(_CLOCK.fullmatch(cell)) or _is_epoch(cell)


def _find_time(cells: Sequence[str]) -> tuple[int | None, bool]:
    """Return the column of the epoch, else of the clock text; and whether it is text."""
    for is_kind, is_text in ((_is_epoch, False), (_CLOCK.fullmatch, True)):
        found = next((i for i in reversed(range(len(cells))) if is_kind(cells[i])), None)
        if found is not None:
            return found, is_text
    return None, False


def _clock_s(cell: str) -> float:
    """Return seconds since midnight of ``hh:mm:ss.sss``, with or without a date before it."""
    found = _CLOCK.fullmatch(cell.strip())
    if not found:
        return 0.0 if cell.strip() in ("0", "0.0") else float("nan")
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])


def _seconds(times: Floats, is_text: bool) -> Floats:
    """Bring clock times over midnight and epochs from milliseconds to seconds."""
    if is_text:
        return np.unwrap(times, period=86_400)
    known = times[np.isfinite(times)]
    return times / 1e3 if len(known) and np.median(known) > 1e11 else times
