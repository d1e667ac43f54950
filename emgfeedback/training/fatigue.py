"""Fatigue guard: what of a rise in amplitude may be a falling spectrum, and not more effort."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from emgfeedback.processing.bandwidth import TYPICAL_HZ, Grid, emg_spectrum, power_kept
from emgfeedback.training.claims import student_975
from emgfeedback.training.dominance import Z95
from emgfeedback.training.honesty import spectral_fatigue_off
from emgfeedback.values import Floats

SHORTEST_HOLD_S = 10.0
BLOCK_S = 1.0
SPECTRUM_S = 4.0
"""Shortest window for a median frequency; needs 500 Hz or more besides."""

LARGEST_FALL = 0.2
"""Fall of the median frequency that must be reckoned with where it cannot be measured."""

LEAST_PART = 0.1
"""Part of a rise that may be spectral before it is marked."""

SCALES = np.geomspace(0.4, 2.5, 85)
LINES = 1001
AROUND_HZ = 15.0


@dataclass(frozen=True, slots=True)
class Trend:
    """Change of a logarithm over the hold, with its 95 % interval; 0.1 is a rise of a tenth."""

    change_ln: float
    low_ln: float
    high_ln: float


@dataclass(frozen=True, slots=True)
class Fatigue:
    """What one held contraction says.

    ``amplitude`` is the trend of ln rms, ``frequency`` that of ln median frequency, None where it is off and
    ``frequency_off`` says why. ``inflation`` is the part by which the amplitude at the end stands too high
    because of the spectrum (0.15: 15 %), the most to reckon with where the spectrum cannot be measured.
    ``words`` is empty unless ``may_be_fatigue``.
    """

    amplitude: Trend
    per_10_s_ln: float
    frequency: Trend | None
    frequency_off: str
    inflation: float
    may_be_fatigue: bool
    words: str


def spectral_inflation(grid: Grid, fall: float, scale: float = 1.0, averaged: int = 1) -> float:
    """Rise of the recorded RMS when all frequencies of the EMG fall by a part and its amplitude stays.

    √(kept(1 − fall) / kept(1)) − 1, kept the part of the EMG power that board and band let through
    (`honesty.power_kept`). For a fall of 20 % without a trunk channel: 2 % at 1000 Hz, 15 % at 250 Hz,
    18 % at 200 Hz, 24 % at 125 Hz (the mean of two conversions).

    Parameters
    ----------
    fall : part by which the median frequency falls, 0 to 1
    scale : median frequency before the fall over that of a typical muscle (96 Hz)
    averaged : conversions the radio makes one sample of
    """
    before, after = (
        power_kept(grid, (TYPICAL_HZ[0] * s, TYPICAL_HZ[1] * s), averaged)
        for s in (scale, scale * (1 - fall))
    )
    return math.sqrt(after / before) - 1


def corrected_uv(rms_uv: float, inflation: float) -> float:
    """Amplitude with what the spectrum added taken out, in µV."""
    return rms_uv / (1 + inflation)


def median_frequency_hz(clean_uv: Floats, fs_hz: float) -> tuple[float, float]:
    """Frequency that halves the power of a stretch, and its standard error, in Hz.

    The periodogram's lines are independent and exponential, so the part F of the power below the median has
    Var F = ¼·Σ p², p the true part of each line (Σ p̂² is twice that), and the median varies by SD(F) over
    the spectral density there. Stulen & De Luca (1981, doi:10.1109/TBME.1981.324738) show it to be the
    frequency measure least biased by noise.

    Parameters
    ----------
    clean_uv : (n_samples,)
        Band-passed EMG at a constant task, in µV; 4 s or more.
    """
    lines = np.square(np.abs(np.fft.rfft(clean_uv - clean_uv.mean())))
    part = lines / lines.sum()
    f_hz = np.fft.rfftfreq(len(clean_uv), 1 / fs_hz)
    median_hz = float(np.interp(0.5, np.cumsum(part), f_hz))
    near = np.abs(f_hz - median_hz) <= AROUND_HZ
    per_hz = float(part[near].sum()) / (2 * AROUND_HZ)
    return median_hz, math.sqrt(float(np.square(part).sum()) / 8) / per_hz


def spectrum_scale(grid: Grid, median_hz: float) -> float:
    """Median frequency of the muscle over a typical one's, from what is seen of it through board and band."""
    f_hz = np.linspace(*grid.band_hz, LINES)
    seen_hz = []
    for scale in SCALES:
        shape = emg_spectrum(f_hz, TYPICAL_HZ[0] * scale, TYPICAL_HZ[1] * scale)
        part = np.cumsum(shape * np.sinc(f_hz / grid.fs_hz) ** 6)
        seen_hz.append(float(np.interp(0.5, part / part[-1], f_hz)))
    return float(np.interp(median_hz, seen_hz, SCALES))


def amplitude_trend(power_uv2: Floats, hop_s: float, rest_uv2: float) -> Trend:
    """Trend of ln rms, rest power removed, over the hops of a hold: least squares on blocks of 1 s.

    Parameters
    ----------
    power_uv2 : (n_hops,)
        Mean power of clean hops, in µV².
    rest_uv2 : float
        Mean power at rest, in µV².

    Returns
    -------
    Trend
        Its interval uses the scatter about the line and Student's t; NaN where a block is not above rest.
    """
    n_blocks = math.floor(len(power_uv2) * hop_s / BLOCK_S + 1e-9)
    means_uv2 = np.array([part.mean() for part in np.array_split(power_uv2, n_blocks)])
    if not (means_uv2 > rest_uv2).all():
        return Trend(math.nan, math.nan, math.nan)
    values = 0.5 * np.log(means_uv2 - rest_uv2)
    times = (np.arange(n_blocks) - (n_blocks - 1) / 2) / n_blocks
    change = float((times * values).sum() / (times**2).sum())
    residual = values - values.mean() - change * times
    error = math.sqrt(float((residual**2).sum() / (n_blocks - 2) / (times**2).sum()))
    return _trend(change, student_975(n_blocks - 2) * error)


def frequency_trend(clean_uv: Floats, grid: Grid) -> tuple[Trend, float]:
    """Trend of ln median frequency over a hold, and the inflation of the RMS that it explains.

    Windows of at least 4 s, side by side; `spectrum_scale` undoes what board and band hide.

    Parameters
    ----------
    clean_uv : (n_samples,)
        The band-passed hold, in µV, at 500 Hz or more.
    """
    n_windows = math.floor(len(clean_uv) / (SPECTRUM_S * grid.fs_hz) + 1e-9)
    found = [median_frequency_hz(part, grid.fs_hz) for part in np.array_split(clean_uv, n_windows)]
    values = np.array([math.log(spectrum_scale(grid, median_hz)) for median_hz, _ in found])
    errors = np.array([error_hz / median_hz for median_hz, error_hz in found])
    times = (np.arange(n_windows) - (n_windows - 1) / 2) / n_windows
    weights = times / (times**2).sum()
    change = float((weights * values).sum())
    half_width = Z95 * math.sqrt(float(np.square(weights * errors).sum()))
    start = math.exp(float(values.mean()) - change / 2)
    return _trend(change, half_width), spectral_inflation(grid, 1 - math.exp(change), start)


def judge_hold(
    power_uv2: Floats, rest_uv2: float, grid: Grid, clean_uv: Floats | None = None
) -> Fatigue | None:
    """Judge one held contraction at a constant task; None when it was held for less than 10 s.

    It is marked "may be fatigue" when more than a tenth of a rise of amplitude can be spectral. With a
    measured spectrum: the median frequency fell for certain and explains more than a tenth of the rise, if
    there was one. Without: the amplitude rose for certain, by less than ten times what a fall of 20 % does.

    Parameters
    ----------
    power_uv2 : (n_hops,)
        Mean power of the hold's clean hops, in µV².
    rest_uv2 : float
        Mean power at rest, in µV².
    clean_uv : (n_samples,), optional
        The band-passed hold, in µV, where it was kept.
    """
    if len(power_uv2) * grid.hop_s < SHORTEST_HOLD_S - 1e-9:
        return None
    amplitude = amplitude_trend(power_uv2, grid.hop_s, rest_uv2)
    off = spectral_fatigue_off(grid.fs_hz)
    if not off and clean_uv is None:
        off = "median frequency is off: the samples of the hold were not kept; judge it from the recording"
    rise = math.expm1(amplitude.change_ln)
    per_10_s_ln = amplitude.change_ln * 10 / (len(power_uv2) * grid.hop_s)
    if off or clean_uv is None:
        inflation = spectral_inflation(grid, LARGEST_FALL)
        marked = amplitude.low_ln > 0 and inflation > LEAST_PART * rise
        return Fatigue(amplitude, per_10_s_ln, None, off, inflation, marked, _words(marked, rise, None))
    frequency, inflation = frequency_trend(clean_uv, grid)
    marked = frequency.high_ln < 0 and not inflation <= LEAST_PART * rise
    return Fatigue(amplitude, per_10_s_ln, frequency, "", inflation, marked, _words(marked, rise, frequency))


def _trend(change_ln: float, half_width_ln: float) -> Trend:
    return Trend(change_ln, change_ln - half_width_ln, change_ln + half_width_ln)


def _words(marked: bool, rise: float, frequency: Trend | None) -> str:
    if not marked:
        return ""
    if frequency is None:
        return f"may be fatigue: amplitude rose by {100 * rise:.0f} %, effort cannot be told from it here"
    fall_pct = -100 * math.expm1(frequency.change_ln)
    return f"may be fatigue: the median frequency fell by {fall_pct:.0f} %"
