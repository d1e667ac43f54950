"""Mains lines and slow waves against EMG, in the spectrum of the last second.

Konrad, The ABC of EMG, for hum; the 0.30 line ratio as in published quality-control scripts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import signal

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.processing.filters import design_bandpass
from emgfeedback.processing.history import LINES_HZ
from emgfeedback.values import Floats

LINE_BINS = 1.5
NEIGHBOURS = (-6, -5, -4, -3, -2, 4, 5, 6, 7, 8)
SLOW_HZ, EMG_HZ = (2.0, 15.0), (20.0, 100.0)
HANN_POWER = 16 / 3
"""A Hann window halves the amplitudes twice over, in power: Σx² = 16/3 · Σ|X|² / n over one side's bins."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Powers of one stretch, (n_channels,) each.

    ``line_uv2``, (n_lines, n_channels), is above the neighbours of each line, ``band_uv2`` is the power in
    the pass band of the filter, ``slow_uv2`` that of 2-15 Hz and ``emg_uv2`` that of 20-100 Hz, unfiltered.
    """

    line_uv2: Floats
    band_uv2: Floats
    slow_uv2: Floats
    emg_uv2: Floats


class SpectrumMeter:
    """Measures mains lines, band, slow waves and EMG in a stretch of unfiltered signal.

    Lines and band are weighed with the band-pass, |H(f)|². A line is three bins (Hann window) above the mean
    of the ten beyond them. The two lowest hertz hold offset and drift, which move no electrode.
    """

    def __init__(self, grid: Grid, n_hops: int) -> None:
        n_samples = n_hops * grid.hop_samples
        self.n_hops = n_hops
        bin_hz = grid.fs_hz / n_samples
        self.lines_hz = all_mains_lines(grid.band_hz)
        self._window = np.hanning(n_samples + 1)[:-1, np.newaxis]
        bins_hz = np.fft.rfftfreq(n_samples, 1 / grid.fs_hz)
        response = signal.sosfreqz(design_bandpass(grid.fs_hz, grid.band_hz), bins_hz, fs=grid.fs_hz)[1]
        self._gain = np.abs(response[:, np.newaxis]) ** 2
        first = np.ceil(np.array(self.lines_hz) / bin_hz - LINE_BINS).astype(int)[:, np.newaxis]
        self._lines = first + np.arange(3)
        self._near = np.clip(first + np.array(NEIGHBOURS), 0, len(bins_hz) - 1)
        self._band, self._slow, self._emg = (
            slice(math.ceil(low / bin_hz), math.floor(high / bin_hz) + 1)
            for low, high in (grid.band_hz, SLOW_HZ, EMG_HZ)
        )
        self._to_uv2 = HANN_POWER / n_samples**2

    def __call__(self, samples_uv: Floats) -> Spectrum:
        """Measure a stretch, (n_samples, n_channels), less its mean."""
        spectrum = np.fft.rfft(samples_uv * self._window, axis=0)
        power = (spectrum.real**2 + spectrum.imag**2) * self._to_uv2
        weighed = power * self._gain
        added = np.add.reduce
        near = added(weighed[self._near], axis=1) * (3 / len(NEIGHBOURS))
        return Spectrum(
            np.maximum(0.0, added(weighed[self._lines], axis=1) - near),
            added(weighed[self._band], axis=0),
            added(power[self._slow], axis=0),
            added(power[self._emg], axis=0),
        )


def hum_ratios(spectrum: Spectrum, chosen: Sequence[bool]) -> list[float]:
    """Power of the chosen lines over the power of the band, per channel: 0 (no hum) to 1 (nothing else)."""
    lines = [line for line, wanted in zip(spectrum.line_uv2.tolist(), chosen, strict=True) if wanted]
    hums = map(sum, zip(*lines, strict=True)) if lines else [0.0] * len(spectrum.band_uv2)
    powers = zip(hums, spectrum.band_uv2.tolist(), strict=True)
    return [min(1.0, hum / band) if band > 0 else 0.0 for hum, band in powers]


def mains_lines(mains_hz: float, band_hz: tuple[float, float]) -> list[float]:
    """The mains frequency and its harmonics inside the band."""
    return [k * mains_hz for k in range(1, int(band_hz[1] // mains_hz) + 1)]


def all_mains_lines(band_hz: tuple[float, float]) -> list[float]:
    """Lines of both mains frequencies: a wrong setting must not hide hum."""
    return sorted({line for mains_hz in LINES_HZ for line in mains_lines(mains_hz, band_hz)})
