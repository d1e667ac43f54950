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
from emgfeedback.training.onset import Order
from emgfeedback.training.reward import Hold
from emgfeedback.values import Calibration, Dominance, Floats, Frame, Reward, finite

RISE_S = 1.0
"""The beginning of an effort, before it can be called a constant task."""


@dataclass(slots=True)
class Repetition:
    """Counts the hops of one work or observe phase."""

    number: int
    start_sample: int
    hold: Hold
    good_hops: int = 0
    run_hops: int = 0
    longest_hops: int = 0
    fixed_hops: int = 0
    shares: list[float] = field(default_factory=list)
    margins_ln: list[float] = field(default_factory=list)
    ratios_ln: list[list[float]] = field(default_factory=list)
    leaders: Counter[str] = field(default_factory=Counter)
    effort_uv2: list[float] = field(default_factory=list)
    effort_band_uv: list[Floats] = field(default_factory=list)

    def add(self, frame: Frame, dominance: Dominance, reward: Reward, good_fixed: bool) -> None:
        """Count one hop."""
        self.good_hops += reward.good
        self.fixed_hops += good_fixed
        self.run_hops = self.run_hops + 1 if reward.good else 0
        self.longest_hops = max(self.longest_hops, self.run_hops)
        if not reward.withheld.startswith(("gate", "quality", "uncalibrated")):
            self.effort_uv2.append(float(frame.power_uv2[0]))
            if frame.band_uv is not None:
                self.effort_band_uv.append(frame.band_uv[:, 0])
        if dominance.measurable:
            who = dominance
            self.shares.append(who.share)
            self.margins_ln.append(censored(who.margin_ln, who.margin_low_ln, who.margin_high_ln))
            bounds = zip(who.ratio_ln, who.ratio_low_ln, who.ratio_high_ln, strict=True)
            self.ratios_ln.append([censored(*ratio) for ratio in bounds])
            self.leaders[who.leader] += 1

    def summary(self, grid: Grid, rivals: Sequence[str], calibration: Calibration | None) -> dict[str, Any]:
        """Plain values for the log; a median is None where it cannot be measured."""
        columns = list(zip(*filter(None, self.ratios_ln), strict=True)) or [()] * len(rivals)
        return {
            "repetition": self.number,
            "start_s": self.start_sample / grid.fs_hz,
            "good_s": self.good_hops * grid.hop_s,
            "longest_s": self.longest_hops * grid.hop_s,
            "fixed_line_s": self.fixed_hops * grid.hop_s,
            "rewarded": self.hold.rewarded,
            "share_median": _median(self.shares),
            "margin_median_ln": _median(self.margins_ln),
            "ratio_median_ln": {
                rival: _median(column) for rival, column in zip(rivals, columns, strict=True)
            },
            "leader": max(self.leaders, key=lambda muscle: (self.leaders[muscle], muscle), default=""),
            "fatigue": self._fatigue(grid, calibration),
        }

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
