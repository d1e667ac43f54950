"""What earns a reward: the rules that judge the ratio, the gate around them, and the hold that collects."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol as Shape

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.training.dominance import gates_uv
from emgfeedback.values import OTHER, Calibration, Floats, Frame, Reward, StreamInfo

PATIENCE_S = 2.0
DWELL_S = 0.3
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


class _Amplitudes:
    """Squared amplitudes in fractions of the reference, rest power taken out; never under 1 % of it."""

    def __init__(self, info: StreamInfo, calibration: Calibration) -> None:
        used = [info.channels[i] for i in info.used()]
        self.columns = [i for i, channel in enumerate(used) if channel.role != OTHER]
        self._rest_uv2 = [float(calibration.rest_uv[i]) ** 2 for i in self.columns]
        self._span_uv2 = [
            float(calibration.reference_uv[i]) ** 2 - rest_uv2
            for i, rest_uv2 in zip(self.columns, self._rest_uv2, strict=True)
        ]

    def least_ratio2(self, power_uv2: Sequence[float]) -> float:
        """Squared ratio of the target to its strongest rival."""
        target, *rivals = [
            max(1e-4, (power - rest) / span)
            for power, rest, span in zip(power_uv2, self._rest_uv2, self._span_uv2, strict=True)
        ]
        return target / max(rivals)


@rule("threshold")
class Threshold:
    """The windowed RMS of the frame, rest power taken out, at least R times each rival: what is common."""

    def __init__(self, info: StreamInfo, grid: Grid, calibration: Calibration) -> None:
        self._amplitudes = _Amplitudes(info, calibration)
        self._ratio2 = math.nan

    def observe(self, frame: Frame) -> None:
        """Take one hop; without an envelope nothing is met."""
        powers = [float(frame.envelope_uv[i]) ** 2 for i in self._amplitudes.columns]
        known = all(map(math.isfinite, powers))
        self._ratio2 = self._amplitudes.least_ratio2(powers) if known else math.nan

    def meets(self, ratio: float, was_met: bool) -> bool:
        """Judge the newest window."""
        return self._ratio2 >= ratio**2

    def confidence(self, ratio: float) -> float:
        """A threshold on an amplitude gives no probability."""
        return math.nan


@rule("hysteresis-dwell")
class HysteresisDwell(Threshold):
    """The windowed RMS: on after 300 ms above R x 1.2/1.32, off as soon as it is below R x 1.0/1.32."""

    on, off = 1.2 / RULE_LINE, 1.0 / RULE_LINE

    def __init__(self, info: StreamInfo, grid: Grid, calibration: Calibration) -> None:
        super().__init__(info, grid, calibration)
        self._ratios2: deque[float] = deque(maxlen=grid.hops(DWELL_S))

    def observe(self, frame: Frame) -> None:
        """Take one hop; without an envelope the dwell begins anew."""
        super().observe(frame)
        if math.isfinite(self._ratio2):
            self._ratios2.append(self._ratio2)
        else:
            self._ratios2.clear()

    def meets(self, ratio: float, was_met: bool) -> bool:
        """Judge the newest window to stay on, the last 300 ms to turn on."""
        if was_met:
            return self._ratio2 >= (ratio * self.off) ** 2
        full = len(self._ratios2) == self._ratios2.maxlen
        return full and min(self._ratios2) >= (ratio * self.on) ** 2


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
        self._amplitudes = _Amplitudes(info, calibration)
        self._powers: deque[list[float]] = deque(maxlen=grid.hops(window_s))
        self._ratio2 = math.nan

    def observe(self, frame: Frame) -> None:
        """Take one hop; lost samples empty the window, a bad channel adds nothing to it."""
        powers = [float(frame.power_uv2[i]) for i in self._amplitudes.columns]
        if not all(map(math.isfinite, powers)):
            self._powers.clear()
        elif any(frame.quality[i] for i in self._amplitudes.columns):
            return
        else:
            self._powers.append(powers)
        self._ratio2 = math.nan
        if len(self._powers) == self._powers.maxlen:
            n = len(self._powers)
            means = [math.fsum(column) / n for column in zip(*self._powers, strict=True)]
            self._ratio2 = self._amplitudes.least_ratio2(means)

    def meets(self, ratio: float, was_met: bool) -> bool:
        """Judge the newest window; False until it is full."""
        guard = ratio * (self._off if was_met else self._on)
        return self._ratio2 >= guard**2

    def confidence(self, ratio: float) -> float:
        """Two thresholds on an amplitude give no probability."""
        return math.nan


_TUNED = ((1000.0, 0.15, 1.6), (500.0, 0.2, 1.6), (240.0, 0.3, 1.55), (160.0, 0.38, 1.55), (0.0, 0.85, 1.55))


class Gate:
    """Everything besides the ratio: clean channels, effort above rest, and no more effort than allowed.

    Parameters
    ----------
    ceiling_pct : level of the target that is too much, None for no such level
    rival_ceiling_pct : level of a rival above which it does not count as relaxed, by muscle
    """

    def __init__(
        self,
        info: StreamInfo,
        calibration: Calibration,
        min_level_pct: float,
        ceiling_pct: float | None,
        rival_ceiling_pct: Mapping[str, float] | None = None,
    ) -> None:
        used = [info.channels[i] for i in info.used()]
        self._watched = [(i, channel.muscle) for i, channel in enumerate(used) if channel.role != OTHER]
        self._gate_uv = float(gates_uv(calibration)[0])
        self._min_level_pct = min_level_pct
        self._ceiling_pct = math.inf if ceiling_pct is None else ceiling_pct
        ceilings = rival_ceiling_pct or {}
        self._rivals = [(i, muscle, ceilings[muscle]) for i, muscle in self._watched if muscle in ceilings]

    def __call__(self, frame: Frame, level_pct: Floats) -> str:
        """Name what is missing first; empty when open.

        ``quality:MUSCLE``, ``gate``, ``ceiling`` or ``rival:MUSCLE``, for levels (n_used,) in %ref.
        """
        for i, muscle in self._watched:
            if frame.quality[i]:
                return f"quality:{muscle}"
        target_pct = float(level_pct[0])
        if not (frame.envelope_uv[0] >= self._gate_uv and target_pct >= self._min_level_pct):
            return "gate"
        if target_pct > self._ceiling_pct:
            return "ceiling"
        return next((f"rival:{muscle}" for i, muscle, top in self._rivals if level_pct[i] > top), "")


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
