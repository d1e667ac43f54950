"""The ratio as a belief: a recursive Bayes filter per pair of target and rival."""

from __future__ import annotations

import math
from operator import mul

import numpy as np
from numpy.lib.stride_tricks import as_strided

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.training.reward import rule
from emgfeedback.values import OTHER, Calibration, Floats, Frame, StreamInfo

LEVELS = 57
STEP_LN = 0.08
WORKING_LEVEL = 0.4
OWN_JUMPS_PER_S = 1.0
COMMON_JUMPS_PER_S = 1.0
WIDTH = 2 * LEVELS
"""Length of a row of the sheared belief, in which every ratio is one column; the last column stays 0."""


class BayesPairs:
    """Holds P(level of target, level of rival) for each rival and updates it once per hop.

    A level is ln amplitude in fractions of the reference, 57 steps of 0.08 round 40 %: 4 % to 376 %. Between
    hops a muscle may jump to any level by itself or together with the other at the same ratio (each once per
    second). The mean power p of a hop with d effective degrees of freedom has the likelihood
    −(d/2)·[ln(e^{2x} + n) + p/(e^{2x} + n)], n the rest power: rest is in the model, never subtracted. The
    recursion follows Sanger (2007, doi:10.1152/jn.00936.2006), taken to pairs of muscles; his slow drift is
    left out, because on the bench it made the cue slower and flicker more (docs/cue.md).

    The sums over jumps and over ratios are matrix products with ones, always of the same shape.
    """

    def __init__(self, info: StreamInfo, grid: Grid, calibration: Calibration) -> None:
        used = [info.channels[i] for i in info.used()]
        self._n = sum(channel.role != OTHER for channel in used)
        self._set_likelihood(calibration)
        rivals = self._n - 1
        own, common = OWN_JUMPS_PER_S * grid.hop_s, COMMON_JUMPS_PER_S * grid.hop_s
        stay = 1 - 2 * own - common
        cells = LEVELS - np.abs(np.arange(WIDTH) - (LEVELS - 1.0))
        self._uniform = cells / LEVELS**2
        self._jumps: Floats = np.full(LEVELS, own / LEVELS / stay)
        self._share_of_common = common / stay / np.maximum(cells, 1.0)
        self._ones: Floats = np.ones(LEVELS)
        self._weights: dict[float, Floats] = {}
        self._belief: Floats = np.empty((rivals, LEVELS, LEVELS))
        self._cells: Floats = np.empty_like(self._belief)
        self._ratios: Floats = np.empty((rivals, WIDTH))
        self._common: Floats = np.empty((rivals, WIDTH))
        self._left: Floats = np.ones((rivals, LEVELS, 2))
        self._right: Floats = np.ones((rivals, 2, LEVELS))
        self._sheared: Floats = np.zeros((rivals, LEVELS, WIDTH))
        self._shear()
        self._forget()

    def observe(self, frame: Frame) -> None:
        """Take one hop; lost samples make all ratios equally likely again.

        Of a hop with a bad channel nothing is learnt, but the belief grows old.
        """
        power = frame.power_uv2[: self._n]
        if not all(map(math.isfinite, power.tolist())):
            self._forget()
            return
        self._predict()
        if not any(frame.quality[: self._n].tolist()):
            self._weigh(power)
        else:
            self._belief *= self._scale[:, :, np.newaxis]
        self._sum_up()

    def confidence(self, ratio: float) -> float:
        """Probability that the target is at least ``ratio`` times each rival: the least of the pairs."""
        told = self._told.get(ratio)
        if told is None:
            sums = (self._ratios @ self._weights_of(ratio)).tolist()
            told = self._told[ratio] = min(map(mul, sums, self._scale.ravel().tolist()))
        return told

    def _weights_of(self, ratio: float) -> Floats:
        """How far each ratio of the grid counts as reached; the step that the line cuts counts in part."""
        weights = self._weights.get(ratio)
        if weights is None:
            steps = (LEVELS - 1.0) - np.arange(WIDTH)
            weights = self._weights[ratio] = np.clip(steps + 0.5 - math.log(ratio) / STEP_LN, 0.0, 1.0)
        return weights

    def _set_likelihood(self, calibration: Calibration) -> None:
        """Tables over level for each muscle: ln likelihood = ``_base`` − power x ``_slope``."""
        rest_uv2 = calibration.rest_uv[: self._n] ** 2
        span_uv2 = calibration.reference_uv[: self._n] ** 2 - rest_uv2
        levels = math.log(WORKING_LEVEL) + STEP_LN * (np.arange(LEVELS) - LEVELS // 2)
        expected_uv2 = np.exp(2 * levels) * span_uv2[:, np.newaxis] + rest_uv2[:, np.newaxis]
        half_dof = calibration.dof[: self._n, np.newaxis] / 2
        self._base: Floats = -half_dof * np.log(expected_uv2)
        self._slope: Floats = half_dof / expected_uv2
        self._weight: Floats = np.empty_like(self._base)

    def _shear(self) -> None:
        """Views in which a ratio is a column: cell (g, r) stands in column r − g + 56 of row g."""
        rival, row, item = self._sheared.strides
        first = LEVELS - 1
        self._cell_of_sheared: Floats = as_strided(
            self._sheared[:, :, first:], self._belief.shape, (rival, row - item, item)
        )
        self._common_of_cell: Floats = as_strided(
            self._common[:, first:], self._belief.shape, (self._common.strides[0], -item, item)
        )

    def _forget(self) -> None:
        self._heard = False
        self._told: dict[float, float] = {}
        self._belief.fill(1 / LEVELS**2)
        self._ratios[:] = self._uniform
        self._scale: Floats = np.ones((len(self._belief), 1))

    def _predict(self) -> None:
        """Add what the jumps bring; the factor of staying is left to the scale."""
        now = self._belief
        np.multiply(self._ratios, self._share_of_common, out=self._common)
        np.matmul(now, self._jumps, out=self._left[:, :, 0])
        np.matmul(self._jumps, now, out=self._right[:, 1, :])
        np.matmul(self._left, self._right, out=self._cells)
        now += self._cells
        now += self._common_of_cell

    def _weigh(self, power_uv2: Floats) -> None:
        """Weigh by the likelihoods; the scale that makes the sums 1 enters with the next hop's weights."""
        weight = self._weight
        np.multiply(self._slope, power_uv2[:, np.newaxis], out=weight)
        np.subtract(self._base, weight, out=weight)
        weight -= np.maximum.reduce(weight, axis=1, keepdims=True)
        np.exp(weight, out=weight)
        weight[1:] *= self._scale
        np.multiply(weight[0, :, np.newaxis], weight[1:, np.newaxis, :], out=self._cells)
        self._belief *= self._cells
        self._heard = True

    def _sum_up(self) -> None:
        """Add up the cells of each ratio."""
        self._cell_of_sheared[...] = self._belief
        np.matmul(self._ones, self._sheared, out=self._ratios)
        self._scale = 1 / np.add.reduce(self._ratios, axis=1, keepdims=True)
        self._told.clear()


@rule("bayes-quick")
class Quick(BayesPairs):
    """On above 0.6, off below 0.5: the quickest cue."""

    on, off = 0.6, 0.5

    def meets(self, ratio: float, was_met: bool) -> bool:
        """Whether the ratio is believed to be reached; False until something was heard."""
        return self._heard and self.confidence(ratio) > (self.off if was_met else self.on)


@rule("bayes-calm")
class Calm(Quick):
    """On above 0.8, off below 0.3: flickers least."""

    on, off = 0.8, 0.3
