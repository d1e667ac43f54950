"""Time columns: which one it is, what rate it tells, where it has holes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emgfeedback.values import Floats

TIME_NAME = re.compile(
    r"(elapsed[ _]?)?(time([ _]?stamps?)?|zeit|temps|tiempo|sec(onds)?|t|x(?= ?\[))"
    r"[ _]*[\[(]?(?P<unit>s|sec|ms|msec|us|µs|μs)?[\])]?",
    re.IGNORECASE,
)
COUNTER_NAME = re.compile(
    r"#?|no\.?|n?seq|counter|index|((sample|frame)s?[ _]?(index|no\.?|number)?)", re.IGNORECASE
)
SECONDS_PER_UNIT = {"ms": 1e-3, "msec": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6}
SLOWEST_HZ = 10.0
"""A column that tells less counts samples or milliseconds: no EMG is sampled so slowly."""
FINEST_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class TimeBase:
    """What a time column tells; ``fs_hz`` is None where it tells no rate."""

    first_s: float
    fs_hz: float | None
    places: npt.NDArray[np.int64]
    warnings: tuple[str, ...] = ()


def find_time(columns: Floats, names: Sequence[str]) -> int | None:
    """Return the column of time: by name, else the first if it rises evenly; without names, any such."""
    named = [i for i, name in enumerate(names) if TIME_NAME.fullmatch(name)]
    candidates = range(columns.shape[1]) if not names else (0,)
    even = [i for i in candidates if rises_evenly(columns[:, i])]
    fractional = [i for i in even if np.any(np.mod(columns[:, i], 1))]
    return next(iter((*named, *fractional, *even)), None)


def find_counters(columns: Floats, names: Sequence[str]) -> list[int]:
    """Return columns that count 0, 1, 2, ... even if they start over; with names, only those so called."""
    return [
        i
        for i in range(columns.shape[1])
        if (not names or COUNTER_NAME.fullmatch(names[i])) and _counts(columns[:, i])
    ]


def rises_evenly(column: Floats) -> bool:
    """Tell whether a column never falls and keeps to a straight line within 1 % of its span."""
    if len(column) < 3 or not np.all(np.isfinite(column)):
        return False
    span = column[-1] - column[0]
    line = np.linspace(column[0], column[-1], len(column))
    return bool(span > 0 and np.all(np.diff(column) >= 0) and np.all(np.abs(column - line) <= 0.01 * span))


def _counts(column: Floats) -> bool:
    return len(column) > 2 and bool(np.mean(np.diff(column) == 1) > 0.9)


def read_times(times: Floats, name: str) -> TimeBase:
    """Find rate and holes in a time column.

    The rate is the number of even steps over the time they take, not one over the median step: times
    rounded to 1 µs at 1920 Hz give 1919.4 Hz that way.

    Parameters
    ----------
    times : (n_rows,)
        In s, or in what the name says, e.g. ``time (ms)``.
    name : str
        Name of the column, may be empty.
    """
    straight = np.arange(len(times))
    unit_s = _seconds_per_unit(name)
    first_s = float(times[0]) * unit_s
    if len(times) < 2 or not np.all(np.isfinite(times)):
        return TimeBase(first_s, None, straight, ("the time column has empty cells and is not used",))
    steps = np.diff(times)
    lag = max(1, min(len(steps), 1000))
    step = float(np.median(times[lag:] - times[:-lag])) / lag
    if step <= 0:
        return TimeBase(first_s, None, straight, ("the time column does not rise and is not used",))
    rounding = float(np.percentile(np.abs(steps - step), 95))
    is_even = (steps >= 0) & (steps <= 1.5 * step + rounding)
    if np.mean(is_even) < 0.9:
        return TimeBase(first_s, None, straight, ("the time column is uneven and is not used",))
    fs_hz = float(np.sum(is_even) / np.sum(steps[is_even])) / unit_s
    fs_hz = _roundest(fs_hz, max(FINEST_TOLERANCE, 2 * rounding / float(np.ptp(times))))
    lost = np.where(is_even | (steps < 0), 0, np.rint(steps / step) - 1).astype(np.int64)
    places = straight + np.concatenate(([0], np.cumsum(lost)))
    back = int(np.sum(steps < 0))
    warnings = (f"the time goes back {back} times: parts are joined there without a gap",) if back else ()
    return TimeBase(first_s, fs_hz if fs_hz >= SLOWEST_HZ else None, places, warnings)


def _roundest(fs_hz: float, tolerance: float) -> float:
    """Return the roundest rate that the rounding of the times allows."""
    for base in (1000.0, 100.0, 10.0, 1.0):
        rate_hz = round(fs_hz / base) * base
        if abs(rate_hz - fs_hz) <= tolerance * fs_hz:
            return rate_hz
    return fs_hz


def _seconds_per_unit(name: str) -> float:
    found = TIME_NAME.fullmatch(name)
    return SECONDS_PER_UNIT.get((found["unit"] or "s").lower(), 1.0) if found else 1.0
