"""How well a contraction was held: does it sink, is it steady, how soon and for how long was it right."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from emgfeedback.values import Floats

RISE_S = 1.0
RELEASE_S = 0.5
"""The end of an effort, in which the leg comes down; that is no unsteadiness."""

OVERSHOOT_S = 2.0
SHORTEST_S = 3.0
"""Least that must remain between rise and release before a slope is said."""

BLOCK_S = 0.5
"""The slope goes through block medians: two windows of 250 ms each, and few enough for every pair."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class HoldQuality:
    """What one hold was like; None where the effort was too short to tell.

    ``droop_pct_per_10_s`` is the slope of the target's level in % of its median, negative where it sinks;
    ``steadiness_cv_pct`` the standard deviation around that slope in % of the median, smaller is steadier;
    ``overshoot_pct`` how far the peak of the first 2 s stood above the median. ``time_to_target_s`` runs
    from the beginning of the phase to the first good hop, ``longest_s`` is the longest unbroken good time,
    and ``good_share_pct`` the part of the effort that was good.
    """

    droop_pct_per_10_s: float | None
    steadiness_cv_pct: float | None
    overshoot_pct: float | None
    time_to_target_s: float | None
    longest_s: float
    good_share_pct: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain values for the log."""
        return asdict(self)


def hold_quality(level_pct: Floats, good: Mask, effort: Mask, hop_s: float) -> HoldQuality:
    """Judge one work or observe phase.

    Slope, spread and median are those of the effort without its first second and its last half second, the
    slope the median of the slopes between all pairs of half seconds (Theil 1950, Sen 1968,
    doi:10.1080/01621459.1968.10480934).

    Parameters
    ----------
    level_pct : (n_hops,)
        Level of the target, in %ref; NaN where it is not known.
    good : (n_hops,)
        Whether the hop earned good time.
    effort : (n_hops,)
        Whether the gate was open.
    hop_s : float
        Length of a hop, in s.
    """
    hops = np.flatnonzero(effort & np.isfinite(level_pct))
    time_s = np.asarray(hops * hop_s, np.float64)
    droop, steadiness, overshoot = _level(time_s, level_pct[hops], hop_s)
    right = np.flatnonzero(good)
    n_effort = int(effort.sum())
    return HoldQuality(
        droop,
        steadiness,
        overshoot,
        float(right[0] * hop_s) if len(right) else None,
        max((sum(1 for _ in run) for ok, run in groupby(good.tolist()) if ok), default=0) * hop_s,
        100 * int((good & effort).sum()) / n_effort if n_effort else None,
    )


def _level(
    time_s: Floats, level_pct: Floats, hop_s: float
) -> tuple[float | None, float | None, float | None]:
    """Droop, steadiness and overshoot of the effort hops."""
    rise, release = round(RISE_S / hop_s), round(RELEASE_S / hop_s)
    held = slice(rise, max(rise, len(level_pct) - release))
    held_s, held_pct = time_s[held], level_pct[held]
    if len(held_pct) < round(SHORTEST_S / hop_s):
        return None, None, None
    median_pct = float(np.median(held_pct))
    if median_pct <= 0:
        return None, None, None
    slope = _slope(held_s, held_pct, hop_s)
    spread_pct = float(np.std(held_pct - slope * held_s, ddof=1))
    peak_pct = float(level_pct[: round(OVERSHOOT_S / hop_s)].max())
    return 1000 * slope / median_pct, 100 * spread_pct / median_pct, 100 * (peak_pct / median_pct - 1)


def _slope(time_s: Floats, level_pct: Floats, hop_s: float) -> float:
    """Median slope between all pairs of blocks, in %ref per s."""
    n_blocks = int(len(time_s) * hop_s / BLOCK_S + 1e-9)
    at_s = np.array([np.median(part) for part in np.array_split(time_s, n_blocks)])
    at_pct = np.array([np.median(part) for part in np.array_split(level_pct, n_blocks)])
    first, second = np.triu_indices(n_blocks, 1)
    return float(np.median((at_pct[second] - at_pct[first]) / (at_s[second] - at_s[first])))
