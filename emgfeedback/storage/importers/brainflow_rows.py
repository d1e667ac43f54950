"""Raw files of BrainFlow: tabs or commas, no header, every row of the board in BrainFlow's order."""

from __future__ import annotations

from pathlib import Path

from emgfeedback.errors import InputError
from emgfeedback.storage.importers import counter, text
from emgfeedback.storage.importers.accelerometer import N_AXES, find_acceleration
from emgfeedback.storage.importers.assemble import Signals, assemble, choose_rate, started_at
from emgfeedback.storage.importers.boards import BOARDS
from emgfeedback.storage.importers.options import ImportOptions
from emgfeedback.values import Recording

FEWEST_ROWS = 10
TIME_COLUMN = -2
"""The time stamp is the last row but one of every board of the table."""


def detects(path: Path) -> bool:
    """Tell whether the first lines are numbers only, with an epoch in the last column but one."""
    lines = [line for line in text.head_lines(path)[:5] if line.strip()]
    return bool(lines) and all(_looks_raw(line) for line in lines)


def _looks_raw(line: str) -> bool:
    delimiter = "\t" if "\t" in line else ","
    cells = text.split(line.replace(",", ".") if delimiter == "\t" else line, delimiter)
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError:
        return False
    return len(numbers) >= FEWEST_ROWS and 1e9 < numbers[TIME_COLUMN] < 4e9


def read(path: Path, options: ImportOptions) -> Recording:
    """Read a raw BrainFlow file; the board must be given, and its rate is taken from there.

    Time stamps are times of arrival, half of them equal on a Ganglion: they tell no rate.
    """
    first = next(line for line in text.head_lines(path) if line.strip())
    delimiter = "\t" if "\t" in first else ","
    n_columns = len(text.split(first, delimiter))
    board = options.layout
    if board is None:
        raise InputError(
            f"{path.name}: a raw BrainFlow file of {n_columns} columns does not name its board; "
            f"give it with --board {'|'.join(BOARDS)}"
        )
    if n_columns != board.n_rows:
        raise InputError(
            f"{path.name}: {n_columns} columns, but {board.name} writes {board.n_rows}; check --board"
        )
    if delimiter == "\t" and "," in first and options.decimal != ",":
        raise InputError(f"{path.name}: written with a decimal comma; add --decimal ,")
    fs_hz, fs_from, warnings = choose_rate(path, options, [(board.fs_hz, f"board {board.name}")])
    columns = [*range(1 + board.n_emg + N_AXES), board.n_rows + TIME_COLUMN]
    decimal = options.decimal or "."
    table = text.read_numbers(path, 0, columns, delimiter=delimiter, decimal=decimal)
    numbers, times_s = table[:, 0], table[:, -1]
    places, lost_warnings = counter.places(numbers, times_s, fs_hz, ganglion=board.is_ganglion)
    acceleration, odd_warnings = find_acceleration(table[:, 1 + board.n_emg : -1], board.lsb_g)
    signals = Signals(
        values=table[:, 1 : 1 + board.n_emg],
        places=places,
        names=("",) * board.n_emg,
        fs_hz=fs_hz,
        device=board.name,
        lsb_uv=board.lsb_uv,
        unit="uV",
        meta={"format": "brainflow", "fs_from": fs_from, **started_at(times_s)},
        warnings=(*warnings, *lost_warnings, *odd_warnings),
        acceleration=acceleration,
    )
    return assemble(path, signals, options)
