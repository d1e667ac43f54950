"""What lag products tell: how independent the samples are, how wide the spectrum, how to whiten it."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from emgfeedback.processing.envelope import ordered_sum
from emgfeedback.values import Floats

LONGEST_LAG_S = 0.06
"""Band-passed EMG has forgotten itself by then: what is beyond adds under 1 % to the sum of squares."""

WHITENING_ORDER = 6
WORKING_LEVEL = 0.25
WHITE_FLOOR = 1e-3
"""Share of the power taken to be white, so that nothing outside the band is lifted without bound."""


def n_lags(fs_hz: float) -> int:
    """How many lags to listen to, lag 0 included: 60 ms of them."""
    return max(WHITENING_ORDER, math.ceil(LONGEST_LAG_S * fs_hz)) + 1


def lag_products(previous_uv: Floats, clean_uv: Floats) -> Floats:
    """Mean of x[t]·x[t−k] over the samples t of a hop, for every lag k from 0 on.

    Parameters
    ----------
    previous_uv : Floats, (n_lags - 1, n_channels)
        The filtered samples just before the hop, in µV.
    clean_uv : Floats, (hop_samples, n_channels)
        The filtered hop, in µV.

    Returns
    -------
    Floats, (n_lags, n_channels)
        In µV²; row 0 is the mean power. The mean of many hops is the autocovariance. Every sum runs first
        to last, so the answer depends on the samples alone.
    """
    stretch_uv = np.concatenate([previous_uv, clean_uv])
    delayed_uv = sliding_window_view(stretch_uv, len(clean_uv), axis=0)[::-1]
    return ordered_sum(delayed_uv * clean_uv.T, axis=-1) / len(clean_uv)


def dof_per_hop(lag_uv2: Floats, hop_samples: int) -> Floats:
    """Degrees of freedom d that each hop of a long steady stretch adds to what is known of the power.

    For Gaussian samples Var(mean x²) = (2 σ⁴ / N)·(1 + 2 Σ_k (1 − k/N) ρ_k²) (Bendat & Piersol, Random Data,
    4th ed., doi:10.1002/9781118032428, chapter 8), and a mean of d independent squares varies by 2 σ⁴ / d.
    A hop by itself would have N / (1 + 2 Σ_{k<N} (1 − k/N) ρ_k²), a quarter more at 250 Hz; but part of
    that the hop before has told already. Whoever multiplies hops as if they were independent needs the
    limit, d = N / (1 + 2 Σ ρ_k²) = 2·B·N/fs. Noise in ρ adds to its squares: d errs downwards.

    Parameters
    ----------
    lag_uv2 : Floats, (n_lags, n_channels)
        Mean lag products of a steady stretch, in µV².
    hop_samples : int
        Length N of a hop.

    Returns
    -------
    Floats, (n_channels,)
        At most N; NaN where there is no power.
    """
    return np.asarray(hop_samples / (1 + 2 * ordered_sum(_correlation_squares(lag_uv2)[1:], axis=0)))


def dof_of_window(lag_uv2: Floats, window_samples: int) -> Floats:
    """Degrees of freedom of the mean power of one window standing alone, (n_channels,): 2 / CV².

    N / (1 + 2 Σ_{k<N} (1 − k/N) ρ_k²), see `dof_per_hop`; for the interval round one windowed RMS.
    """
    squares = _correlation_squares(lag_uv2)[:window_samples]
    weights = 1 - np.arange(1, len(squares)) / window_samples
    return np.asarray(window_samples / (1 + 2 * ordered_sum(weights[:, np.newaxis] * squares[1:], axis=0)))


def bandwidth_hz(lag_uv2: Floats, fs_hz: float) -> Floats:
    """Statistical bandwidth B = (∫G df)² / ∫G² df of the spectrum G, (n_channels,), in Hz.

    By Parseval B = fs / (2·(1 + 2 Σ_k ρ_k²)); a long window of T seconds holds 2·B·T independent values.
    NaN where there is no power. ``lag_uv2`` is (n_lags, n_channels), in µV².
    """
    return dof_per_hop(lag_uv2, 1) * fs_hz / 2


def whitening_filters(reference_lag_uv2: Floats, rest_lag_uv2: Floats) -> tuple[tuple[float, ...], ...]:
    """Filters that make the EMG of each channel white, so that its power is known sooner.

    The prediction-error filter 1 − Σ a_k z⁻ᵏ of an AR(6) model, solved by the Levinson-Durbin recursion
    (whitening learnt from a calibration contraction: Clancy & Hogan 1994, doi:10.1109/10.284927). What is
    whitened is EMG at a quarter of the reference over its rest noise: whitening EMG alone lifts the noise
    where EMG has little power, and is worse than nothing at low levels (Clancy & Farry 2000,
    doi:10.1109/10.844217). The gain leaves the RMS of the EMG as it was; rest noise is lifted (`lift`).

    Parameters
    ----------
    reference_lag_uv2, rest_lag_uv2 : Floats, (n_lags, n_channels)
        Mean lag products of reference and of rest, in µV²; at least seven lags.

    Returns
    -------
    tuple of tuples
        Seven taps per channel, newest sample first; () where reference and rest are no EMG over noise.
    """
    emg_uv2 = (reference_lag_uv2 - rest_lag_uv2)[: WHITENING_ORDER + 1]
    at_work_uv2 = WORKING_LEVEL**2 * emg_uv2 + rest_lag_uv2[: WHITENING_ORDER + 1]
    at_work_uv2[0] *= 1 + WHITE_FLOOR
    return tuple(_whitener(*both) for both in zip(emg_uv2.T, at_work_uv2.T, strict=True))


def lift(taps: tuple[float, ...], lag_uv2: Floats) -> float:
    """Power after a filter over power before it, for noise of autocovariance ``lag_uv2``, (n_lags,)."""
    reach = np.abs(np.subtract.outer(np.arange(len(taps)), np.arange(len(taps))))
    return float((np.multiply.outer(taps, taps) * lag_uv2[reach]).sum() / lag_uv2[0])


def _correlation_squares(lag_uv2: Floats) -> Floats:
    power_uv2 = np.where(lag_uv2[0] > 0, lag_uv2[0], math.nan)
    return np.asarray(np.square(lag_uv2 / power_uv2))


def _whitener(emg_uv2: Floats, at_work_uv2: Floats) -> tuple[float, ...]:
    taps = _prediction_error(at_work_uv2.tolist())
    passed = lift(taps, emg_uv2) if taps and emg_uv2[0] > 0 else 0.0
    return tuple(tap / math.sqrt(passed) for tap in taps) if passed > 0 else ()


def _prediction_error(lag_uv2: list[float]) -> tuple[float, ...]:
    """Levinson-Durbin: 1, −a_1 … −a_p; () unless the lags are those of a spectrum (positive definite)."""
    taps, left_uv2 = [1.0], lag_uv2[0]
    if not left_uv2 > 0 or not all(map(math.isfinite, lag_uv2)):
        return ()
    for order in range(1, len(lag_uv2)):
        reflected = -sum(tap * lag_uv2[order - k] for k, tap in enumerate(taps)) / left_uv2
        taps = [a + reflected * b for a, b in zip([*taps, 0.0], [0.0, *taps[::-1]], strict=True)]
        left_uv2 *= 1 - reflected**2
        if not left_uv2 > 0:
            return ()
    return tuple(taps)
