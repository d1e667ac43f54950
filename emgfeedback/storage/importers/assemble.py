"""From numbers in a file to a `Recording`: unit, integer grid, time base, gaps."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from emgfeedback.errors import InputError
from emgfeedback.storage.importers.accelerometer import Acceleration
from emgfeedback.storage.importers.options import UV_PER_UNIT, ImportOptions, is_plausible_rate
from emgfeedback.values import COUNT_MAX, Channel, Counts, Floats, Gap, Recording, StreamInfo

MAX_CHANNELS = 512
ABSURD_UV = 1e9
RATE_TOLERANCE = 0.005
MAX_STRETCH = 50
"""How many times longer than its samples a recording may be before its counting is not believed."""
DECIMAL_LSBS_UV = tuple(float(f"1e{power}") for power in range(-6, 4))
DECIMAL_COUNT_MAX = 8_000_000
"""Largest count with decimal steps: the range is exact in a BDF+ header, and nothing looks railed."""
LEAST_EMG_COUNTS = 1000
Rows = npt.NDArray[np.bool_]
UNIT_IN_NAME = re.compile(r"[\[(]\s*([uµμ]V|mV|V)\s*[\])]\s*$")


@dataclass(frozen=True, slots=True)
class Signals:
    """What a format found: ``values`` (n_rows, n_channels) and the place of each row in samples, or -1.

    ``acceleration`` has the same rows; its channels come after those of the EMG.
    """

    values: Floats
    places: npt.NDArray[np.int64]
    names: tuple[str, ...]
    fs_hz: float
    device: str
    lsb_uv: float | None
    unit: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    acceleration: Acceleration | None = None


def choose_rate(
    path: Path, options: ImportOptions, stated: Sequence[tuple[float | None, str]]
) -> tuple[float, str, list[str]]:
    """Return the rate, where it is from, and warnings; ``--fs`` comes first, then ``stated`` in order."""
    given = ((options.fs_hz, "--fs"), *stated)
    known = [(fs_hz, where) for fs_hz, where in given if fs_hz is not None]
    if not known:
        raise InputError(f"{path.name}: it does not say its sampling rate; give it with --fs HZ")
    fs_hz, where = known[0]
    if not is_plausible_rate(fs_hz):
        raise InputError(f"{path.name}: a rate of {fs_hz:g} Hz ({where}) cannot be; give it with --fs HZ")
    warnings = [
        f"{where} says {fs_hz:g} Hz, {other} {other_hz:g} Hz; {fs_hz:g} Hz is used"
        for other_hz, other in known[1:]
        if abs(other_hz - fs_hz) > RATE_TOLERANCE * fs_hz
    ]
    return fs_hz, where, warnings


def assemble(path: Path, signals: Signals, options: ImportOptions) -> Recording:
    """Put samples on an integer grid and in their places.

    Raises
    ------
    InputError
        Nothing but missing values, infinite or absurd ones, too many channels, or a time base with more
        holes than samples.
    """
    if not 0 < len(signals.names) <= MAX_CHANNELS:
        raise InputError(f"{path.name}: {len(signals.names)} channels; 1 to {MAX_CHANNELS} can be read")
    names = _unlike(signals.names)
    scale_uv, unit, unit_warnings = _choose_unit(names, signals.unit, options)
    emg_uv = signals.values * scale_uv
    _refuse_absurd(path, emg_uv, names)
    whole: Rows = np.all(np.isfinite(emg_uv), axis=1)
    warnings = [*signals.warnings, *unit_warnings, *_missing(path, emg_uv, whole, names)]
    kept: Rows = whole & (signals.places >= 0)
    counts, lsb_uv, note, lsb_warnings = _to_counts(emg_uv[kept], signals.lsb_uv)
    channels = tuple(Channel(name) for name in names)
    if signals.acceleration:
        counts = np.hstack((counts, signals.acceleration.counts()[kept]))
        channels += signals.acceleration.channels()
    counts, gaps = _to_time_base(path, counts, signals.places, whole)
    if lost := sum(gap.n_samples for gap in gaps):
        warnings.append(f"lost samples: {lost} of {len(counts)} (gaps: {len(gaps)})")
    meta = {
        **signals.meta,
        "source_file": path.name,
        "unit": unit,
        "device": signals.device,
        "lsb_note": note,
    }
    info = StreamInfo(signals.fs_hz, channels, signals.device, lsb_uv)
    return Recording(info, counts, (), (), gaps, meta, str(path), (*warnings, *lsb_warnings))


def _unlike(names: Sequence[str]) -> tuple[str, ...]:
    """Number what has no name or a name seen before: a montage must be able to tell channels apart."""
    result: list[str] = []
    for number, raw in enumerate(names, 1):
        printable = "".join(sign if sign.isprintable() else " " for sign in raw)
        name = " ".join(printable.split()) or f"EMG {number}"
        result.append(f"{name} ({number})" if name in result else name)
    return tuple(result)


def _choose_unit(
    names: Sequence[str], stated: str | None, options: ImportOptions
) -> tuple[Floats, str, list[str]]:
    """Return µV per unit of each channel (n_channels,), the unit's name, and warnings."""
    found = [_unit_in(name) or stated for name in names]
    if options.unit:
        others = sorted({unit for unit in found if unit and unit != options.unit})
        warnings = (
            [f"--unit says {options.unit}, the file {', '.join(others)}; --unit is used"] if others else []
        )
        return np.full(len(names), UV_PER_UNIT[options.unit]), options.unit, warnings
    units = [unit or "uV" for unit in found]
    nameless = [name for name, unit in zip(names, found, strict=True) if not unit]
    warnings = []
    if nameless:
        which = "all channels" if len(nameless) == len(names) else ", ".join(nameless)
        warnings = [f"the file does not say its unit: {which} taken as uV; if that is wrong, give --unit"]
    return np.array([UV_PER_UNIT[unit] for unit in units]), ", ".join(dict.fromkeys(units)), warnings


def _unit_in(name: str) -> str | None:
    found = UNIT_IN_NAME.search(name)
    return re.sub("[µμ]", "u", found[1]) if found else None


def _refuse_absurd(path: Path, emg_uv: Floats, names: Sequence[str]) -> None:
    bad = np.abs(emg_uv) > ABSURD_UV
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise InputError(
            f"{path.name}: channel {names[column]!r} reads {emg_uv[row, column]:.3g} µV at row {row + 1} of "
            f"the data, which no electrode gives; correct the file or give --unit"
        )


def _missing(path: Path, emg_uv: Floats, whole: Rows, names: Sequence[str]) -> list[str]:
    """Describe rows that lack a value; refuse a channel that has none at all."""
    if whole.all() and len(whole):
        return []
    missing = np.isnan(emg_uv).sum(axis=0)
    empty = [name for name, n in zip(names, missing, strict=True) if n == len(emg_uv)]
    if empty:
        raise InputError(f"{path.name}: no number in {', '.join(map(repr, empty))}; take the column out")
    if not whole.any():
        raise InputError(f"{path.name}: no row has a value in every channel; take the sparse columns out")
    where = ", ".join(f"{name!r} ({n})" for name, n in zip(names, missing, strict=True) if n)
    return [f"rows that lack a value and are gaps: {np.sum(~whole)}, by channel {where}"]


def _to_counts(emg_uv: Floats, board_lsb_uv: float | None) -> tuple[Counts, float, str, list[str]]:
    """Round to the board's steps, else to the smallest power of ten that fits; say which."""
    largest_uv = float(np.abs(emg_uv).max(initial=0.0))
    warnings: list[str] = []
    if board_lsb_uv is not None:
        counts = np.rint(emg_uv / board_lsb_uv)
        if np.all((counts >= -COUNT_MAX - 1) & (counts <= COUNT_MAX)):
            note = f"steps of {board_lsb_uv!r} uV, the board's converter at its usual gain"
            return counts.astype(np.int32), board_lsb_uv, note, warnings
        warnings.append(f"{largest_uv:.0f} µV is beyond the board's usual gain, so its steps are not known")
    lsb_uv = next(lsb_uv for lsb_uv in DECIMAL_LSBS_UV if largest_uv <= DECIMAL_COUNT_MAX * lsb_uv)
    if 0 < largest_uv < LEAST_EMG_COUNTS * lsb_uv:
        warnings.append(f"the largest value is {largest_uv:.2g} µV, which no EMG is; check --unit")
    note = f"rounded to steps of {lsb_uv:g} uV, the smallest power of ten that fits 24 bits"
    return np.rint(emg_uv / lsb_uv).astype(np.int32), lsb_uv, note, warnings


def _to_time_base(
    path: Path, counts: Counts, places: npt.NDArray[np.int64], whole: Rows
) -> tuple[Counts, tuple[Gap, ...]]:
    """Spread the rows over the whole time; what has no row is a gap and reads 0."""
    total = int(places.max()) + 1
    if total > MAX_STRETCH * (len(counts) + 100):
        raise InputError(
            f"{path.name}: its sample index or time says {total} samples, but it has {len(counts)}; "
            f"check --board and --fs, or cut the file"
        )
    held = places[whole & (places >= 0)]
    edges = np.concatenate(([-1], held, [total]))
    missing = np.diff(edges) - 1
    gaps = tuple(Gap(int(edges[i]) + 1, int(missing[i])) for i in np.flatnonzero(missing))
    if not gaps:
        return counts, gaps
    spread = np.zeros((total, counts.shape[1]), dtype=np.int32)
    spread[held] = counts
    return spread, gaps


def started_at(times_s: Floats | None) -> dict[str, str]:
    """Return the date of the first sample as meta data, or nothing where the time carries no date."""
    first_s = 0.0 if times_s is None else float(times_s[0])
    if not 1e9 < first_s < 4e9:
        return {}
    return {"started_at": datetime.fromtimestamp(first_s, tz=UTC).isoformat()}
