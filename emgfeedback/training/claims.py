"""What may be said: the words that a kind of reference allows, and the change within a session."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Claims:
    """What a kind of reference allows.

    ``verb`` goes between muscle and rivals; ``bands_allowed`` is for comparison with published values and
    their names, ``trend_allowed`` for a fixed line across visits; ``outcome`` says what the result is.
    """

    verb: str
    bands_allowed: bool
    trend_allowed: bool
    unit: str
    outcome: str


_WITHIN = (
    "Outcome: the change of the target over each rival within this session, against the person's own start "
    "block; other days and other people do not compare."
)

_CLAIMS = {
    "mvic": Claims(
        "dominates",
        True,
        True,
        "%MVIC",
        "Outcome: the ratio of the target to each rival in % of maximal contraction, and its change within "
        "this session against the person's own start block.",
    ),
    "submaximal": Claims("leads", False, False, "%RVC", _WITHIN),
    "session_peak": Claims("leads", False, False, "% of session peak", _WITHIN),
    "none": Claims("leads", False, False, "µV", "No outcome: without references the muscles do not compare."),
}


def claims(kind: str) -> Claims:
    """Return what a kind of reference allows; an unknown kind allows as little as none.

    A ratio on submaximal or session-peak references holds within one person and placement only (Besomi et
    al. 2020, doi:10.1016/j.jelekin.2020.102438).
    """
    return _CLAIMS.get(kind, _CLAIMS["none"])


def change_from_start(repetitions: Sequence[Mapping[str, Any]]) -> dict[str, tuple[float, float, float]]:
    """Change of ln(target / rival) from the start block to the later ones: ``{rival: (change, low, high)}``.

    The difference of the block means with Welch's 95 % interval over repetitions; NaN bounds with fewer
    than two repetitions in a block. A reference is a factor on its muscle in both blocks, so it cancels.

    Parameters
    ----------
    repetitions : data of ``repetition`` events: ``block``, ``ratio_median_ln`` (rival → value or None) and
        ``void``; the first block that is there is the start block

    Returns
    -------
    dict
        In ln units; a rival that was not measured in both blocks is left out.
    """
    whole = [done for done in repetitions if not done["void"]]
    first = min((done["block"] for done in whole), default=0)
    rivals = dict.fromkeys(rival for done in whole for rival in done["ratio_median_ln"])
    changes = {}
    for rival in rivals:
        start = [_ratio(done, rival) for done in whole if done["block"] == first]
        later = [_ratio(done, rival) for done in whole if done["block"] != first]
        before, after = ([value for value in block if value is not None] for block in (start, later))
        if before and after:
            changes[rival] = _welch(before, after)
    return changes


def _ratio(done: Mapping[str, Any], rival: str) -> float | None:
    value = done["ratio_median_ln"].get(rival)
    return None if value is None else float(value)


def _welch(before: Sequence[float], after: Sequence[float]) -> tuple[float, float, float]:
    change = statistics.fmean(after) - statistics.fmean(before)
    if min(len(before), len(after)) < 2:
        return change, math.nan, math.nan
    a, b = (statistics.variance(block) / len(block) for block in (before, after))
    if a + b == 0:
        return change, change, change
    dof = (a + b) ** 2 / (a**2 / (len(before) - 1) + b**2 / (len(after) - 1))
    half = student_975(dof) * math.sqrt(a + b)
    return change, change - half, change + half


_T975 = (12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281)


def student_975(dof: float) -> float:
    """97.5 % point of Student's t for ``dof`` ≥ 1, within 0.1 %; between whole numbers the larger one.

    From 11 on z + (z³ + z)/(4ν) + (5z⁵ + 16z³ + 3z)/(96ν²) (Abramowitz & Stegun 1964, 26.7.5).
    """
    whole = math.floor(dof + 1e-9)
    if whole <= len(_T975):
        return _T975[max(1, whole) - 1]
    z = 1.959964
    return z + (z**3 + z) / (4 * whole) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * whole**2)
