"""What a sampling rate can show: hop, window, band and verdict, from one table."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from emgfeedback.errors import InputError
from emgfeedback.values import Floats

TRUNK_MUSCLES = frozenset({"ql", "qlc", "es", "io", "eo", "ra"})
"""Codes of trunk sites, where the heartbeat asks for the 30 Hz edge (Drake & Callaghan 2006,
doi:10.1016/j.jelekin.2005.07.003)."""

LOWEST_RATE_HZ = 100.0

Corners = tuple[float, float]

TYPICAL_HZ: Corners = (60.0, 120.0)
"""Corners of `emg_spectrum` for a typical muscle: median 96 Hz between 20 and 450 Hz."""

REFERENCE_BAND_HZ = (20.0, 450.0)
"""What a laboratory amplifier keeps of surface EMG; the part a board keeps is of the power in it."""

LINES = 1001


@dataclass(frozen=True, slots=True)
class Grid:
    """The absolute time grid and band of a stream; logged in every recording."""

    fs_hz: float
    hop_samples: int
    window_samples: int
    band_hz: tuple[float, float]
    verdict: str

    @property
    def hop_s(self) -> float:
        """Length of a hop."""
        return self.hop_samples / self.fs_hz

    def hops(self, seconds: float) -> int:
        """Whole hops nearest to a duration, at least one."""
        return max(1, math.floor(seconds / self.hop_s + 0.5))


def grid_for(fs_hz: float, trunk: bool) -> Grid:
    """Choose hop, RMS window and band for a sampling rate.

    Parameters
    ----------
    fs_hz : float
        Sampling rate, in Hz.
    trunk : bool
        Whether a trunk channel (waist) is used: raises the low edge from 20 to 30 Hz for all channels,
        so that ratios are not skewed.

    Raises
    ------
    InputError
        Below 100 Hz, where no useful EMG band is left.
    """
    if not math.isfinite(fs_hz) or fs_hz < LOWEST_RATE_HZ:
        raise InputError(
            f"a sampling rate of {fs_hz:g} Hz keeps no useful EMG band; "
            f"record with at least {LOWEST_RATE_HZ:g} Hz"
        )
    window_s = 0.25 if fs_hz >= 160 else 0.4
    return Grid(
        fs_hz=fs_hz,
        hop_samples=math.floor(0.02 * fs_hz + 0.5),
        window_samples=math.floor(window_s * fs_hz + 0.5),
        band_hz=(30.0 if trunk else 20.0, _high_edge_hz(fs_hz)),
        verdict=_verdict(fs_hz),
    )


def _high_edge_hz(fs_hz: float) -> float:
    if fs_hz >= 1000:
        return 450.0
    if 500 <= fs_hz <= 512:
        return 225.0
    return float(math.floor(0.45 * fs_hz))


def _verdict(fs_hz: float) -> str:
    if fs_hz >= 1000:
        return "good"
    if fs_hz >= 500:
        return "usable"
    if fs_hz >= 200:
        return "usable, % of reference only"
    return "cue only"


def statistical_bandwidth_hz(grid: Grid) -> float:
    """Independent power samples per second, halved: B = (∫G df)² / ∫G² df over the band.

    G is the typical surface-EMG spectrum f_h⁴f² / ((f²+f_l²)(f²+f_h²)²), f_l 60 Hz, f_h 120 Hz, seen
    through the board's third-order sinc decimator. A window of T seconds holds 2·B·T independent values.
    """
    low, high = grid.band_hz
    f_hz = np.linspace(low, high, 512)
    power = emg_spectrum(f_hz, 60.0, 120.0) * np.sinc(f_hz / grid.fs_hz) ** 6
    return float((high - low) * power.mean() ** 2 / (power**2).mean())


def emg_spectrum(f_hz: Floats, low_hz: float, high_hz: float) -> Floats:
    """Power spectral shape of surface EMG after Shwedyk, Balasubramanian & Scott (1977,
    doi:10.1109/TBME.1977.326175): f_h⁴f² / ((f²+f_l²)(f²+f_h²)²)."""
    squared = f_hz**2
    return np.asarray(high_hz**4 * squared / ((squared + low_hz**2) * (squared + high_hz**2) ** 2))


def power_kept(grid: Grid, corners_hz: Corners = TYPICAL_HZ, averaged: int = 1) -> float:
    """Part of the EMG power between 20 and 450 Hz that a board and its band let through, 0 to 1.

    ∫ G(f)·|H(f)|² df over the band, over ∫ G(f) df from 20 to 450 Hz, with G of `emg_spectrum` and H the
    third-order sinc decimator of an ADS1299: H = sinc(f/f_c)³ at the rate f_c of its conversions.

    Parameters
    ----------
    corners_hz : f_l and f_h of the muscle's spectrum
    averaged : conversions the radio makes one sample of (2 for a Cyton with a Daisy: f_c = 2·fs); their
        mean weakens high frequencies once more
    """

    def through(f_hz: Floats) -> Floats:
        turns = f_hz / (grid.fs_hz * averaged)
        averaging = np.sinc(averaged * turns) / np.sinc(turns)
        return np.asarray(np.sinc(turns) ** 6 * averaging**2)

    return _power(grid.band_hz, corners_hz, through) / _power(REFERENCE_BAND_HZ, corners_hz, np.ones_like)


def _power(band_hz: tuple[float, float], corners_hz: Corners, through: Callable[[Floats], Floats]) -> float:
    f_hz = np.linspace(*band_hz, LINES)
    return float(np.mean(emg_spectrum(f_hz, *corners_hz) * through(f_hz))) * (band_hz[1] - band_hz[0])
