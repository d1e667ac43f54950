"""The display line: from a person's own start block towards a top ratio, one step a set, in ln units.

Every repetition is also scored at the fixed ratio, so that a line which comes down cannot fake progress.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from emgfeedback.values import Event, Shaping

ROUNDING_LN = 1e-9
"""A shorter way than this is no step: a line that went through exp and ln again comes back this close."""


@dataclass(frozen=True, slots=True)
class Line:
    """A display line and what put it there.

    ``cause`` is empty for the line that the session began with, else operator, start block or shaping;
    ``block`` is the set that was judged, 0 where none was, and ``success_pct`` what it came to.
    ``from_sample`` is the sample index from which the line holds.
    """

    from_sample: int
    ratio: float
    cause: str = ""
    block: int = 0
    success_pct: float | None = None


def start_ln(margins_ln: Iterable[float | None], shaping: Shaping) -> float | None:
    """First display line: the person's own start block and a step above it, never above the top ratio.

    It is the floor as well: at the median itself, standing still would be rewarded half of the time. None
    where no margin of the start block is known: the fixed ratio stays the line then.

    Parameters
    ----------
    margins_ln : median margin of each repetition of the block that is not void; None and NaN are left out
    """
    known = _known(margins_ln)
    if not known:
        return None
    return min(statistics.median(known) + shaping.above_ln, math.log(shaping.top_ratio))


def next_ln(
    line_ln: float, floor_ln: float, success: Iterable[bool | None], shaping: Shaping
) -> tuple[float, float | None]:
    """Line after a set, at most one step from the one before, and the success of the set in %.

    Harder above one limit of success, easier below the other. A line that the operator put outside of floor
    and top goes back one step at a time and is never moved against the success. Without a floor there is no
    start block to be measured against, and the line stays.

    Parameters
    ----------
    floor_ln : the first line of the session, NaN where no start block was measured
    success : whether each repetition that is not void met the line; None, where nothing was asked, is left
        out, and without any the line stays and the success is None
    """
    met = [one for one in success if one is not None]
    if not met:
        return line_ln, None
    success_pct = 100 * sum(met) / len(met)
    return _stepped_ln(line_ln, floor_ln, success_pct, shaping), success_pct


def _stepped_ln(line_ln: float, floor_ln: float, success_pct: float, shaping: Shaping) -> float:
    moved_ln = line_ln
    if math.isnan(floor_ln):
        return line_ln
    if success_pct > shaping.harder_above_pct:
        moved_ln = max(line_ln, min(line_ln + shaping.step_ln, math.log(shaping.top_ratio)))
    elif success_pct < shaping.easier_below_pct:
        moved_ln = min(line_ln, max(line_ln - shaping.step_ln, floor_ln))
    return line_ln if abs(moved_ln - line_ln) < ROUNDING_LN else moved_ln


def lines_of(events: Iterable[Event]) -> list[Line]:
    """Every display line of a session in order, from its ``ratio`` events alone; empty without any.

    The first is the one that the session began with. An event that left the line where it was is a line of
    its own, so that each set that was judged is there with its success.
    """
    told = [event for event in events if event.kind == "ratio"]
    began = [Line(0, float(event.data["from"])) for event in told[:1]]
    return began + [
        Line(
            event.sample,
            float(event.data["to"]),
            str(event.data["cause"]),
            int(event.data.get("block", 0)),
            event.data.get("success_pct"),
        )
        for event in told
    ]


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]
