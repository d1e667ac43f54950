"""From package counters, which wrap, to places in the recording, which do not.

Lost packages show as steps of the counter; a loss of a whole turn (256 on a Cyton) shows only in the time
stamps. Those are times of arrival: late by any amount, early never, so the lower edge of their delays
before and after a hold-up tells a loss from rows that merely came late.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from emgfeedback.values import Floats

Places = npt.NDArray[np.int64]

RARE = 0.002
"""Share of rows below which a counter value is taken as a false one: each true value has 1/256 or more."""
EDGE_S = 10.0
EDGE_PERCENTILE = 2.0


def places(
    counter: Floats, times_s: Floats | None, fs_hz: float, *, ganglion: bool
) -> tuple[Places, list[str]]:
    """Return where each row belongs.

    Parameters
    ----------
    counter : (n_rows,)
        Sample index or package number as the file has it; NaN where it cannot be read.
    times_s : (n_rows,) or None
        Times of arrival, used for losses of whole turns.
    fs_hz : float
        Sampling rate.
    ganglion : bool
        The counting of a Ganglion: 0-200, or two rows a package.

    Returns
    -------
    places : (n_rows,)
        Samples from the first row; -1 for a row that repeats the counter of the one before. On a Daisy
        such a row carries a stale half, elsewhere it was written twice.
    warnings : list of str
    """
    numbers = np.where(np.abs(counter) < 2**31, counter, -1).astype(np.int64)
    slots, turn = _ganglion_slots(numbers) if ganglion else _cyton_slots(numbers)
    steps = np.diff(slots) % turn
    if len(steps) and np.mean(steps == 1) < 0.5:
        return np.arange(len(counter)), ["the sample index does not count, so lost samples cannot be seen"]
    warnings = []
    if n_false := _mend(steps, turn):
        warnings.append(f"false sample indices put right: {n_false}")
    if times_s is not None and np.all(np.isfinite(times_s)):
        steps += turn * _whole_turns(steps, times_s, fs_hz, turn)
    result = np.concatenate(([0], np.cumsum(steps)))
    repeats = np.flatnonzero(steps == 0) + 1
    result[repeats] = -1
    if len(repeats):
        warnings.append(
            f"rows left out because they repeat the sample index of the row before: {len(repeats)}"
        )
    return result, warnings


def _cyton_slots(numbers: Places) -> tuple[Places, int]:
    """Count 0-255; a Daisy row takes two of them. A longer index is taken as one that never wraps."""
    turn = 256 if np.mean(numbers > 255) < RARE else 2**40
    steps = np.diff(numbers) % turn
    if len(steps) and np.mean(steps == 2) > 0.5:
        return numbers // 2, turn // 2
    return numbers, turn


def _ganglion_slots(numbers: Places) -> tuple[Places, int]:
    """Count samples of a Ganglion: the old GUI's index, or packages of firmware 2 or 3.

    Firmware 2 sends package 0 with one sample, then 1-100 (18 bit) or 101-200 (19 bit) with two each;
    firmware 3 sends 0-99 or 100-199 with two each (BrainFlow, ganglion_v2.cpp, ganglion_native_v3.cpp).
    """
    repeated = np.concatenate(([False], np.diff(numbers) == 0))
    if repeated.mean() < 0.25:
        return numbers, 201 if np.mean(numbers > 200) < RARE else 256
    first = np.maximum.accumulate(np.where(repeated, 0, np.arange(len(numbers))))
    second = (np.arange(len(numbers)) - first) % 2
    shares = [np.mean(group) for group in (numbers < 100, numbers >= 100, numbers == 200)]
    is_firmware_2 = shares[2] > RARE or min(shares[:2]) > RARE
    if is_firmware_2:
        return np.where(numbers == 0, 0, 2 * ((numbers - 1) % 100) + 1 + second), 201
    return 2 * (numbers % 100) + second, 200


def _mend(steps: Places, turn: int) -> int:
    """Put right, in place, single indices that do not fit between fitting neighbours (no checksum)."""
    false = np.flatnonzero((steps[:-1] != 1) & ((steps[:-1] + steps[1:]) % turn == 2) & (steps[:-1] != 0))
    steps[false] = steps[false + 1] = 1
    return len(false)


def _whole_turns(steps: Places, times_s: Floats, fs_hz: float, turn: int) -> Places:
    """Return how many turns each step hides, judged by the arrivals of the 10 s on either side."""
    turns = np.zeros(len(steps), dtype=np.int64)
    delays_s = times_s - np.concatenate(([0], np.cumsum(steps))) / fs_hz
    width = max(int(EDGE_S * fs_hz), 1)
    for step in np.flatnonzero(np.diff(times_s) > 0.5 * turn / fs_hz):
        before = np.percentile(delays_s[max(0, step + 1 - width) : step + 1], EDGE_PERCENTILE)
        after = np.percentile(delays_s[step + 1 : step + 1 + width], EDGE_PERCENTILE)
        turns[step] = max(0, round(float(after - before) * fs_hz / turn))
        delays_s[step + 1 :] -= turns[step] * turn / fs_hz
    return turns
