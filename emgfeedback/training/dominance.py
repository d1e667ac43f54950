"""Who does the work: share for people, margin for decisions, both with 95 % bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.values import OTHER, TARGET, Calibration, Dominance, Floats, StreamInfo

Z95 = 1.959964
LEAST_LEVEL = 0.01
GATE_SD = 3.0

NOT_MEASURABLE = Dominance(math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, "", False)


class Dominator:
    """Computes `Dominance` from the envelopes of target and rivals.

    With a = √max(rms² − rest², floor²) in fractions of the reference: share = g / (g + Σ r), margin =
    min over rivals of ln(g / r). A mean of power over ν independent values has Var(ln a) = 1/(2ν),
    inflated by (rms²/a²)² where rest power was taken out (first-order error propagation).
    """

    def __init__(self, info: StreamInfo, grid: Grid, calibration: Calibration) -> None:
        used = [info.channels[i] for i in info.used()]
        self._columns = [i for i, channel in enumerate(used) if channel.role != OTHER]
        self._muscles = [used[i].muscle for i in self._columns]
        self._has_target = used[0].role == TARGET
        self._rest_uv2 = [float(calibration.rest_uv[i]) ** 2 for i in self._columns]
        self._span_uv2 = [
            float(calibration.reference_uv[i]) ** 2 - rest_uv2
            for i, rest_uv2 in zip(self._columns, self._rest_uv2, strict=True)
        ]
        gate_uv = gates_uv(calibration)
        self._floor = [
            max(LEAST_LEVEL**2, (float(gate_uv[i]) ** 2 - rest_uv2) / span)
            for i, rest_uv2, span in zip(self._columns, self._rest_uv2, self._span_uv2, strict=True)
        ]
        hops = grid.window_samples / grid.hop_samples
        self._dof = [float(calibration.dof[i]) * hops for i in self._columns]

    def __call__(self, envelope_uv: Floats) -> Dominance:
        """Judge one frame's envelopes, (n_used,); not measurable while every muscle is under its floor."""
        power = [float(envelope_uv[i]) ** 2 for i in self._columns]
        above = [
            (p - rest) / span for p, rest, span in zip(power, self._rest_uv2, self._span_uv2, strict=True)
        ]
        if not self._has_target or not any(a > floor for a, floor in zip(above, self._floor, strict=True)):
            return NOT_MEASURABLE
        squared = [max(a, floor) for a, floor in zip(above, self._floor, strict=True)]
        variance = [
            (p / (a * span)) ** 2 / (2 * dof)
            for p, a, span, dof in zip(power, squared, self._span_uv2, self._dof, strict=True)
        ]
        margin, margin_low = _margin(squared, variance)
        levels = [math.sqrt(max(0.0, a)) for a in above]
        share, half_width = _share(levels, variance)
        return Dominance(
            share=share,
            share_low=max(0.0, share - half_width),
            share_high=min(1.0, share + half_width),
            margin_ln=margin,
            margin_low_ln=margin_low,
            confidence=math.nan,
            leader=self._muscles[levels.index(max(levels))],
            measurable=True,
        )


def gates_uv(calibration: Calibration) -> Floats:
    """Envelope above which a muscle is on: rest plus three SD of the rest windows, (n_used,)."""
    return np.asarray(calibration.rest_uv + GATE_SD * calibration.rest_sd_uv)


def _margin(squared: Sequence[float], variance: Sequence[float]) -> tuple[float, float]:
    ratios = [0.5 * math.log(squared[0] / rival) for rival in squared[1:]]
    lows = [
        ratio - Z95 * math.sqrt(variance[0] + rival)
        for ratio, rival in zip(ratios, variance[1:], strict=True)
    ]
    return min(ratios), min(lows)


def _share(levels: Sequence[float], variance: Sequence[float]) -> tuple[float, float]:
    """Share of the first level and the half width of its interval, by the delta method."""
    total = math.fsum(levels)
    share = levels[0] / total
    spread = (1 - share) ** 2 * variance[0]
    spread += math.fsum((level / total) ** 2 * v for level, v in zip(levels[1:], variance[1:], strict=True))
    return share, Z95 * share * math.sqrt(spread)
