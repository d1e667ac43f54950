"""How strong a muscle looks: amplitude estimators for the screen; reward and report stay on the RMS.

A window of T seconds flickers by CV = 1 / (2 √(B·T)) and takes 0.81·T to show 90 % of a large step, B the
statistical bandwidth (signal-to-noise grows with the root of the window: St-Amant, Rancourt & Clancy 1998,
IEEE Trans Biomed Eng 45:795, PMID 9609944). Whitening raises B where there is spectrum to raise. A window
that fits itself to the signal (Clancy 1999, IEEE Trans Biomed Eng 46:717), or a belief that admits jumps
(Sanger 2007), is steady while nothing happens and quick when something does.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import signal

from emgfeedback.errors import UsageError
from emgfeedback.processing.bandwidth import Grid, emg_spectrum
from emgfeedback.processing.envelope import ordered_sum
from emgfeedback.processing.filters import design_bandpass
from emgfeedback.processing.spectrum import WHITENING_ORDER
from emgfeedback.values import Floats, Setup

WINDOW_S = 0.1
NO_WHITENING = (1.0,) + (0.0,) * WHITENING_ORDER

LOWEST_UV, LEVELS, STEP_LN = 0.5, 93, 0.1
"""The levels a muscle can have: 0.5 µV to 5 mV in steps of a tenth of ln amplitude."""

JUMPS_PER_S = 0.5
STARTS_PER_S, STOPS_PER_S = 0.3, 1.0
"""How often a steady muscle begins to change its level, and a changing one comes to rest."""

DRIFT_LN_PER_SQRT_S = 1.2
REACH = 4
"""Half width, in levels, of one step of a changing muscle."""

CAUTION = 0.9
"""Share of the degrees of freedom of Gaussian EMG that is believed: muscle is burstier than that."""

LEAST_DOF = 1.8
"""A hop is halved, to place a jump better, where each half keeps this many degrees of freedom."""


class Display(Protocol):
    """An amplitude for people to look at, one per hop and channel."""

    def __call__(self, clean_uv: Floats) -> Floats:
        """Take one filtered hop, (hop_samples, n_channels); give µV at its end, (n_channels,)."""

    def reset(self) -> None:
        """Forget the past, after a gap."""

    def configure(self, setup: Setup) -> None:
        """Take over rest power and whitening filters as the session learns them."""


class Whitening:
    """The whitening filter of each channel, its rest noise and its bandwidth.

    A channel without taps passes as it is. ``rest_uv2`` is the rest power in the EMG band, ``after_uv2``
    the same behind the filter, rest being taken as white there: the worst case for a whitener.
    """

    def __init__(self, grid: Grid, n_channels: int, wanted: bool) -> None:
        self._grid, self._n, self._wanted = grid, n_channels, wanted
        self._before_uv: Floats = np.zeros((WHITENING_ORDER, n_channels))
        self.configure(Setup())

    def configure(self, setup: Setup) -> None:
        """Change filters and rest; the last samples stay."""
        given = setup.whitening if self._wanted and setup.whitening else ((),) * self._n
        filters = [taps or NO_WHITENING for taps in given]
        self._taps, self._on = np.array(filters), any(given)
        effects = [_effect(self._grid, taps) for taps in filters]
        self.bandwidth_hz = np.array([bandwidth_hz for _, bandwidth_hz in effects])
        self.rest_uv2 = np.array(setup.rest_power_uv2 or (0.0,) * self._n)
        self.after_uv2 = self.rest_uv2 * [lifted for lifted, _ in effects]

    def reset(self) -> None:
        """Start from silence, which is what the band-pass makes of a constant."""
        self._before_uv = np.zeros((WHITENING_ORDER, self._n))

    def __call__(self, clean_uv: Floats) -> Floats:
        """Filter one hop; same shape, same unit."""
        if not self._on:
            return clean_uv
        stretch_uv = np.concatenate([self._before_uv, clean_uv])
        self._before_uv = stretch_uv[-WHITENING_ORDER:]
        newest_first = sliding_window_view(stretch_uv, WHITENING_ORDER + 1, axis=0)[:, :, ::-1]
        return ordered_sum(newest_first * self._taps, axis=-1)


@functools.lru_cache(maxsize=32)
def _effect(grid: Grid, taps: tuple[float, ...]) -> tuple[float, float]:
    """By how much a filter lifts white noise of the band, and the bandwidth it leaves to EMG, in Hz.

    B = (∫G df)² / ∫G² df over typical EMG through decimator, band-pass and filter.
    """
    f_hz = np.arange(1.0, grid.fs_hz / 2)
    _, band = signal.sosfreqz(design_bandpass(grid.fs_hz, grid.band_hz), f_hz, fs=grid.fs_hz)
    _, filtered = signal.freqz(taps, 1, f_hz, fs=grid.fs_hz)
    noise, passed = np.abs(band) ** 2, np.abs(filtered) ** 2
    emg = emg_spectrum(f_hz, 60.0, 120.0) * np.sinc(f_hz / grid.fs_hz) ** 6 * noise * passed
    return float((noise * passed).sum() / noise.sum()), float(emg.sum() ** 2 / (emg**2).sum())


class WhitenedRms:
    """RMS of the last 100 ms behind the whitening filter, with the noise it lifts put back where it was."""

    def __init__(self, grid: Grid, n_channels: int) -> None:
        self._whitening = Whitening(grid, n_channels, wanted=True)
        self._power_uv2: deque[Floats] = deque(maxlen=grid.hops(WINDOW_S))

    def configure(self, setup: Setup) -> None:
        """Take over rest power and whitening filters."""
        self._whitening.configure(setup)

    def reset(self) -> None:
        """Forget the past; the first hops after it are windows of their own."""
        self._whitening.reset()
        self._power_uv2.clear()

    def __call__(self, clean_uv: Floats) -> Floats:
        """RMS of the window that ends with this hop, in µV."""
        filtered_uv = self._whitening(clean_uv)
        self._power_uv2.append(ordered_sum(np.square(filtered_uv), axis=0) / len(filtered_uv))
        power_uv2 = ordered_sum(np.array(self._power_uv2), axis=0) / len(self._power_uv2)
        emg_uv2 = np.maximum(power_uv2 - self._whitening.after_uv2, 0.0)
        return np.asarray(np.sqrt(emg_uv2 + self._whitening.rest_uv2))


class Bayes:
    """A belief about the level of each muscle, after Sanger (2007, doi:10.1152/jn.00936.2006).

    Sanger's drive drifts and jumps, and the belief p(level) is carried forward by prediction and Bayes'
    rule. Here a muscle either holds its level exactly or is changing it: then the level wanders by 1.2 ln
    units per √s in steps of up to 0.4. Either way it may jump anywhere, every two seconds. Mean power p of a
    hop (or half hop) with d = 0.9·2·B·Δt degrees of freedom has the Gaussian likelihood
    −(d/2)·[ln v + p/v], v = e^{2x} + n at level x with rest power n (Sanger: Laplacian, sample by sample).
    Shown is the square of the mean root amplitude: between the geometric mean, which is slow to believe a
    rise, and the arithmetic mean, which overshoots.
    """

    def __init__(self, grid: Grid, n_channels: int, whitened: bool) -> None:
        self._n, self._hop_samples, self._hop_s = n_channels, grid.hop_samples, grid.hop_s
        self._whitening = Whitening(grid, n_channels, whitened)
        self._level_uv2 = LOWEST_UV**2 * np.exp(2 * STEP_LN * np.arange(LEVELS))
        self._sums: Floats = np.zeros((n_channels, LEVELS + 2 * REACH + 1))
        self.configure(Setup())
        self.reset()

    def configure(self, setup: Setup) -> None:
        """Put rest power and the bandwidth behind the filters into the model; the belief stays."""
        self._whitening.configure(setup)
        dof = CAUTION * 2 * self._whitening.bandwidth_hz * self._hop_s
        halves = self._hop_samples % 2 == 0 and dof.min() >= 2 * LEAST_DOF
        self._parts = 2 if halves else 1
        power_uv2 = self._level_uv2 + self._whitening.after_uv2[:, np.newaxis]
        half_dof = dof[:, np.newaxis] / (2 * self._parts)
        self._loudest_uv2 = power_uv2[:, -1]
        self._per_power = -half_dof / power_uv2
        self._constant = -half_dof * np.log(power_uv2)
        self._root_uv = (self._level_uv2 + self._whitening.rest_uv2[:, np.newaxis]) ** 0.25
        self._set_motion(self._hop_s / self._parts)

    def _set_motion(self, step_s: float) -> None:
        jump = JUMPS_PER_S * step_s
        start, stop = STARTS_PER_S * step_s, STOPS_PER_S * step_s
        steps = DRIFT_LN_PER_SQRT_S**2 * step_s / (STEP_LN**2 * REACH * (REACH + 1) / 3)
        stay = 1 - steps
        self._mix = (1 - jump) * np.array([[1 - start, stop], [start * stay, (1 - stop) * stay]])
        self._box = steps / stay / (2 * REACH + 1)
        self._landing = jump / (2 * LEVELS)

    def reset(self) -> None:
        """Every level is as likely as any other."""
        self._whitening.reset()
        self._belief: Floats = np.full((2, self._n, LEVELS), 1 / (2 * LEVELS))

    def __call__(self, clean_uv: Floats) -> Floats:
        """Amplitude at the end of the hop, rest included, in µV."""
        squared = np.square(self._whitening(clean_uv))
        parts_uv2 = squared.reshape(self._parts, -1, self._n)
        power_uv2 = ordered_sum(parts_uv2, axis=1) / parts_uv2.shape[1]
        heard_uv2 = np.minimum(power_uv2, self._loudest_uv2)[:, :, np.newaxis]
        for likelihood in np.exp(heard_uv2 * self._per_power + self._constant):
            self._predict()
            self._belief *= likelihood
            self._belief /= ordered_sum(self._belief[0] + self._belief[1], axis=1)[:, np.newaxis]
        mean_root_uv = ordered_sum((self._belief[0] + self._belief[1]) * self._root_uv, axis=1)
        return np.asarray(np.square(mean_root_uv))

    def _predict(self) -> None:
        """Let muscles start, stop, wander and jump; a step off the end of the levels is not believed."""
        mixed = (self._mix @ self._belief.reshape(2, -1)).reshape(self._belief.shape)
        inside = slice(REACH + 1, REACH + 1 + LEVELS)
        np.add.accumulate(mixed[1], axis=1, out=self._sums[:, inside])
        self._sums[:, inside.stop :] = self._sums[:, inside.stop - 1 : inside.stop]
        mixed[1] += (self._sums[:, 2 * REACH + 1 :] - self._sums[:, : -2 * REACH - 1]) * self._box
        mixed += self._landing
        self._belief = mixed


DISPLAYS: dict[str, Callable[[Grid, int], Display] | None] = {
    "rms": None,
    "bayes": lambda grid, n_channels: Bayes(grid, n_channels, whitened=False),
    "whitened": WhitenedRms,
    "bayes-whitened": lambda grid, n_channels: Bayes(grid, n_channels, whitened=True),
}
"""Names for ``--display``: ``rms`` is the envelope of record itself."""


def display_for(name: str, grid: Grid, n_channels: int) -> Display | None:
    """Make the display estimator of that name; None for ``rms``, the envelope that is there anyway.

    Raises
    ------
    UsageError
        The name is none of `DISPLAYS`.
    """
    if name not in DISPLAYS:
        raise UsageError(f"display: there is no estimator '{name}'; choose one of {', '.join(DISPLAYS)}")
    make = DISPLAYS[name]
    return make(grid, n_channels) if make else None
