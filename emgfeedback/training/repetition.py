"""What one repetition gave: good time, medians, who led, who began, and whether it tired."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.training.fatigue import judge_hold
from emgfeedback.training.hold_quality import hold_quality
from emgfeedback.training.lift import Lift
from emgfeedback.training.onset import Order
from emgfeedback.training.reward import Hold
from emgfeedback.values import Calibration, Dominance, Floats, Frame, Phase, Reward, finite

TOLD = ("live", "after")
"""Kinds of feedback in which a reward reaches the person."""
LEAST_MEASURED_S = 0.5
"""Effort under which who led is chance: a few stray windows of a resting muscle."""
RISE_S = 1.0
"""The beginning of an effort, before it can be called a constant task."""


NO_EFFORT = ("gate", "quality", "swing", "locked", "uncalibrated")
"""What can be missing of a hop that is no effort; short of the ratio or over a ceiling, it is one."""
WITHOUT_RATIO = ("", "ratio", "phase")


@dataclass(slots=True)
class Repetition:
    """Counts the hops of one work or observe phase.

    ``line_ratio`` is the display line of its set; ``fixed`` a hold judged at R. ``veto`` says why a
    clinician voids it.
    """

    phase: Phase
    start_sample: int
    line_ratio: float
    hold: Hold
    fixed: Hold
    lift: Lift
    veto: str = ""
    good_hops: int = 0
    run_hops: int = 0
    longest_hops: int = 0
    fixed_hops: int = 0
    quiet_hops: int = 0
    shares: list[float] = field(default_factory=list)
    margins_ln: list[float] = field(default_factory=list)
    ratios_ln: list[list[float]] = field(default_factory=list)
    leaders: Counter[str] = field(default_factory=Counter)
    goods: list[bool] = field(default_factory=list)
    levels_pct: list[float] = field(default_factory=list)
    effort_uv2: list[float] = field(default_factory=list)
    effort_band_uv: list[Floats] = field(default_factory=list)

    def add(self, frame: Frame, level_pct: float, dominance: Dominance, reward: Reward, fixed: bool) -> None:
        """Count one hop; ``level_pct`` is that of the target, ``fixed`` whether it was good at R."""
        self.good_hops += reward.good
        self.fixed_hops += fixed
        self.run_hops = self.run_hops + 1 if reward.good else 0
        self.longest_hops = max(self.longest_hops, self.run_hops)
        effort = not reward.withheld.startswith(NO_EFFORT)
        self.goods.append(reward.good)
        self.levels_pct.append(level_pct)
        if effort:
            self.effort_uv2.append(float(frame.power_uv2[0]))
            if frame.band_uv is not None:
                self.effort_band_uv.append(frame.band_uv[:, 0])
        margin_ln = math.nan
        if dominance.measurable:
            who = dominance
            margin_ln = censored(who.margin_ln, who.margin_low_ln, who.margin_high_ln)
            self.shares.append(who.share)
            self.margins_ln.append(margin_ln)
            bounds = zip(who.ratio_ln, who.ratio_low_ln, who.ratio_high_ln, strict=True)
            self.ratios_ln.append([censored(*ratio) for ratio in bounds])
            self.leaders[who.leader] += 1
        self.lift.add(effort, reward.withheld in WITHOUT_RATIO, margin_ln)

    def met(self, ratio: float, hold: Hold) -> bool | None:
        """Whether it counts at a ratio, by the rule of its phase; None where nothing is asked."""
        if self.phase.rule == "rep":
            lifted = self.lift.lifted()
            return lifted is not None and lifted.meets(ratio)
        return hold.rewarded if hold.goal_hops else None

    def summary(
        self, grid: Grid, rivals: Sequence[str], calibration: Calibration | None, fixed_ratio: float
    ) -> dict[str, Any]:
        """Plain values for the log; a median is None where it cannot be measured."""
        measured = len(self.shares) >= grid.hops(LEAST_MEASURED_S)
        known = [*zip(*filter(None, self.ratios_ln), strict=True)] if measured else []
        columns = known or [()] * len(rivals)
        met = self.met(self.line_ratio, self.hold)
        told = self.phase.kind == "work" and self.phase.feedback in TOLD
        return {
            "repetition": self.phase.repetition,
            "start_s": self.start_sample / grid.fs_hz,
            "rule": self.phase.rule,
            "role": self.phase.role,
            "label": self.phase.label,
            "feedback": self.phase.feedback if self.phase.kind == "work" else "off",
            "hold_s": self.hold.goal_hops * grid.hop_s,
            "line_ratio": self.line_ratio,
            "good_s": self.good_hops * grid.hop_s,
            "longest_s": self.longest_hops * grid.hop_s,
            "fixed_line_s": self.fixed_hops * grid.hop_s,
            "met": met,
            "met_fixed": self.met(fixed_ratio, self.fixed),
            "rewarded": bool(met) and told and not self.veto,
            "share_median": _median(self.shares) if measured else None,
            "margin_median_ln": self._margin_ln() if measured else None,
            "ratio_median_ln": {
                rival: _median(column) for rival, column in zip(rivals, columns, strict=True)
            },
            "leader": self._leader() if measured else "",
            "hold_quality": self._quality(grid),
            "peak_pct": finite(max(self.levels_pct, default=math.nan)),
            "fatigue": self._fatigue(grid, calibration),
        }

    def _leader(self) -> str:
        return max(self.leaders, key=lambda muscle: (self.leaders[muscle], muscle), default="")

    def _margin_ln(self) -> float | None:
        """Of a repetition by the middle of its stretch, of a hold by all its hops."""
        lifted = self.lift.lifted() if self.phase.rule == "rep" else None
        return finite(lifted.margin_ln) if lifted else _median(self.margins_ln)

    def _quality(self, grid: Grid) -> dict[str, Any] | None:
        if not any(self.lift.efforts):
            return None
        levels_pct, goods = np.array(self.levels_pct), np.array(self.goods)
        return hold_quality(levels_pct, goods, np.array(self.lift.efforts), grid.hop_s).to_json()

    def _fatigue(self, grid: Grid, calibration: Calibration | None) -> dict[str, Any] | None:
        """Drift of the target's amplitude, and of its spectrum where samples are kept (500 Hz and more).

        The first second of the effort is left out; None when the rest is too short.
        """
        if calibration is None:
            return None
        rise = grid.hops(RISE_S)
        held_uv2, hops_uv = np.array(self.effort_uv2[rise:]), self.effort_band_uv[rise:]
        band_uv = np.concatenate(hops_uv) if hops_uv and len(hops_uv) == len(held_uv2) else None
        judged = judge_hold(held_uv2, float(calibration.rest_uv[0]) ** 2, grid, band_uv)
        if judged is None:
            return None
        return {
            "change_ln_per_10_s": finite(judged.per_10_s_ln),
            "low_ln": finite(judged.amplitude.low_ln),
            "high_ln": finite(judged.amplitude.high_ln),
            "frequency_change_ln": finite(judged.frequency.change_ln) if judged.frequency else None,
            "frequency_off": judged.frequency_off,
            "may_be_fatigue": judged.may_be_fatigue,
            "words": judged.words,
        }


def censored(value: float, low: float, high: float) -> float:
    """A value for a median: where only one bound is known, an infinite one on that side.

    Leaving such hops out would make the median of a person whose rivals are silent too small.
    """
    if math.isfinite(value):
        return value
    if high == math.inf and low > -math.inf:
        return math.inf
    return -math.inf if low == -math.inf and high < math.inf else math.nan


def order_to_json(order: Order) -> dict[str, Any]:
    """Plain values of an onset order."""
    return {
        "rival": order.rival,
        "gap_s": finite(order.gap_s),
        "sd_s": finite(order.sd_s),
        "probability": finite(order.probability),
        "order": order.order,
        "why": order.why,
    }


def _median(values: Sequence[float]) -> float | None:
    known = [value for value in values if not math.isnan(value)]
    return finite(statistics.median(known)) if known else None
