"""Plain delimited text: columns of numbers with or without names, time, labels and remarks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emgfeedback.errors import InputError
from emgfeedback.storage.importers import text
from emgfeedback.storage.importers.assemble import Signals, assemble, choose_rate, started_at
from emgfeedback.storage.importers.layout import EMPTY, TEXT, Layout, find_layout
from emgfeedback.storage.importers.options import ImportOptions
from emgfeedback.storage.importers.timebase import TimeBase, find_counters, find_time, read_times
from emgfeedback.values import Floats, Recording

_RATE = re.compile(r"sampl\w*[ _](?:rate|frequency)\D{0,12}?(\d+(?:\.\d+)?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Columns:
    """The numbers of the file, sorted into signals and what tells the time."""

    names: tuple[str, ...]
    values: Floats
    time: TimeBase | None
    warnings: tuple[str, ...]


def detects(path: Path) -> bool:
    """Tell whether the file is text at all; what it holds is found out when it is read."""
    return bool(text.head_lines(path))


def read(path: Path, options: ImportOptions) -> Recording:
    """Read delimited text; labels and counters are left out, rows without a value are gaps."""
    lines = text.head_lines(path)
    layout = find_layout(path, lines, options)
    columns = _sort_columns(path, layout)
    stated = [(_stated_rate(lines[: layout.first_line]), "the header")]
    if columns.time:
        stated.append((columns.time.fs_hz, "the time column"))
    fs_hz, fs_from, warnings = choose_rate(path, options, stated)
    if options.board:
        warnings.append(f"--board {options.board} says nothing about this kind of file and is not used")
    signals = Signals(
        values=columns.values,
        places=columns.time.places if columns.time else np.arange(len(columns.values)),
        names=columns.names,
        fs_hz=fs_hz,
        device="unknown",
        lsb_uv=None,
        meta={"format": "delimited", "fs_from": fs_from, **_first_time(columns.time)},
        warnings=(*columns.warnings, *warnings),
    )
    return assemble(path, signals, options)


def _sort_columns(path: Path, layout: Layout) -> _Columns:
    named = layout.names or ("",) * len(layout.kinds)
    last = len(layout.kinds) - 1
    ends_in_delimiter = last if layout.kinds[last] == EMPTY and not named[last] else None
    kept = [i for i, kind in enumerate(layout.kinds) if kind != TEXT and i != ends_in_delimiter]
    table = text.read_numbers(
        path, layout.first_line, kept, delimiter=layout.delimiter, decimal=layout.decimal
    )
    names = [named[i] for i in kept]
    time = find_time(table, names if layout.names else ())
    counters = [i for i in find_counters(table, names if layout.names else ()) if i != time]
    signals = [i for i in range(len(kept)) if i != time and i not in counters]
    if not signals:
        raise InputError(f"{path.name}: no signal beside time and counters; give a file with EMG columns")
    texts = [i for i, kind in enumerate(layout.kinds) if kind == TEXT]
    left_out = [
        *(f"column {_called(i, named)} holds text and is left out" for i in texts),
        *(f"column {_called(kept[i], named)} only counts and is left out" for i in counters),
    ]
    base = None if time is None else read_times(table[:, time], names[time])
    return _Columns(
        names=tuple(names[i] for i in signals),
        values=table[:, signals],
        time=base,
        warnings=(*left_out, *(base.warnings if base else ())),
    )


def _called(column: int, names: Sequence[str]) -> str:
    return f"{column + 1} {names[column]!r}" if names[column] else str(column + 1)


def _stated_rate(above: Sequence[str]) -> float | None:
    found = _RATE.search("\n".join(above))
    return float(found[1]) if found else None


def _first_time(time: TimeBase | None) -> dict[str, str | float]:
    """Return the file's own time of the first sample, and the date where it is an epoch."""
    if time is None or not np.isfinite(time.first_s):
        return {}
    return {"first_time_s": time.first_s, **started_at(np.array([time.first_s]))}
