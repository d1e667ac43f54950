"""The ratio as a belief: a recursive Bayes filter per pair of target and rival."""

from __future__ import annotations

import math

import numpy as np

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.training.reward import rule
from emgfeedback.values import OTHER, Calibration, Floats, Frame, StreamInfo

LEVELS = 57
STEP_LN = 0.08
WORKING_LEVEL = 0.25
OWN_JUMPS_PER_S = 1.0
COMMON_JUMPS_PER_S = 1.0
DRIFT_LN_PER_SQRT_S = 0.1
DIAGONALS = np.arange(LEVELS)[:, np.newaxis] - np.arange(LEVELS) + LEVELS - 1
"""Which diagonal, that is which ratio, a cell (target level, rival level) lies on."""
CELLS = (LEVELS - np.abs(np.arange(2 * LEVELS - 1) - (LEVELS - 1))).astype(np.float64)


class BayesPairs:
    """Holds P(level of target, level of rival) for each rival and updates it once per hop.

    A level is ln amplitude in fractions of the reference, 57 steps of 0.08 round 25 %. Between hops a muscle
    may drift (0.1 per √s), jump by itself, or jump together with the other at the same ratio (each once per
    second). The mean power p of a hop with d effective degrees of freedom has the likelihood
    −(d/2)·[ln(e^{2x} + n) + p/(e^{2x} + n)], n the rest power: rest is in the model, never subtracted. The
    recursion follows Sanger (2007, doi:10.1152/jn.00936.2006), taken to pairs of muscles.
    """

    def __init__(self, info: StreamInfo, grid: Grid, calibration: Calibration) -> None:
        used = [info.channels[i] for i in info.used()]
        self._columns = [i for i, channel in enumerate(used) if channel.role != OTHER]
        rest_uv2 = calibration.rest_uv[self._columns] ** 2
        self._span_uv2 = calibration.reference_uv[self._columns] ** 2 - rest_uv2
        levels = math.log(WORKING_LEVEL) + STEP_LN * (np.arange(LEVELS) - LEVELS // 2)
        self._expected = np.exp(2 * levels) + (rest_uv2 / self._span_uv2)[:, np.newaxis]
        self._ln_expected = np.log(self._expected)
        self._half_dof = calibration.dof[self._columns, np.newaxis] / 2
        self._own = OWN_JUMPS_PER_S * grid.hop_s
        self._common = COMMON_JUMPS_PER_S * grid.hop_s
        self._spread = DRIFT_LN_PER_SQRT_S**2 * grid.hop_s / STEP_LN**2
        rivals = len(self._columns) - 1
        offsets = np.arange(rivals)[:, np.newaxis, np.newaxis] * (2 * LEVELS - 1)
        self._ratio_of_cell = (DIAGONALS + offsets).ravel()
        self._belief: Floats = np.empty((rivals, LEVELS, LEVELS))
        self._ratios: Floats = np.empty((rivals, 2 * LEVELS - 1))
        self._forget()

    def observe(self, frame: Frame) -> None:
        """Take one hop; lost samples make all ratios equally likely again, a bad channel changes nothing."""
        power = frame.power_uv2[self._columns] / self._span_uv2
        if not np.isfinite(power).all():
            self._forget()
        elif not frame.quality[self._columns].any():
            self._predict()
            self._update(power)

    def confidence(self, ratio: float) -> float:
        """Probability that the target is at least ``ratio`` times each rival: the least of the pairs."""
        weights = np.clip(np.arange(1 - LEVELS, LEVELS) + 0.5 - math.log(ratio) / STEP_LN, 0.0, 1.0)
        return float((self._ratios @ weights).min())

    def _forget(self) -> None:
        self._belief.fill(1 / LEVELS**2)
        self._ratios[:] = CELLS / LEVELS**2

    def _predict(self) -> None:
        now = self._belief
        half = self._spread / 2
        new = (1 - 2 * self._spread) * now
        new[:, 1:] += half * now[:, :-1]
        new[:, :-1] += half * now[:, 1:]
        new[:, :, 1:] += half * now[:, :, :-1]
        new[:, :, :-1] += half * now[:, :, 1:]
        new[:, [0, -1]] += half * now[:, [0, -1]]
        new[:, :, [0, -1]] += half * now[:, :, [0, -1]]
        new *= 1 - 2 * self._own - self._common
        new += self._own / LEVELS * (now.sum(axis=1, keepdims=True) + now.sum(axis=2, keepdims=True))
        new += self._common * (self._ratios / CELLS)[:, DIAGONALS]
        self._belief = new

    def _update(self, power: Floats) -> None:
        likelihood = -self._half_dof * (self._ln_expected + power[:, np.newaxis] / self._expected)
        weight = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
        self._belief *= weight[0][:, np.newaxis] * weight[1:, np.newaxis, :]
        self._belief /= self._belief.sum(axis=(1, 2), keepdims=True)
        by_ratio = np.bincount(self._ratio_of_cell, self._belief.ravel(), self._ratios.size)
        self._ratios = np.asarray(by_ratio, np.float64).reshape(self._ratios.shape)


@rule("bayes-quick")
class Quick(BayesPairs):
    """On above 0.6, off below 0.5: the quickest cue."""

    on, off = 0.6, 0.5

    def meets(self, ratio: float, was_met: bool) -> bool:
        """Whether the ratio is believed to be reached."""
        return self.confidence(ratio) > (self.off if was_met else self.on)


@rule("bayes-calm")
class Calm(Quick):
    """On above 0.8, off below 0.3: flickers least."""

    on, off = 0.8, 0.3
