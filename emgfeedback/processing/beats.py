"""Heartbeats in a surface EMG signal: what one looks like, and where they are in a stretch of rest.

A beat is known by its own averaged shape in the band where it is strongest, 8-45 Hz of the raw signal. The
same beats averaged in the filtered signal show what the high-pass left of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import signal

from emgfeedback.values import Floats

LOW_BAND_HZ = (8.0, 45.0)
HUM_Q = 1.5

HALF_S = 0.12
"""Half of what is kept around a beat; its middle is where half of its energy in the low band has come."""
KNOWN_BY_S = (-0.06, 0.012)
"""What is needed of a beat to know it."""
HINTED_BY_S = (-0.06, -0.014)
"""What has been seen of it when its first ripple in the filtered signal has to leave."""
BEFORE_S = (-0.12, -0.065)
"""A stretch that shows how loud the muscle is while the heart is silent."""
TRACE_S, FADE_S = (-0.085, 0.085), 0.02
"""Where the filtered signal holds a beat, and how it fades in and out beside that."""
TRACE_HZ = (80.0, 120.0)
"""What is subtracted fades out here: a beat has nothing above, its average has noise."""
SMOOTH_S = 0.03
CAUTION = 1.5
"""How many times the expected noise is held for noise."""

REFRACTORY_S = 0.25
SLOWEST_S, FASTEST_S = 60.0 / 35.0, 60.0 / 200.0
ALIKE, LEAST_SIZE, MOST_SIZE = 0.7, 0.5, 2.0
CLEAR_NOISE = 0.25
"""SD of what resembles a beat between beats: 0.01-0.2 where there is a heart, 0.4 for peaks of mere EMG."""
NORMAL_SD = 1.4826
"""SD of a normal variable over its median size; a few bursts of EMG do not count."""
ENOUGH_BEATS = 8
UNEVEN = 0.2
ROUNDS = 4


def design_low_band(fs_hz: float, mains_hz: float) -> Floats:
    """Sections for what a beat is known by: 8-45 Hz with little delay, and a broad notch against hum."""
    sections = [
        signal.butter(2, LOW_BAND_HZ[0], "high", fs=fs_hz, output="sos"),
        signal.butter(2, LOW_BAND_HZ[1], "low", fs=fs_hz, output="sos"),
    ]
    if mains_hz < fs_hz / 2:
        sections.append(signal.tf2sos(*signal.iirnotch(mains_hz, HUM_Q, fs=fs_hz)))
    return np.concatenate(sections)


@dataclass(frozen=True, slots=True)
class Beat:
    """An averaged beat: (length,) in the low band of the column ``lead``, (length, n_columns) filtered.

    ``weight`` (n_columns,) says how many beats at rest it is worth. ``noise`` is the SD of what resembles it
    where there is none, a beat being 1. At rest, ``emg_uv2`` (n_columns,) is the power of the filtered signal
    between beats, and ``scatter_uv2`` (middle + 1, n_columns) the squared spectrum of one beat less the mean.
    """

    lead: int
    low_uv: Floats
    trace_uv: Floats
    weight: Floats
    noise: float
    emg_uv2: Floats
    scatter_uv2: Floats


class Pieces:
    """How a signal is cut around a beat at one rate: ``length`` samples, the beat at the ``middle``."""

    def __init__(self, fs_hz: float) -> None:
        self.fs_hz = fs_hz
        self.middle = round(HALF_S * fs_hz)
        self.length = 2 * self.middle
        self.known = self._span(KNOWN_BY_S)
        self.hinted = self._span(HINTED_BY_S)
        self.before = self._span(BEFORE_S)
        self._low_fade = np.asarray(signal.windows.tukey(self.length, 0.2))
        at_s = (np.arange(self.length) - self.middle) / fs_hz
        outside_s = np.maximum(TRACE_S[0] - at_s, at_s - TRACE_S[1]).clip(0.0, FADE_S)
        self._trace_fade = np.cos(0.5 * math.pi * outside_s / FADE_S)[:, np.newaxis] ** 2
        bins = np.arange(self.middle + 1)
        above = (bins * fs_hz / self.length - TRACE_HZ[0]) / (TRACE_HZ[1] - TRACE_HZ[0])
        self._keep = np.cos(0.5 * math.pi * above.clip(0.0, 1.0)) ** 2
        self._turn = -2j * math.pi * bins / self.length
        self._smooth = round(SMOOTH_S * fs_hz / 2)

    def _span(self, span_s: tuple[float, float]) -> slice:
        return slice(*(self.middle + round(edge_s * self.fs_hz) for edge_s in span_s))

    def around(self, samples: Floats, at: int) -> Floats:
        """Cut (length, ...) around a sample."""
        return samples[at - self.middle : at - self.middle + self.length]

    def shifted(self, wave: Floats, delay: float) -> Floats:
        """Delay a wave (length, ...) that fades at both ends by a fraction of a sample."""
        turn = self._keep * np.exp(self._turn * delay)
        spectrum = np.fft.rfft(wave, axis=0) * (turn if wave.ndim == 1 else turn[:, np.newaxis])
        return np.fft.irfft(spectrum, self.length, axis=0)

    def moved(self, piece_uv: Floats, delay: float) -> Floats:
        """Let a piece fade at both ends and delay it: low band (length,), filtered (length, n_columns)."""
        return self.shifted(piece_uv * (self._low_fade if piece_uv.ndim == 1 else self._trace_fade), delay)

    def fitted(self, piece_uv: Floats, beat_uv: Floats, seen: slice) -> tuple[float, float]:
        """Delay (samples, within ±1) and size with which a low-band beat fits what was seen of a piece.

        Least squares by Gauss-Newton.
        """
        seen_uv, delay, size = piece_uv[seen], 0.0, 1.0
        for _ in range(3):
            wave_uv = self.shifted(beat_uv, delay)
            model, slope = wave_uv[seen], np.gradient(wave_uv)[seen]
            size = float(seen_uv @ model / (model @ model))
            move = float((size * model - seen_uv) @ slope / (slope @ slope)) / max(size, LEAST_SIZE)
            delay = min(max(delay + move, -1.0), 1.0)
        return delay, size

    def spectrum_uv2(self, wave_uv: Floats) -> Floats:
        """Squared spectrum (middle + 1, n_columns) of a wave (length, n_columns)."""
        return np.asarray(np.square(np.abs(np.fft.rfft(wave_uv, axis=0))))

    def believed(self, trace_uv: Floats, noise_uv2: Floats) -> Floats:
        """Shrink a mean (length, n_columns) where it is not above its noise: by frequency, then by time.

        ``noise_uv2`` (middle + 1, n_columns) is the squared spectrum of the noise that averaging left. Both
        steps are Wiener's gain, signal over signal and noise, with power smoothed over 3 bins and 30 ms.
        """
        gain = above_noise(self.spectrum_uv2(trace_uv), noise_uv2, 1)
        wave_uv = np.fft.irfft(np.fft.rfft(trace_uv, axis=0) * gain, self.length, axis=0)
        left_uv2 = 2.0 * (np.square(gain) * noise_uv2).sum(axis=0) / self.length**2
        return wave_uv * above_noise(np.square(wave_uv), left_uv2, self._smooth)


def above_noise(power_uv2: Floats, noise_uv2: Floats, reach: int) -> Floats:
    """1 - noise / power, not below 0, the power (n, c) averaged over ``reach`` neighbours on each side."""
    n = 2 * reach + 1
    total_uv2 = np.cumsum(np.pad(power_uv2, ((reach + 1, reach), (0, 0))), axis=0)
    smooth_uv2 = (total_uv2[n:] - total_uv2[:-n]) / n
    return np.asarray(1.0 - np.minimum(CAUTION * noise_uv2 / np.maximum(smooth_uv2, 1e-30), 1.0))


def resemblance(low_uv: Floats, beat_uv: Floats, pieces: Pieces) -> tuple[Floats, Floats]:
    """Size of the beat at every sample of (n,), a beat being 1; and the same where it is alike, else 0."""
    known_uv = beat_uv[pieces.known]
    energy_uv2 = float(known_uv @ known_uv)
    size, alike = np.zeros((2, len(low_uv)))
    first = pieces.middle - pieces.known.start
    inside = slice(first, first + len(low_uv) - len(known_uv) + 1)
    size[inside] = np.correlate(low_uv, known_uv) / energy_uv2
    here_uv2 = np.convolve(np.square(low_uv), np.ones(len(known_uv)), "valid")
    same = (size[inside] * math.sqrt(energy_uv2) > ALIKE * np.sqrt(here_uv2)) & (size[inside] < MOST_SIZE)
    alike[inside] = np.where(same, size[inside], 0.0)
    return size, alike


def peaks(score: Floats, least: float, pieces: Pieces) -> list[int]:
    """Samples of peaks, the refractory time apart, that have a whole piece around them."""
    found, _ = signal.find_peaks(score, height=least, distance=round(REFRACTORY_S * pieces.fs_hz))
    return [int(i) for i in found if pieces.length <= i <= len(score) - pieces.length]


def centred(low_uv: Floats, at: list[int], pieces: Pieces) -> Floats:
    """Median beat (length,), moved so that half of its energy has come at the middle."""
    median_uv = np.median([pieces.around(low_uv, i) for i in at], axis=0)
    energy_uv2 = np.cumsum(np.square(median_uv))
    move = int(np.searchsorted(energy_uv2, energy_uv2[-1] / 2)) - pieces.middle
    return np.asarray(np.median([pieces.around(low_uv, i + move) for i in at], axis=0))


def first_guess(low_uv: Floats, pieces: Pieces) -> list[int]:
    """Peaks of one sign, between half and twice of what is usual in the longest plausible interval.

    The usual is a lower quartile: bursts of EMG set no threshold.
    """
    slowest = math.ceil(SLOWEST_S * pieces.fs_hz)
    blocks_uv = np.abs(low_uv[: len(low_uv) // slowest * slowest]).reshape(-1, slowest)
    usual_uv = float(np.percentile(blocks_uv.max(axis=1), 25))
    if not usual_uv:
        return []
    size = np.abs(low_uv) / usual_uv
    at = [i for i in peaks(size, LEAST_SIZE, pieces) if size[i] < MOST_SIZE]
    upward = 2 * sum(low_uv[i] > 0 for i in at) >= len(at)
    return [i for i in at if (low_uv[i] > 0) == upward]


def find_beats(low_uv: Floats, pieces: Pieces) -> tuple[list[int], float]:
    """Samples of the beats in (n,), none if there is no plausible heart, and the noise between them.

    Starts from peaks, then looks for what resembles the median of the beats found so far.
    """
    at = first_guess(low_uv, pieces) if len(low_uv) > 2 * SLOWEST_S * pieces.fs_hz else []
    size = low_uv
    for _ in range(ROUNDS):
        if len(at) < ENOUGH_BEATS:
            return [], math.inf
        size, alike = resemblance(low_uv, centred(low_uv, at, pieces), pieces)
        at = peaks(alike, LEAST_SIZE, pieces)
    half = round(REFRACTORY_S * pieces.fs_hz / 2)
    silent = np.ones(len(low_uv), bool)
    for i in at:
        silent[i - half : i + half] = False
    noise = NORMAL_SD * float(np.median(np.abs(size[silent])))
    return (at if noise < CLEAR_NOISE and is_plausible(at, pieces.fs_hz) else []), noise


def is_plausible(at: list[int], fs_hz: float) -> bool:
    """Whether these samples are a heart at 35-200 beats per minute, and half of the intervals are alike."""
    if len(at) < ENOUGH_BEATS:
        return False
    intervals_s = np.diff(at) / fs_hz
    usual_s = float(np.median(intervals_s))
    uneven = float(np.median(np.abs(intervals_s / usual_s - 1.0)))
    return FASTEST_S <= usual_s <= SLOWEST_S and uneven < UNEVEN


def averaged(lows_uv: list[Floats], traces_uv: list[Floats], pieces: Pieces) -> tuple[Floats, Floats, Floats]:
    """Mean beat in both bands, each beat shifted onto the mean of all, and scatter of the filtered one."""
    delays = [0.0] * len(lows_uv)
    for _ in range(ROUNDS):
        mean_uv = np.mean([pieces.moved(x, -d) for x, d in zip(lows_uv, delays, strict=True)], axis=0)
        delays = [pieces.fitted(low_uv, mean_uv, pieces.known)[0] for low_uv in lows_uv]
    moved_uv = [pieces.moved(x, -d) for x, d in zip(traces_uv, delays, strict=True)]
    trace_uv = np.mean(moved_uv, axis=0)
    scatter_uv2 = np.sum([pieces.spectrum_uv2(x - trace_uv) for x in moved_uv], axis=0) / (len(moved_uv) - 1)
    return mean_uv, trace_uv, scatter_uv2


def newest_beat(low_uv: Floats, beat_uv: Floats, seen: slice, newest: int, alike: float) -> int | None:
    """Where, from the first of (n,), what was seen of a beat begins that ended in the newest samples but one.

    None unless it is plausible in size, a peak, and at least so much alike (the cosine between the two).
    """
    seen_uv = beat_uv[seen]
    energy_uv2, n = float(seen_uv @ seen_uv), len(seen_uv)
    first = len(low_uv) - n - newest - 1
    size = np.correlate(low_uv[first:], seen_uv) / energy_uv2
    best = int(size[1:-1].argmax()) + 1
    if not (LEAST_SIZE < size[best] < MOST_SIZE and size[best - 1] <= size[best] > size[best + 1]):
        return None
    here_uv = low_uv[first + best : first + best + n]
    likeness = float(size[best]) * math.sqrt(energy_uv2 / float(here_uv @ here_uv))
    return first + best if likeness > alike else None
