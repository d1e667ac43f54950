"""Test, change one thing, test again: what a change did, against what one session varies by itself."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emgfeedback.training.claims import change_from_start

CV_WITHIN = (0.11, 0.22)
"""Lowest and highest spread of one muscle's level within a person and session, healthy people (Bolgla & Uhl
2007, J Electromyogr Kinesiol 17:102)."""

LEAST = 5
FULL_LEVEL = 3
BLOCKS_TO_ADVANCE = 2
BEYOND, WITHIN, UNCLEAR = "beyond", "not beyond", "unclear"
_MARGIN = "margin"

Repetitions = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """Change of a mean log ratio from the start block, with Welch's 95 % interval, NaN where it is not known.

    ``mdc_ln`` is the least change to be told from the spread within a session, low and high estimate;
    ``before`` and ``after`` count the repetitions.
    """

    change_ln: float
    low_ln: float
    high_ln: float
    before: int
    after: int
    mdc_ln: tuple[float, float]
    verdict: str
    words: str

    @property
    def times(self) -> float:
        """The change as a factor on the ratio: 1.5 is half as much again."""
        return math.exp(self.change_ln)


@dataclass(frozen=True, slots=True)
class Retest:
    """One row of the tweak log: a retest or probe block against the start block.

    ``tweak`` and ``level`` name what was changed, empty and None for nothing. ``block`` is 0 where a noted
    tweak was never tested again; it has no changes then. ``margin`` is the change of the worst ratio, the
    one to decide by, and ``rivals`` those of the ratio to each rival.
    """

    block: int
    role: str
    label: str
    tweak: str
    level: int | None
    margin: Change | None
    rivals: Mapping[str, Change]
    verdict: str
    words: str


@dataclass(frozen=True, slots=True)
class Helped:
    """Repetitions done with one number of helps; ``kept`` is the mean ratio over that with the most helps."""

    helps: int
    repetitions: int
    margin_ln: float
    kept: float


def mdc_ln(n: float, cv: float) -> float:
    """Least change of ln(target / rival) between two means of ``n`` repetitions that passes the spread.

    1.96·√2·√(cv² + cv²)/√n, both muscles with the same coefficient of variation and independent. For 1, 5
    and 10 repetitions and the ``CV_WITHIN``: ×1.54 to 2.37, ×1.21 to 1.47, ×1.15 to 1.31. Within a session
    only; between visits it is not established.
    """
    return 1.96 * math.sqrt(2) * math.hypot(cv, cv) / math.sqrt(n)


def retests(repetitions: Repetitions, tweaks: Repetitions = ()) -> list[Retest]:
    """Compare each retest or probe block with the start block; empty without a start block.

    A change is ``beyond`` what one session varies when it passes the high estimate and its interval leaves
    out 0, ``not beyond`` when it stays under the low one; anything else, fewer than 5 repetitions in a
    block, or more than one tweak within a block is ``unclear``.

    Parameters
    ----------
    repetitions : data of ``repetition`` events, vetoes entered: ``block``, ``role``, ``label``, ``void``,
        ``margin_median_ln``, ``ratio_median_ln``, ``tweak``
    tweaks : data of ``tweak`` events; one that no such block was done with is a row of its own
    """
    blocks: dict[int, list[Mapping[str, Any]]] = {}
    for one in repetitions:
        if not one["void"]:
            blocks.setdefault(one["block"], []).append(one)
    start = next((done for done in blocks.values() if done[0]["role"] == "start"), None)
    if start is None:
        return []
    tested = [done for done in blocks.values() if done[0]["role"] in ("retest", "probe")]
    seen = {_tweak(one) for done in tested for one in done}
    noted = dict.fromkeys((str(one.get("label", "")), one.get("level")) for one in tweaks)
    missing = [_not_tested(*tweak) for tweak in noted if tweak[0] and tweak not in seen]
    return [_retest(start, done) for done in tested] + missing


def _retest(start: Repetitions, done: Repetitions) -> Retest:
    """One row: the changes of a block, and the verdict on its margin."""
    first = done[0]
    changes = _changes(start, done)
    margin = changes.pop(_MARGIN, None)
    verdict, words = (margin.verdict, margin.words) if margin else (UNCLEAR, "the margin was not measured")
    label, level = _tweak(first)
    if len({_tweak(one) for one in done}) > 1:
        verdict, words = UNCLEAR, "more than one thing was changed within the block"
        label, level = "", None
    return Retest(
        first["block"], first["role"], first["label"], label, level, margin, changes, verdict, words
    )


def _not_tested(label: str, level: int | None) -> Retest:
    return Retest(0, "", "", label, level, None, {}, UNCLEAR, "not tested again")


def _tweak(one: Mapping[str, Any]) -> tuple[str, int | None]:
    return str(one["tweak"].get("label", "")), one["tweak"].get("level")


def _changes(start: Repetitions, done: Repetitions) -> dict[str, Change]:
    """Change of each ratio and of the margin, by the interval that `claims` states."""
    ratios = [
        {"block": block, "void": "", "ratio_median_ln": _ratios(one)}
        for block, some in enumerate((start, done))
        for one in some
    ]
    found = {}
    for name, interval in change_from_start(ratios).items():
        before, after = (sum(_ratios(one).get(name) is not None for one in some) for some in (start, done))
        found[name] = _change(interval, before, after)
    return found


def _ratios(one: Mapping[str, Any]) -> dict[str, float | None]:
    return {**one["ratio_median_ln"], _MARGIN: one["margin_median_ln"]}


def _change(interval: tuple[float, float, float], before: int, after: int) -> Change:
    n = statistics.harmonic_mean((before, after))
    low, high = (mdc_ln(n, cv) for cv in CV_WITHIN)
    verdict = _verdict(interval, low, high) if min(before, after) >= LEAST else UNCLEAR
    words = _words(interval, verdict)
    if min(before, after) < LEAST:
        words = f"{words}; {min(before, after)} repetitions are too few, {LEAST} are needed"
    return Change(*interval, before, after, (low, high), verdict, words)


def _verdict(interval: tuple[float, float, float], low: float, high: float) -> str:
    change_ln, low_ln, high_ln = interval
    if abs(change_ln) > high and (low_ln > 0 or high_ln < 0):
        return BEYOND
    return WITHIN if abs(change_ln) < low else UNCLEAR


_SAYS = {
    BEYOND: ", beyond what one session varies",
    WITHIN: ", within what one session varies",
    UNCLEAR: ", not to be told from what one session varies",
}


def _words(interval: tuple[float, float, float], verdict: str) -> str:
    times, low, high = map(math.exp, interval)
    bounds = "" if math.isnan(low) else f" ({low:.2f} to {high:.2f})"
    return f"x{times:.2f}{bounds}{_SAYS[verdict]}"


def fade_level(history: Sequence[tuple[int, Sequence[float]]]) -> int:
    """Level of the tweak for the next block: 3 the whole of it, 0 none.

    One less when the last 2 blocks at the present level kept the margin of the first block at level 3, less
    at most the low estimate of what a session varies; a better margin is no reason to wait. The first
    block itself says what is to be kept and does not count. A level that the operator chose is the present
    one; nothing ever goes back up by itself.

    Parameters
    ----------
    history : (level, margins in ln of the repetitions that are not void) of each block, in order
    """
    done = [(level, margins_ln) for level, margins_ln in history if len(margins_ln)]
    if not done:
        return FULL_LEVEL
    level = done[-1][0]
    whole = next((margins_ln for at, margins_ln in done if at == FULL_LEVEL), None)
    last = [(at, margins_ln) for at, margins_ln in done if margins_ln is not whole][-BLOCKS_TO_ADVANCE:]
    if whole is None or len(last) < BLOCKS_TO_ADVANCE:
        return level
    kept = all(at == level and _kept(whole, margins_ln) for at, margins_ln in last)
    return max(0, level - kept)


def _kept(whole_ln: Sequence[float], margins_ln: Sequence[float]) -> bool:
    n = statistics.harmonic_mean((len(whole_ln), len(margins_ln)))
    return statistics.fmean(margins_ln) >= statistics.fmean(whole_ln) - mdc_ln(n, CV_WITHIN[0])


def helps_table(repetitions: Repetitions) -> list[Helped]:
    """The mean ratio with 3, 2, 1 and no helps, and how much of that with the most helps it keeps.

    Parameters
    ----------
    repetitions : data of ``repetition`` events: ``helps`` with its ``count``, ``margin_median_ln``, ``void``

    Returns
    -------
    list of Helped
        From the most helps down; repetitions that are void, without a noted number of helps or without a
        margin are left out.
    """
    margins_ln: dict[int, list[float]] = {}
    for one in repetitions:
        count, margin = one["helps"].get("count"), one["margin_median_ln"]
        if not one["void"] and count is not None and margin is not None:
            margins_ln.setdefault(int(count), []).append(float(margin))
    means = {count: statistics.fmean(margins_ln[count]) for count in sorted(margins_ln, reverse=True)}
    most = next(iter(means.values()), math.nan)
    return [
        Helped(count, len(margins_ln[count]), mean, math.exp(mean - most)) for count, mean in means.items()
    ]
