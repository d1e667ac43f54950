"""When a channel cannot be believed: railed, flat, fallen off, or hum-dominated.

Limits follow section 7 of the project's science notes: Konrad, The ABC of EMG, for hum and rest levels; the
0.30 line ratio as in published quality-control scripts.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emgfeedback.processing.bandwidth import Grid, statistical_bandwidth_hz
from emgfeedback.processing.envelope import moving_max, moving_sum
from emgfeedback.processing.history import History
from emgfeedback.values import COUNT_MAX, Bits, Floats, Quality, Setup

RAIL_FRACTION = 0.99
FLAT_RMS_UV = 0.3
FLAT_STILL_S = 0.05
SLOW_OFF_S, SLOW_OFF_FRACTION = 1.0, 0.5
FAST_OFF_S, FAST_OFF_FRACTION = 0.3, 0.3
RAIL_MEMORY_S = 0.25
MOST_FLAGGED = 0.10
HUM_RAISE, HUM_CLEAR = 0.30, 0.20
HUM_SURGE = 0.25
LINE_BINS, NEIGHBOUR_BINS = 1.5, 6.5
FAST_OFF_BANDWIDTH_HZ = 67.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one stream, in hops and microvolts."""

    rail_uv: float
    slow_off_hops: int
    fast_off_hops: int
    still_hops: int
    rail_hops: int

    @property
    def longest_hops(self) -> int:
        """How far back any limit looks."""
        return max(self.slow_off_hops, self.fast_off_hops, self.still_hops, self.rail_hops)

    @classmethod
    def of(cls, grid: Grid, lsb_uv: float) -> Limits:
        """Turn seconds into whole hops.

        Memory of a rail covers the RMS window and the filter's ring; a narrow band needs longer to tell
        a fallen electrode from a quiet muscle.
        """
        window_s = grid.window_samples / grid.fs_hz
        bandwidth_hz = statistical_bandwidth_hz(grid)
        return cls(
            rail_uv=RAIL_FRACTION * COUNT_MAX * lsb_uv,
            slow_off_hops=grid.hops(SLOW_OFF_S),
            fast_off_hops=grid.hops(FAST_OFF_S * max(1.0, FAST_OFF_BANDWIDTH_HZ / bandwidth_hz)),
            still_hops=math.ceil(FLAT_STILL_S / grid.hop_s),
            rail_hops=grid.hops(window_s + RAIL_MEMORY_S),
        )


def rate_hops(history: History, limits: Limits, setup: Setup, n_new: int) -> Bits:
    """Flag the newest ``n_new`` hops: (n_new, n_channels) of `Quality` bits RAILED, FLAT, OFF and GAP."""

    def newest(values: Floats, length: int) -> Floats:
        return values[len(values) - n_new - length + 1 :]

    def mean_uv2(hops: int) -> Floats:
        return moving_sum(newest(history.power_uv2, hops), hops) / hops

    highest = np.maximum(history.high_uv, -history.low_uv)
    railed = moving_max(newest(highest, limits.rail_hops), limits.rail_hops) >= limits.rail_uv
    still = limits.still_hops
    ceiling = moving_max(newest(history.high_uv, still), still)
    floor = -moving_max(newest(-history.low_uv, still), still)
    slow_uv2 = mean_uv2(limits.slow_off_hops)
    flat = (ceiling == floor) | (slow_uv2 < FLAT_RMS_UV**2)
    bits = railed * np.uint8(Quality.RAILED) | flat * np.uint8(Quality.FLAT)
    bits = bits | (history.flagged_share(n_new) > MOST_FLAGGED) * np.uint8(Quality.GAP)
    if setup.rest_power_uv2:
        rest_uv2 = np.asarray(setup.rest_power_uv2)
        off = slow_uv2 < SLOW_OFF_FRACTION * rest_uv2
        off |= mean_uv2(limits.fast_off_hops) < FAST_OFF_FRACTION * rest_uv2
        bits = bits | off * np.uint8(Quality.OFF)
    return np.asarray(bits, dtype=np.uint8)


def hum_ratios(
    samples_uv: Floats, fs_hz: float, band_hz: tuple[float, float], lines_hz: Sequence[Sequence[float]]
) -> list[Floats]:
    """Power in mains lines above their neighbours, over the power of the band, for several sets of lines.

    Parameters
    ----------
    samples_uv : (n_samples, n_channels)
        One or two seconds of band-passed signal, before any notch. A line is three bins of its spectrum
        (Hann window), its neighbours the ten beyond.

    Returns
    -------
    For each set (n_channels,), from 0 (no hum) to 1 (nothing else).
    """
    window = np.hanning(len(samples_uv) + 1)[:-1, np.newaxis]
    spectrum = np.fft.rfft(samples_uv * window, axis=0)
    power = spectrum.real**2 + spectrum.imag**2
    bin_hz = fs_hz / len(samples_uv)
    low, high = math.ceil(band_hz[0] / bin_hz), math.floor(band_hz[1] / bin_hz)
    total = power[low : high + 1].sum(axis=0)
    above = {line: _line_power(power, line / bin_hz) for line in {*itertools.chain(*lines_hz)}}
    nothing = np.zeros(samples_uv.shape[1])
    hums = (sum((above[line] for line in lines), nothing) for lines in lines_hz)
    return [np.minimum(1.0, np.divide(hum, total, out=nothing.copy(), where=total > 0)) for hum in hums]


def _line_power(power: Floats, center: float) -> Floats:
    """Power of the bins next to ``center`` (in bins) above the mean of their neighbours, (n_channels,)."""
    first, last = math.ceil(center - LINE_BINS), math.floor(center + LINE_BINS)
    reach = math.floor(NEIGHBOUR_BINS - LINE_BINS)
    near = np.concatenate([power[max(0, first - 1 - reach) : first - 1], power[last + 2 : last + 2 + reach]])
    line = power[first : last + 1]
    return np.asarray(np.maximum(0.0, line.sum(axis=0) - len(line) * near.mean(axis=0)))


def mains_lines(mains_hz: float, band_hz: tuple[float, float]) -> list[float]:
    """The mains frequency and its harmonics inside the band."""
    return [k * mains_hz for k in range(1, int(band_hz[1] // mains_hz) + 1)]


def all_mains_lines(band_hz: tuple[float, float]) -> list[float]:
    """Lines of both mains frequencies: a wrong setting must not hide hum."""
    return sorted({*mains_lines(50.0, band_hz), *mains_lines(60.0, band_hz)})
