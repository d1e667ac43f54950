"""Measures of a finished recording that may look ahead, as the live chain must not."""

from __future__ import annotations

import numpy as np
from scipy import signal

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.processing.filters import design_bandpass
from emgfeedback.values import Floats


def zero_phase_envelope_uv(emg_uv: Floats, grid: Grid) -> Floats:
    """RMS over a centred window of the band-passed EMG, without delay.

    The Butterworth of the live chain runs forwards and backwards (order 8 in effect, its edges at -6 dB),
    so levels lie a few percent under the live envelope's, which comes half a window and the delay of the
    filter later. For the timing and shape of a curve; levels and rewards stay on the live envelope.

    Parameters
    ----------
    emg_uv : (n_samples, n_channels)
        Raw EMG without gaps, in µV; longer than the window.

    Returns
    -------
    (n_samples, n_channels)
        In µV. At both ends the window holds the samples that are there.
    """
    clean_uv = signal.sosfiltfilt(design_bandpass(grid.fs_hz, grid.band_hz), emg_uv, axis=0)
    ahead = (grid.window_samples - 1) // 2
    n = len(clean_uv)
    sums_uv2 = np.concatenate([np.zeros((1, emg_uv.shape[1])), np.cumsum(clean_uv**2, axis=0)])
    last = np.minimum(np.arange(n) + ahead + 1, n)
    first = np.maximum(np.arange(n) + ahead + 1 - grid.window_samples, 0)
    mean_uv2 = (sums_uv2[last] - sums_uv2[first]) / (last - first)[:, np.newaxis]
    return np.asarray(np.sqrt(np.maximum(0.0, mean_uv2)))


def mean_frequency_hz(clean_uv: Floats, fs_hz: float) -> float:
    """Centre of gravity of the power spectrum, in Hz: Σ f·P(f) / Σ P(f) over the periodogram.

    Stulen & De Luca 1981, doi:10.1109/TBME.1981.324738, beside the median frequency of
    `training/fatigue.py`; as that, for 4 s or more of a constant task at 500 Hz or more.

    Parameters
    ----------
    clean_uv : (n_samples,)
        Band-passed EMG, in µV.
    """
    power = np.square(np.abs(np.fft.rfft(clean_uv - clean_uv.mean())))
    return float((np.fft.rfftfreq(len(clean_uv), 1 / fs_hz) * power).sum() / power.sum())
