"""Co-contraction of two muscles by its published formulas; the two indices are not interchangeable.

Both take levels of the same instants, in % of reference, never below 0. The formulas were written for
antagonists; for synergists, as here, they say how much of the work is common, not which muscle leads. A
shape-based index and one driven by amplitude answer different questions (Carey 2026,
doi:10.1371/journal.pone.0343081).
"""

from __future__ import annotations

import math

import numpy as np

from emgfeedback.errors import InputError
from emgfeedback.values import Floats


def common_area_pct(a_pct: Floats, b_pct: Floats) -> float:
    """Common area of two levels, in % of their mean area: 2·∫min(a, b) / (∫a + ∫b)·100.

    Winter, Biomechanics and Motor Control of Human Movement; after Falconer & Winter 1985, Electromyogr
    Clin Neurophysiol 25:135-149. 100 % for equal curves, 0 % where one rests while the other works; a
    common gain changes nothing.

    Parameters
    ----------
    a_pct, b_pct : (n_samples,) levels in % of reference

    Returns
    -------
    float
        0 to 100 %; NaN where neither muscle works or where nothing is known.

    Raises
    ------
    InputError
        Levels of different length, or negative ones.
    """
    a_pct, b_pct = _paired(a_pct, b_pct)
    total = math.fsum(a_pct) + math.fsum(b_pct)
    return 200 * math.fsum(np.minimum(a_pct, b_pct)) / total if total > 0 else math.nan


def joint_level_pct(a_pct: Floats, b_pct: Floats) -> float:
    """Mean of (low / high)·(low + high), in % of reference; low and high are told apart at each sample.

    Rudolph, Axe & Snyder-Mackler 2000, Knee Surg Sports Traumatol Arthrosc 8:262-269. Driven by
    amplitude: 200 % where both are at their reference, twice as much where both work twice as hard; a
    sample in which both rest counts as 0.

    Parameters
    ----------
    a_pct, b_pct : (n_samples,) levels in % of reference

    Returns
    -------
    float
        Percent of reference, 0 or more; NaN where nothing is known.

    Raises
    ------
    InputError
        Levels of different length, or negative ones.
    """
    a_pct, b_pct = _paired(a_pct, b_pct)
    low, high = np.minimum(a_pct, b_pct), np.maximum(a_pct, b_pct)
    ratio = np.divide(low, high, out=np.zeros_like(low), where=high > 0)
    return math.fsum(ratio * (low + high)) / len(low) if len(low) else math.nan


def _paired(a_pct: Floats, b_pct: Floats) -> tuple[Floats, Floats]:
    """Both levels where both are known."""
    if a_pct.ndim != 1 or a_pct.shape != b_pct.shape:
        raise InputError(
            f"co-contraction: levels of shape {a_pct.shape} and {b_pct.shape}; "
            "give two rows of the same length, one value per instant"
        )
    known = np.isfinite(a_pct) & np.isfinite(b_pct)
    a_pct, b_pct = a_pct[known], b_pct[known]
    lowest = min(a_pct.min(initial=0.0), b_pct.min(initial=0.0))
    if lowest < 0:
        raise InputError(f"co-contraction: a level of {lowest:g} %; give levels of 0 or more, rest removed")
    return a_pct, b_pct
