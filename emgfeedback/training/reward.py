"""What earns a reward: the rules that judge the ratio, the gate around them, and the hold that collects."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol as Shape

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.training.dominance import gates_uv
from emgfeedback.values import OTHER, Calibration, Frame, Reward, StreamInfo

PATIENCE_S = 2.0
RULE_LINE = 1.32
"""The ratio R for which the guards of the rules were tuned; they scale with R."""


class Rule(Shape):
    """Says, hop by hop, whether the target is at least ``ratio`` times each rival."""

    def observe(self, frame: Frame) -> None:
        """Take one hop."""

    def meets(self, ratio: float, was_met: bool) -> bool:
        """Judge any ratio on what was observed; ``was_met`` is the verdict on the hop before."""

    def confidence(self, ratio: float) -> float:
        """Probability that the ratio is reached, NaN where the rule gives none."""


RULES: dict[str, Callable[[StreamInfo, Grid, Calibration], Rule]] = {}


def rule(name: str) -> Callable[[type], type]:
    """Enter a rule class under its name."""

    def enter(cls: type) -> type:
        RULES[name] = cls
        return cls

    return enter


@rule("rms-hysteresis")
class RmsHysteresis:
    """Ratio of windowed RMS, rest power taken out, with two thresholds and no dwell.

    The window and the on-guard were tuned on synthetic EMG for at most 1 % false reward with one rival
    exactly equal: 300 ms and 1.55 / 1.3 at 250 Hz, 150 ms and 1.6 / 1.3 at 1000 Hz; other rates take the
    window with as many independent samples. The guards are R x 1.55/1.32 and R x 1.3/1.32.
    """

    def __init__(self, info: StreamInfo, grid: Grid, calibration: Calibration) -> None:
        window_s, on = next((w, on) for fs_hz, w, on in _TUNED if grid.fs_hz >= fs_hz)
        self._on, self._off = on / RULE_LINE, 1.3 / RULE_LINE
        used = [info.channels[i] for i in info.used()]
        self._columns = [i for i, channel in enumerate(used) if channel.role != OTHER]
        self._rest_uv2 = [float(calibration.rest_uv[i]) ** 2 for i in self._columns]
        self._span_uv2 = [
            float(calibration.reference_uv[i]) ** 2 - rest_uv2
            for i, rest_uv2 in zip(self._columns, self._rest_uv2, strict=True)
        ]
        self._powers: deque[list[float]] = deque(maxlen=grid.hops(window_s))

    def observe(self, frame: Frame) -> None:
        """Take one hop; lost samples empty the window."""
        powers = [float(frame.power_uv2[i]) for i in self._columns]
        if all(map(math.isfinite, powers)):
            self._powers.append(powers)
        else:
            self._powers.clear()

    def meets(self, ratio: float, was_met: bool) -> bool:
        """Judge the newest window; False until it is full."""
        if len(self._powers) < (self._powers.maxlen or 0):
            return False
        guard = ratio * (self._off if was_met else self._on)
        target, *rivals = self._amplitudes2()
        return all(target >= guard**2 * rival for rival in rivals)

    def confidence(self, ratio: float) -> float:
        """Two thresholds on an amplitude give no probability."""
        return math.nan

    def _amplitudes2(self) -> list[float]:
        """Squared amplitude in fractions of the reference, at least 1 % of it."""
        n = len(self._powers)
        means = [math.fsum(column) / n for column in zip(*self._powers, strict=True)]
        return [
            max(1e-4, (mean - rest) / span)
            for mean, rest, span in zip(means, self._rest_uv2, self._span_uv2, strict=True)
        ]


_TUNED = ((1000.0, 0.15, 1.6), (500.0, 0.2, 1.6), (240.0, 0.3, 1.55), (160.0, 0.38, 1.55), (0.0, 0.85, 1.55))


class Gate:
    """Everything besides the ratio: clean channels, effort above rest, and no more effort than allowed."""

    def __init__(
        self, info: StreamInfo, calibration: Calibration, min_level_pct: float, ceiling_pct: float | None
    ) -> None:
        used = [info.channels[i] for i in info.used()]
        self._watched = [(i, channel.muscle) for i, channel in enumerate(used) if channel.role != OTHER]
        self._gate_uv = float(gates_uv(calibration)[0])
        self._min_level_pct = min_level_pct
        self._ceiling_pct = math.inf if ceiling_pct is None else ceiling_pct

    def __call__(self, frame: Frame, target_pct: float) -> str:
        """Name what is missing first: ``quality:MUSCLE``, ``gate``, ``ceiling``; empty when open."""
        for i, muscle in self._watched:
            if frame.quality[i]:
                return f"quality:{muscle}"
        if not (frame.envelope_uv[0] >= self._gate_uv and target_pct >= self._min_level_pct):
            return "gate"
        return "ceiling" if target_pct > self._ceiling_pct else ""


@dataclass(slots=True)
class Hold:
    """An attempt to collect good time until its length is reached.

    Off time pauses it; two seconds off in a row end the attempt, and the next good hop begins another.
    Once rewarded it is full.
    """

    goal_hops: int
    patience_hops: int
    good_hops: int = 0
    off_hops: int = 0
    rewarded: bool = False

    def add(self, good: bool) -> bool:
        """Count one hop; True exactly once, when the hold is complete."""
        if self.rewarded:
            return False
        if not good:
            self.off_hops += 1
            if self.off_hops >= self.patience_hops:
                self.good_hops = 0
            return False
        self.off_hops = 0
        self.good_hops += 1
        self.rewarded = self.good_hops >= self.goal_hops
        return self.rewarded


def verdict(missing: str, ratio_met: bool, feedback: bool) -> Reward:
    """Put gate and rule together; ``feedback`` is False in phases that reward nothing."""
    withheld = missing or ("" if ratio_met else "ratio")
    return Reward(not withheld, False, withheld or ("" if feedback else "phase"))
