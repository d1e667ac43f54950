"""How much of one muscle another electrode pair hears, told from muscles that work together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emgfeedback.processing.envelope import ordered_sum
from emgfeedback.values import Floats

LONGEST_LAG_S = 0.01
"""Muscle fibres conduct at 3 to 5 m/s: over 4 cm of skin a leak is late by at most 10 ms."""

Z95 = 1.959964
STEPS = 60
LEAST_POWER = 1e-6
RIDGE = 1e-9


@dataclass(frozen=True, slots=True)
class Follower:
    """Peak of the normalised cross-correlation of two channels, and by how much the second comes later."""

    correlation: float
    lag_samples: int


@dataclass(frozen=True, slots=True)
class Contraction:
    """One guided contraction: ``muscle`` is the channel it is meant for.

    ``covariance_uv2`` is (n_channels, n_channels); ``dof`` its number of independent samples.
    """

    muscle: int
    covariance_uv2: Floats
    dof: float


@dataclass(frozen=True, slots=True)
class Leaks:
    """What each channel hears of each muscle, in fractions of what the muscle's own channel hears.

    ``fraction`` and ``half_width`` (95 %) are (n_channels, n_muscles): row channel, column muscle; the
    half width is infinite where the contractions cannot tell. ``misfit`` is χ² per degree of freedom of what
    leaks leave unexplained: about 1, more where a leak comes late or two channels hear an unrecorded muscle;
    the half widths have grown by its root. 0 where two channels leave nothing to compare.
    """

    fraction: Floats
    half_width: Floats
    misfit: float


def follower(samples_uv: Floats, first: int, second: int, fs_hz: float) -> Follower:
    """Peak of |r(τ)| = |Σ x(t)·y(t+τ)| / √(Σx²·Σy²) for lags up to 10 ms, of (n_samples, n_channels)."""
    x, y = samples_uv[:, first], samples_uv[:, second]
    scale = math.sqrt(_inner(x, x) * _inner(y, y))
    if not scale > 0:
        return Follower(math.nan, 0)
    longest = min(round(LONGEST_LAG_S * fs_hz), len(x) - 1)
    n = len(x)
    found = [
        Follower(_inner(x[max(0, -lag) : n - max(0, lag)], y[max(0, lag) : n + min(0, lag)]) / scale, lag)
        for lag in sorted(range(-longest, longest + 1), key=abs)
    ]
    return max(found, key=lambda one: abs(one.correlation))


def covariance(samples_uv: Floats, lags: Sequence[int]) -> Floats:
    """Mean products (n_channels, n_channels) of samples (n_samples, n_channels), each channel read ``lag``
    samples later."""
    first, last = max(0, -min(lags)), len(samples_uv) - max(0, *lags)
    columns = [samples_uv[first + lag : last + lag, i] for i, lag in enumerate(lags)]
    n = max(1, last - first)
    return np.array([[_inner(a, b) / n for b in columns] for a in columns])


def _inner(a: Floats, b: Floats) -> float:
    return float(ordered_sum(a * b, axis=0)) if len(a) else 0.0


def fit_leaks(contractions: Sequence[Contraction], rest_uv2: Floats) -> Leaks:
    """Separate leak from muscles that work along, by what the channels have in common.

    Channel j hears x_j = s_j + Σ_m w_jm·s_m + noise with muscles s independent of each other, so every
    contraction t has Cov_t = W·D_t·Wᵀ + R: one W for all, its own activations D_t, and the rest R. A muscle
    that works along adds to D_t alone, a leak adds what is common. Sources whose powers change from one
    contraction to the next are told apart by second-order statistics (Pham & Cardoso 2001,
    doi:10.1109/78.942614); W and D_t are fitted by scoring of the Gaussian likelihood, whose information
    gives the intervals. What the fit leaves over widens them (Birge 1932, doi:10.1103/PhysRev.40.207).

    Parameters
    ----------
    contractions : one or more; muscles without one keep their leaks at 0 with an infinite half width
    rest_uv2 : Floats, (n_channels, n_channels)
        Covariance of rest, in µV².
    """
    n = len(rest_uv2)
    loudest = np.array([max(one.covariance_uv2[i, i] for one in contractions) for i in range(n)])
    scale_uv = np.sqrt(np.maximum(loudest, np.finfo(float).tiny))
    unit = np.outer(scale_uv, scale_uv)
    tested = sorted({one.muscle for one in contractions})
    model = _Model([(row, column) for column in tested for row in range(n) if row != column], rest_uv2 / unit)
    heard = [one.covariance_uv2 / unit for one in contractions]
    weights, widths, misfit = _scored(model, heard, contractions)
    fraction, half_width = np.eye(n), np.full((n, n), math.inf)
    np.fill_diagonal(half_width, 0.0)
    for (row, column), weight, width in zip(model.leaks, weights, widths, strict=True):
        in_uv = scale_uv[row] / scale_uv[column]
        fraction[row, column], half_width[row, column] = abs(weight) * in_uv, width * in_uv
    return Leaks(fraction, half_width, misfit)


def _scored(
    model: _Model, heard: Sequence[Floats], contractions: Sequence[Contraction]
) -> tuple[Floats, Floats, float]:
    """Leaks and their 95 % half widths, in units of the scaled channels, and the misfit."""
    n = len(model.rest)
    own = {one.muscle: power for one, power in zip(contractions, heard, strict=True)}
    weights = np.array(
        [own[column][row, column] / own[column][column, column] for row, column in model.leaks]
    )
    powers = np.array([np.maximum(np.diag(power - model.rest), 1e-3) for power in heard])
    dof = [one.dof for one in contractions]
    damping, cost = 1e-3, model.cost(weights, powers, heard, dof)
    for _ in range(STEPS):
        slope, information, _ = model.score(weights, powers, heard, dof)
        damped = information + damping * np.diag(np.diag(information)) + RIDGE * np.eye(len(information))
        step = np.linalg.solve(damped, slope)
        new_weights = weights + step[: len(weights)]
        new_powers = np.maximum(powers + step[len(weights) :].reshape(-1, n), LEAST_POWER)
        new_cost = model.cost(new_weights, new_powers, heard, dof)
        if new_cost < cost:
            done = cost - new_cost < 1e-9 * abs(cost)
            weights, powers, cost, damping = new_weights, new_powers, new_cost, damping / 5
            if done:
                break
        else:
            damping *= 5
    _, information, left = model.score(weights, powers, heard, dof)
    spread = np.linalg.inv(information + RIDGE * np.eye(len(information)))
    spare = len(heard) * n * (n + 1) // 2 - len(information)
    misfit = left / spare if spare > 0 else 0.0
    return weights, Z95 * np.sqrt(max(1.0, misfit) * np.diag(spread)[: len(weights)]), misfit


class _Model:
    """The covariances that leaks and activations make, and how well they fit."""

    def __init__(self, leaks: Sequence[tuple[int, int]], rest: Floats) -> None:
        self.leaks, self.rest = leaks, rest

    def _mixing(self, weights: Floats) -> Floats:
        mixing = np.eye(len(self.rest))
        for (row, column), weight in zip(self.leaks, weights, strict=True):
            mixing[row, column] = weight
        return mixing

    def cost(self, weights: Floats, powers: Floats, heard: Sequence[Floats], dof: Sequence[float]) -> float:
        """Minus the log-likelihood: Σ_t ν_t/2·(ln det Σ_t + tr Σ_t⁻¹C_t)."""
        mixing = self._mixing(weights)
        total = 0.0
        for power, one, n in zip(powers, heard, dof, strict=True):
            made = (mixing * power) @ mixing.T + self.rest
            sign, log_det = np.linalg.slogdet(made)
            if sign <= 0:
                return math.inf
            total += n / 2 * (log_det + float(np.trace(np.linalg.solve(made, one))))
        return total

    def score(
        self, weights: Floats, powers: Floats, heard: Sequence[Floats], dof: Sequence[float]
    ) -> tuple[Floats, Floats, float]:
        """Slope of the log-likelihood, its Fisher information, and χ² of what is left; leaks come first."""
        mixing = self._mixing(weights)
        n_leaks, n = len(self.leaks), len(self.rest)
        size = n_leaks + powers.size
        slope, information, left = np.zeros(size), np.zeros((size, size)), 0.0
        for t, (power, one, independent) in enumerate(zip(powers, heard, dof, strict=True)):
            root = np.linalg.inv(np.linalg.cholesky((mixing * power) @ mixing.T + self.rest))
            seen = root @ mixing
            changes = np.zeros((size, n * n))
            for k, (row, column) in enumerate(self.leaks):
                change = power[column] * np.outer(root[:, row], seen[:, column])
                changes[k] = (change + change.T).ravel()
            for m in range(n):
                changes[n_leaks + t * n + m] = np.outer(seen[:, m], seen[:, m]).ravel()
            misfit = (root @ one @ root.T - np.eye(n)).ravel()
            slope += independent / 2 * changes @ misfit
            information += independent / 2 * changes @ changes.T
            left += independent / 2 * float(misfit @ misfit)
        return slope, information, left
