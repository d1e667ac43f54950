"""The slow checks: every tenth of a second, over the last second of signal, with patience both ways."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.processing.envelope import ordered_sum
from emgfeedback.processing.history import Columns
from emgfeedback.processing.hum import Spectrum, SpectrumMeter, hum_ratio, mains_lines
from emgfeedback.values import COUNT_MAX, Bits, Floats, Quality, Setup

EVERY_S = 0.1
WINDOW_S = 1.0
LOW_RATE_HZ, LOW_RATE_WINDOW_S = 200.0, 2.0
BAD_TO_RAISE, GOOD_TO_CLEAR = 3, 5
HUM_RAISE, HUM_CLEAR, HUM_SURGE = 0.30, 0.20, 0.25
MOTION_RAISE, MOTION_CLEAR = 5.0, 3.0
MOTION_LEAST_UV = 30.0
OFFSET_RAISE, OFFSET_CLEAR = 0.80, 0.75
CORRELATION_RAISE, CORRELATION_CLEAR = 0.70, 0.60
COMPARABLE = 9.0
"""A bridge makes channels alike in size too; a leak into a quiet muscle is told by its number only. Where hum
is flagged, it is the hum that is alike."""

Raised = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Heard:
    """What the last evaluation measured, (n_channels,) each; NaN before the first.

    ``rms_uv`` is that of the filtered signal, ``mains_ratio`` hum over band power before the notch,
    ``motion_ratio`` 2-15 Hz over 20-100 Hz power of the unfiltered signal (0 where the slow waves are too
    small to be a movement), ``offset_share`` the offset as part of full scale. ``correlation`` is the largest
    with any other channel, ``likeness`` the largest with one of like size, at zero lag.
    """

    rms_uv: Floats
    mains_ratio: Floats
    motion_ratio: Floats
    offset_share: Floats
    correlation: Floats
    likeness: Floats

    @classmethod
    def nothing(cls, n: int) -> Heard:
        """Return what is known before the first evaluation."""
        unknown = np.full(n, math.nan)
        return cls(unknown, unknown, unknown, unknown, unknown, unknown)


def listening_hops(grid: Grid) -> int:
    """Hops of the window: a second, two where the rate is low."""
    return grid.hops(WINDOW_S if grid.fs_hz >= LOW_RATE_HZ else LOW_RATE_WINDOW_S)


class Patience:
    """Three bad evaluations in a row raise a flag, five good ones clear it; one flag per channel."""

    def __init__(self, n_channels: int) -> None:
        self.raised: Raised = np.zeros(n_channels, bool)
        self._bad = np.zeros(n_channels, int)
        self._good = np.zeros(n_channels, int)

    def __call__(self, bad: Raised, good: Raised) -> Raised:
        """Take an evaluation, (n_channels,) of bool each; what is neither keeps a raised flag up."""
        self._bad = np.where(bad, self._bad + 1, 0)
        self._good = np.where(good, self._good + 1, 0)
        self.raised = (self.raised | (self._bad >= BAD_TO_RAISE)) & (self._good < GOOD_TO_CLEAR)
        return self.raised


class Listening:
    """Keeps the last second of hops and evaluates hum, movement, offset and likeness of channels."""

    def __init__(self, grid: Grid, meter: SpectrumMeter, mains_hz: float, lsb_uv: float, n: int) -> None:
        self._n, self._measure = n, meter
        self._every = grid.hops(EVERY_S)
        self._full_scale_uv = COUNT_MAX * lsb_uv
        self._hops: deque[Floats] = deque(maxlen=meter.n_hops)
        self._samples_uv = np.empty((meter.n_hops * grid.hop_samples, n))
        of_mains = mains_lines(mains_hz, grid.band_hz)
        self._of_mains = [line_hz in of_mains for line_hz in meter.lines_hz]
        self._pairs = Columns(n).pairs
        self._hum, self._motion, self._offset, self._alike = (Patience(n) for _ in range(4))
        self.heard = Heard.nothing(n)
        self.bits: Bits = np.zeros(n, np.uint8)

    def hop(self, hop_index: int, raw_uv: Floats) -> bool:
        """Take one hop, (hop, n_channels), unfiltered; True when an evaluation is due."""
        self._hops.append(raw_uv.copy())
        return hop_index % self._every == 0 and len(self._hops) == self._measure.n_hops

    def evaluate(self, rows: Floats, columns: Columns, setup: Setup) -> None:
        """Measure the last second; ``rows`` are the history's, up to the newest hop."""
        samples_uv = np.concatenate(self._hops, out=self._samples_uv)
        mean_uv = samples_uv.mean(axis=0)
        samples_uv -= mean_uv
        spectrum = self._measure(samples_uv)
        mains_ratio, hum = self._hear_hum(spectrum, setup)
        motion_ratio, motion = self._hear_motion(spectrum)
        offset_share = np.abs(mean_uv) / self._full_scale_uv
        near_rail = self._offset(offset_share > OFFSET_RAISE, offset_share < OFFSET_CLEAR)
        powers = ordered_sum(rows[-self._measure.n_hops :, columns.power], axis=0)
        products = ordered_sum(rows[-self._measure.n_hops :, columns.product], axis=0)
        correlation, likeness = self._hear_likeness(powers.tolist(), products.tolist())
        alike = self._alike((likeness > CORRELATION_RAISE) & ~hum, ~(likeness > CORRELATION_CLEAR) | hum)
        rms_uv = np.sqrt(powers / self._measure.n_hops)
        self.heard = Heard(rms_uv, mains_ratio, motion_ratio, offset_share, correlation, likeness)
        bits = (
            hum * Quality.MAINS | motion * Quality.MOTION | near_rail * Quality.RAILED | alike * Quality.OFF
        )
        self.bits = np.asarray(bits, np.uint8)

    def _hear_hum(self, spectrum: Spectrum, setup: Setup) -> tuple[Floats, Raised]:
        """Hum before the notch; with the notch on, only other lines and a surge are bad."""
        ratio = hum_ratio(spectrum, self._of_mains)
        others = [line_hz != setup.notch_hz for line_hz in self._measure.lines_hz]
        other_ratio = hum_ratio(spectrum, others)
        surge = np.zeros(self._n, bool)
        if setup.notch_hz and setup.rest_mains_ratio:
            surge = 1 - ratio < HUM_SURGE * (1 - np.asarray(setup.rest_mains_ratio))
        return ratio, self._hum((other_ratio > HUM_RAISE) | surge, (other_ratio < HUM_CLEAR) & ~surge)

    def _hear_motion(self, spectrum: Spectrum) -> tuple[Floats, Raised]:
        """Slow waves over EMG; small ones (a heartbeat, breathing) move no electrode."""
        slow_uv2, emg_uv2 = spectrum.slow_uv2, spectrum.emg_uv2
        large = (slow_uv2 > MOTION_LEAST_UV**2) & (emg_uv2 > 0)
        ratio = np.divide(slow_uv2, emg_uv2, out=np.zeros(self._n), where=large)
        return ratio, self._motion(ratio > MOTION_RAISE, ratio < MOTION_CLEAR)

    def _hear_likeness(self, powers: list[float], products: list[float]) -> tuple[Floats, Floats]:
        """Zero-lag correlation of every pair over the window, after the notch."""
        correlation, likeness = np.zeros(self._n), np.zeros(self._n)
        for (i, j), product in zip(self._pairs, products, strict=True):
            both = powers[i] * powers[j]
            r = abs(product) / math.sqrt(both) if both > 0 else 0.0
            correlation[[i, j]] = np.fmax(correlation[[i, j]], r)
            if powers[i] < COMPARABLE * powers[j] < COMPARABLE**2 * powers[i]:
                likeness[[i, j]] = np.fmax(likeness[[i, j]], r)
        return correlation, likeness
