"""How a delimited text is laid out: delimiter, decimal sign, header, kinds of columns.

Nothing is guessed where two readings make sense: then the user is asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from emgfeedback.errors import InputError
from emgfeedback.storage.importers.options import ImportOptions
from emgfeedback.storage.importers.text import MISSING, is_comment, split

NUMBER, TEXT, EMPTY = "number", "text", "empty"
SAMPLE_LINES = 30
DELIMITERS = (",", ";", "\t", " ")

_NUMBERS = {
    ".": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?|nan", re.IGNORECASE),
    ",": re.compile(r"[+-]?(\d+(,\d+)?|,\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?|nan", re.IGNORECASE),
}
_HALF_A_NUMBER = re.compile(r"[\d.,;eE+\-\s]*")
_DATE = re.compile(r"\d{4}-\d\d-\d\d.*")
_LABELS = re.compile(r"[#%]+\s*(?:labels?\s*:?=)?\s*([^=]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to read the text; ``names`` is empty where no line fits above the data."""

    delimiter: str
    decimal: str
    kinds: tuple[str, ...]
    first_line: int
    names: tuple[str, ...]


def find_layout(path: Path, lines: Sequence[str], options: ImportOptions) -> Layout:
    """Return the only sensible way to read the text.

    Raises
    ------
    InputError
        There is none, there are two, or its decimal comma has not been confirmed.
    """
    readings = list(_readings(lines, options))
    if len(readings) > 1:
        readings = [reading for reading in readings if reading.names] or readings
    if not readings:
        stated = f" with delimiter {options.separator!r}" if options.separator else ""
        raise InputError(f"{path.name}: no columns of numbers found{stated}; give --delimiter and --decimal")
    if len(readings) > 1:
        raise InputError(
            f"{path.name}: {_first_data(lines, readings[0])!r} can be read in {len(readings)} ways; "
            f"give --delimiter or --decimal"
        )
    if readings[0].decimal == "," and options.decimal is None:
        line = _first_data(lines, readings[0])
        raise InputError(f"{path.name}: {line!r} looks like numbers with a decimal comma; add --decimal ,")
    return readings[0]


def _first_data(lines: Sequence[str], layout: Layout) -> str:
    return lines[layout.first_line][:40]


def _readings(lines: Sequence[str], options: ImportOptions) -> Iterator[Layout]:
    """Yield every way to read the text as a table; white space only where a tab does not do."""
    widths: list[int] = []
    for decimal in (options.decimal,) if options.decimal else (".", ","):
        for delimiter in (options.separator,) if options.separator else DELIMITERS:
            layout = _try(lines, delimiter, decimal) if delimiter != decimal else None
            if layout and not (delimiter == " " and len(layout.kinds) in widths):
                widths.append(len(layout.kinds))
                yield layout


def _try(lines: Sequence[str], delimiter: str, decimal: str) -> Layout | None:
    """Return the layout under one delimiter and decimal sign, or None if most lines speak against it."""
    content = [(i, line) for i, line in enumerate(lines) if line.strip() and not is_comment(line)]
    rows = [(i, split(line, delimiter)) for i, line in content]
    sample = [cells for _, cells in rows[len(rows) // 2 :]][-SAMPLE_LINES:]
    if not sample:
        return None
    width = Counter(map(len, sample)).most_common(1)[0][0]
    kinds_of_rows = [[_kind(cell, decimal) for cell in cells] for cells in sample if len(cells) == width]
    sound = [kinds for kinds in kinds_of_rows if "" not in kinds]
    if len(sound) * 2 <= len(sample) or (width == 1 and delimiter != " "):
        return None
    kinds = tuple(_column_kind(column) for column in zip(*sound, strict=True))
    written = [cell for cells in sample for cell in cells if _NUMBERS[decimal].fullmatch(cell)]
    if NUMBER not in kinds or (decimal == "," and not any("," in cell for cell in written)):
        return None
    first_line = next((i for i, cells in rows if _fits(cells, kinds, decimal)), None)
    if first_line is None:
        return None
    return Layout(delimiter, decimal, kinds, first_line, _names(lines[:first_line], delimiter, width))


def _kind(cell: str, decimal: str) -> str:
    """Tell what a cell is; nothing for half a number, as a wrong delimiter leaves it."""
    if cell.lower() in MISSING:
        return EMPTY
    if _NUMBERS[decimal].fullmatch(cell):
        return NUMBER
    return "" if _HALF_A_NUMBER.fullmatch(cell) and not _DATE.fullmatch(cell) else TEXT


def _column_kind(cells: Sequence[str]) -> str:
    count = Counter(cells)
    if not count[NUMBER]:
        return TEXT if count[TEXT] else EMPTY
    return NUMBER if count[NUMBER] >= count[TEXT] else TEXT


def _fits(cells: Sequence[str], kinds: Sequence[str], decimal: str) -> bool:
    if len(cells) != len(kinds):
        return False
    numeric = [_kind(cell, decimal) for cell, kind in zip(cells, kinds, strict=True) if kind == NUMBER]
    return NUMBER in numeric and set(numeric) <= {NUMBER, EMPTY}


def _names(above: Sequence[str], delimiter: str, width: int) -> tuple[str, ...]:
    """Read column names from the line above the data, a remark or not, if it has as many cells."""
    line = next((line for line in reversed(above) if line.strip()), "")
    if is_comment(line):
        labels = _LABELS.fullmatch(line.strip())
        line = labels[1] if labels else ""
    cells = split(line, delimiter)
    if width == 1:
        cells = [] if any(other in line for other in DELIMITERS[:3]) else [" ".join(cells)]
    return tuple(cells) if len(cells) == width and any(cells) else ()
