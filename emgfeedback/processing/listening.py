"""The slow checks: every tenth of a second, over the last second of signal, with patience both ways."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.processing.envelope import ordered_sum
from emgfeedback.processing.history import Columns
from emgfeedback.processing.hum import Spectrum, SpectrumMeter, hum_ratios, mains_lines
from emgfeedback.values import COUNT_MAX, Floats, Quality, Setup

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
        self.raised = [False] * n_channels
        self._bad, self._good = [0] * n_channels, [0] * n_channels

    def __call__(self, bad: Sequence[bool], good: Sequence[bool]) -> list[bool]:
        """Take an evaluation of every channel; what is neither keeps a raised flag up."""
        for c in range(len(self.raised)):
            self._bad[c] = self._bad[c] + 1 if bad[c] else 0
            self._good[c] = self._good[c] + 1 if good[c] else 0
            raised = self.raised[c] or self._bad[c] >= BAD_TO_RAISE
            self.raised[c] = raised and self._good[c] < GOOD_TO_CLEAR
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
        self.bits = [0] * n

    def hop(self, hop_index: int, raw_uv: Floats) -> bool:
        """Take one hop, (hop, n_channels), unfiltered; True when an evaluation is due."""
        self._hops.append(raw_uv.copy())
        return hop_index % self._every == 0 and len(self._hops) == self._measure.n_hops

    def evaluate(self, rows: Floats, columns: Columns, setup: Setup) -> None:
        """Measure the last second; ``rows`` are the history's, up to the newest hop."""
        samples_uv = np.concatenate(self._hops, out=self._samples_uv)
        mean_uv = np.add.reduce(samples_uv, axis=0) / len(samples_uv)
        samples_uv -= mean_uv
        spectrum = self._measure(samples_uv)
        mains_ratio, hum = self._hear_hum(spectrum, setup)
        motion_ratio, motion = self._hear_motion(spectrum)
        offset_share = np.abs(mean_uv) / self._full_scale_uv
        offsets = offset_share.tolist()
        near_rail = self._offset([x > OFFSET_RAISE for x in offsets], [x < OFFSET_CLEAR for x in offsets])
        powers = ordered_sum(rows[-self._measure.n_hops :, columns.power], axis=0)
        products = ordered_sum(rows[-self._measure.n_hops :, columns.product], axis=0)
        correlation, likeness = self._hear_likeness(powers.tolist(), products.tolist())
        alike = self._alike(
            [x > CORRELATION_RAISE and not h for x, h in zip(likeness, hum, strict=True)],
            [x <= CORRELATION_CLEAR or h for x, h in zip(likeness, hum, strict=True)],
        )
        rms_uv = np.sqrt(powers / self._measure.n_hops)
        told = (np.array(values) for values in (mains_ratio, motion_ratio, offsets, correlation, likeness))
        self.heard = Heard(rms_uv, *told)
        flags = zip(hum, motion, near_rail, alike, strict=True)
        self.bits = [h * MAINS | m * MOTION | r * RAILED | a * OFF for h, m, r, a in flags]

    def _hear_hum(self, spectrum: Spectrum, setup: Setup) -> tuple[list[float], list[bool]]:
        """Hum before the notch; with the notch on, only other lines and a surge are bad."""
        ratio = hum_ratios(spectrum, self._of_mains)
        other_ratio = ratio
        if setup.notch_hz or not all(self._of_mains):
            other_ratio = hum_ratios(spectrum, [line != setup.notch_hz for line in self._measure.lines_hz])
        surge = [False] * self._n
        if setup.notch_hz and setup.rest_mains_ratio:
            rests = zip(ratio, setup.rest_mains_ratio, strict=True)
            surge = [1 - now < HUM_SURGE * (1 - rest) for now, rest in rests]
        bad = [x > HUM_RAISE or s for x, s in zip(other_ratio, surge, strict=True)]
        good = [x < HUM_CLEAR and not s for x, s in zip(other_ratio, surge, strict=True)]
        return ratio, self._hum(bad, good)

    def _hear_motion(self, spectrum: Spectrum) -> tuple[list[float], list[bool]]:
        """Slow waves over EMG; small ones (a heartbeat, breathing) move no electrode."""
        powers = zip(spectrum.slow_uv2.tolist(), spectrum.emg_uv2.tolist(), strict=True)
        ratio = [slow / emg if slow > MOTION_LEAST_UV**2 and emg > 0 else 0.0 for slow, emg in powers]
        return ratio, self._motion([x > MOTION_RAISE for x in ratio], [x < MOTION_CLEAR for x in ratio])

    def _hear_likeness(self, powers: list[float], products: list[float]) -> tuple[list[float], list[float]]:
        """Zero-lag correlation of every pair over the window, after the notch."""
        correlation, likeness = [0.0] * self._n, [0.0] * self._n
        for (i, j), product in zip(self._pairs, products, strict=True):
            both = powers[i] * powers[j]
            r = abs(product) / math.sqrt(both) if both > 0 else 0.0
            comparable = powers[i] < COMPARABLE * powers[j] < COMPARABLE**2 * powers[i]
            for c in (i, j):
                correlation[c] = max(correlation[c], r)
                likeness[c] = max(likeness[c], r) if comparable else likeness[c]
        return correlation, likeness


MAINS, MOTION, RAILED, OFF = (int(q) for q in (Quality.MAINS, Quality.MOTION, Quality.RAILED, Quality.OFF))
