"""Reading text: plain or gzip, any line ending, and large tables of numbers."""

from __future__ import annotations

import csv
import gzip
import itertools
import math
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO, cast

import numpy as np

from emgfeedback.errors import InputError
from emgfeedback.values import Floats

HEAD_CHARACTERS = 65_536
MAX_VALUES = 100_000_000
"""Most numbers taken from one file (800 MB): a small gzip file can unpack to any size."""

MISSING = frozenset(("", "na", "n/a", "null", "none", "-", "--"))
COMMENTS = ("#", "%")
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\ufffd]")

Converters = Mapping[int | str, Callable[[str], float]]


def open_text(path: Path) -> TextIO:
    """Open a text file, unpacked if it is gzip; bytes that are no UTF-8 become U+FFFD."""
    with path.open("rb") as file:
        start = file.read(2)
    if start == b"\x1f\x8b":
        return cast(TextIO, gzip.open(path, "rt", encoding="utf-8-sig", errors="replace"))
    encoding = "utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return path.open(encoding=encoding, errors="replace")


def head_lines(path: Path) -> list[str]:
    """Return the whole lines at the start of a text file, or no line if it is empty or not text."""
    with open_text(path) as stream:
        head = stream.read(HEAD_CHARACTERS)
    if len(_NOT_TEXT.findall(head)) * 100 > len(head):
        return []
    lines = head.split("\n")
    return lines[:-1] if len(head) == HEAD_CHARACTERS or not lines[-1] else lines


def is_comment(line: str) -> bool:
    """Tell whether a line holds a remark instead of data."""
    return line.lstrip().startswith(COMMENTS)


def split(line: str, delimiter: str) -> list[str]:
    """Cut a line into cells without blanks and quotes; a blank as delimiter means any white space."""
    if delimiter == " ":
        cells = line.split()
    elif '"' in line:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    else:
        cells = line.split(delimiter)
    return [cell.strip().strip('"').strip() for cell in cells]


def read_numbers(
    path: Path,
    first_line: int,
    columns: Sequence[int],
    *,
    delimiter: str,
    decimal: str = ".",
    converters: Converters | None = None,
) -> Floats:
    """Read columns of numbers from a text table.

    Parameters
    ----------
    path : Path
        Text file, plain or gzip.
    first_line : int
        Index of the first line with data.
    columns : sequence of int
        Which columns to read.
    delimiter, decimal : str
        As the file has them.
    converters : mapping of column to function
        How to read the columns that are no plain numbers.

    Returns
    -------
    (n_rows, n_columns)
        NaN where a cell is empty or missing.

    Raises
    ------
    InputError
        A cell is not a number, or the file is too long.
    """
    max_rows = MAX_VALUES // len(columns)
    with open_text(path) as stream:
        lines: Iterable[str] = itertools.islice(stream, first_line, first_line + max_rows)
        if decimal == ",":
            lines = (line.replace(",", ".") for line in lines)
        try:
            table = _read_fast(lines, columns, delimiter, converters or {})
        except ValueError:
            table = _read_patiently(path, first_line, columns, delimiter, decimal, converters or {})
    if len(table) >= max_rows:
        raise InputError(f"{path.name}: more than {MAX_VALUES:,} numbers; cut the file into shorter ones")
    return table


def _read_fast(
    lines: Iterable[str], columns: Sequence[int], delimiter: str, converters: Converters
) -> Floats:
    """Read a table without a flaw; any flaw is a ValueError."""
    table: Floats = np.loadtxt(
        lines,
        delimiter=None if delimiter == " " else delimiter,
        usecols=columns,
        converters=dict(converters) or None,
        quotechar='"',
        ndmin=2,
    )
    return table


def _read_patiently(
    path: Path, first_line: int, columns: Sequence[int], delimiter: str, decimal: str, converters: Converters
) -> Floats:
    """Read row by row, several times slower: bears empty cells and names the line of a mistake.

    A last row without all its columns was cut off while it was written, and is left out.
    """
    numbers = array("d")
    is_cut = False
    with open_text(path) as stream:
        for number, cells in _rows(itertools.islice(stream, first_line, None), delimiter, first_line + 1):
            if len(numbers) > MAX_VALUES:
                break
            is_cut = len(cells) <= max(columns)
            for column in columns:
                cell = cells[column] if column < len(cells) else ""
                try:
                    numbers.append(_value(cell, decimal, converters.get(column, float)))
                except ValueError as error:
                    where = f"{path.name}: line {number}, column {column + 1}"
                    raise InputError(f"{where}: {cell[:40]!r} is no number; correct the line") from error
    table = np.array(numbers).reshape(-1, len(columns))
    return table[:-1] if is_cut else table


def _rows(lines: Iterable[str], delimiter: str, first_number: int) -> Iterator[tuple[int, list[str]]]:
    """Yield line numbers and cells of the lines that hold data."""
    for number, line in enumerate(lines, first_number):
        if line.strip() and not is_comment(line):
            yield number, split(line.rstrip("\n"), delimiter)


def _value(cell: str, decimal: str, convert: Callable[[str], float]) -> float:
    if cell.lower() in MISSING:
        return math.nan
    if "_" in cell:
        raise ValueError(cell)
    return convert(cell.replace(",", ".") if decimal == "," else cell)
