"""The heartbeat in a trunk channel, measured and taken out live.

The mean beat of the filtered signal, shifted by a fraction of a sample and scaled as the low band of the raw
signal says, is subtracted. Template subtraction was, beside the 30 Hz edge, the best of 23 methods (Drake &
Callaghan 2006, doi:10.1016/j.jelekin.2005.07.003). The filtered signal has no say in shift and scale, so
EMG is not fitted away.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.processing.beats import (
    ALIKE,
    ENOUGH_BEATS,
    REFRACTORY_S,
    SLOWEST_S,
    Beat,
    Pieces,
    averaged,
    design_low_band,
    find_beats,
    newest_beat,
)
from emgfeedback.processing.filters import Filter
from emgfeedback.values import Floats

REST_SHARE, GATE_SHARE = 0.2, 0.1
LONGEST_DELAY_S = 0.06
SETTLE_S = 0.5
LONGEST_REST_S, RETRY_S = 30.0, 2.0
MEMORY_BEATS = 64
ALIKE_HINT = 0.9
SIZE_SD = 0.15
"""How much beats differ in size from one to the next; breathing is in it."""


def residue_limit_uv(rest_uv: Floats, gate_uv: Floats) -> Floats:
    """Largest beat-locked residue that may stay: max(20 % of rest RMS, 10 % of the level of the gate)."""
    return np.maximum(REST_SHARE * rest_uv, GATE_SHARE * gate_uv)


class Residue:
    """RMS of what is locked to the beat, free of noise: √(Σ_{i≠j} w_i w_j x_i x_j / Σ_{i≠j} w_i w_j).

    The product of two different beats has no noise in its mean. Loud pieces weigh less, old ones fade.
    """

    def __init__(self, length: int, n_columns: int) -> None:
        self._n_beats = 0
        self._sum_uv = np.zeros((length, n_columns))
        self._own_uv2, self._weight, self._weight2 = np.zeros((3, n_columns))

    def add(self, piece_uv: Floats, weight: Floats) -> None:
        """Take in the piece (length, n_columns) around one more beat, with a weight for each column."""
        fade = 1.0 - 1.0 / MEMORY_BEATS
        self._n_beats += 1
        self._sum_uv = fade * self._sum_uv + weight * piece_uv
        self._own_uv2 = fade**2 * self._own_uv2 + weight**2 * np.square(piece_uv).mean(axis=0)
        self._weight = fade * self._weight + weight
        self._weight2 = fade**2 * self._weight2 + weight**2

    def rms_uv(self) -> Floats:
        """(n_columns,), NaN before `ENOUGH_BEATS`."""
        if self._n_beats < ENOUGH_BEATS:
            return np.full(self._weight.shape, math.nan)
        locked_uv2 = np.square(self._sum_uv).mean(axis=0) - self._own_uv2
        return np.asarray(np.sqrt(locked_uv2.clip(0.0) / (self._weight**2 - self._weight2)))


@dataclass(frozen=True, slots=True)
class Heard:
    """What a stretch of rest says of the heart.

    ``residue_uv`` (n_columns,) is the beat-locked RMS of the filtered signal over a quarter of a second
    around the beat; it and ``rate_bpm`` are NaN, and ``beat`` is None, where there is no plausible heart.
    """

    beats: int
    rate_bpm: float
    residue_uv: Floats
    beat: Beat | None


def weight_of(power_uv2: Floats, rest_uv2: Floats) -> Floats:
    """How much a beat says about the mean beat when the muscle has this power, 1 at rest."""
    return np.asarray(np.divide(rest_uv2, power_uv2, out=np.ones_like(rest_uv2), where=power_uv2 > rest_uv2))


def listened(low_uv: Floats, clean_uv: Floats, pieces: Pieces) -> Heard:
    """Find and average the beats of a stretch of rest, (n_samples, n_columns) in both bands."""
    found = [find_beats(column_uv, pieces) for column_uv in np.ascontiguousarray(low_uv.T)]
    lead = min(range(len(found)), key=lambda column: (not found[column][0], found[column][1]))
    at, noise = found[lead]
    if not at:
        return Heard(0, math.nan, np.full(len(found), math.nan), None)
    traces_uv = [pieces.around(clean_uv, i) for i in at]
    powers_uv2 = [np.square(trace_uv[pieces.before]).mean(axis=0) for trace_uv in traces_uv]
    usual_uv2 = np.median(powers_uv2, axis=0)
    residue = Residue(pieces.length, len(found))
    for trace_uv, power_uv2 in zip(traces_uv, powers_uv2, strict=True):
        residue.add(trace_uv, weight_of(power_uv2, usual_uv2))
    low_mean_uv, trace_mean_uv, scatter_uv2 = averaged(
        [pieces.around(low_uv[:, lead], i) for i in at], traces_uv, pieces
    )
    weight = np.full(len(found), float(len(at)))
    beat = Beat(lead, low_mean_uv, trace_mean_uv, weight, noise, usual_uv2, scatter_uv2)
    rate_bpm = 60.0 * pieces.fs_hz / float(np.median(np.diff(at)))
    return Heard(len(at), rate_bpm, residue.rms_uv(), beat)


class BeatMeter:
    """Listens at rest: is there a heart, and how much of it is left in the filtered signal?

    Parameters
    ----------
    grid : Grid
        Of the stream.
    columns : sequence of int
        The used channels to look at.
    mains_hz : float
        Frequency of the hum to be deaf to, Hz.
    """

    def __init__(self, grid: Grid, columns: Sequence[int], mains_hz: float) -> None:
        self._columns = list(columns)
        self._pieces = Pieces(grid.fs_hz)
        self._low = Filter(design_low_band(grid.fs_hz, mains_hz), grid.hop_samples)
        self._settle_hops = self._unsettled = grid.hops(SETTLE_S)
        self._hops: deque[tuple[Floats, Floats]] = deque(maxlen=grid.hops(LONGEST_REST_S))

    def reset(self) -> None:
        """Forget all, at the start of a rest and after a gap."""
        self._low.reset()
        self._hops.clear()
        self._unsettled = self._settle_hops

    def __call__(self, raw_uv: Floats, clean_uv: Floats) -> None:
        """Take in a hop of raw and of filtered samples, (hop, n_channels) each; the last 30 s are kept."""
        low_uv = self._low(raw_uv[:, self._columns])
        if self._unsettled:
            self._unsettled -= 1
        else:
            self._hops.append((low_uv, clean_uv[:, self._columns].copy()))

    def heard(self) -> Heard:
        """Look for the heart in all that was taken in: milliseconds of work, not for every hop."""
        if not self._hops:
            return Heard(0, math.nan, np.full(len(self._columns), math.nan), None)
        low_uv, clean_uv = (np.concatenate(hops) for hops in zip(*self._hops, strict=True))
        return listened(low_uv, clean_uv, self._pieces)


@dataclass(frozen=True, slots=True)
class Taken:
    """A beat that was taken out at a sample, and is still to be learnt from."""

    at_sample: int
    delay: float
    weight: Floats


class Heartbeat:
    """Takes the heartbeat out of the filtered signal, `delay_hops` late.

    Parameters
    ----------
    grid : Grid
        Of the stream.
    n_channels : int
        Used channels; all are delayed alike.
    columns : sequence of int
        Those whose heartbeat is taken out.
    mains_hz : float
        Frequency of the hum to be deaf to, Hz.
    beat : Beat, optional
        What a `BeatMeter` on the same columns has heard; without it the first beats stay while they are
        learnt.

    Attributes
    ----------
    delay_hops : int
        Most whole hops in 60 ms: 3 of 20 ms.
    beats : int
        Beats taken out so far.
    """

    def __init__(
        self, grid: Grid, n_channels: int, columns: Sequence[int], mains_hz: float, beat: Beat | None = None
    ) -> None:
        self.delay_hops = math.floor(LONGEST_DELAY_S / grid.hop_s + 1e-9)
        self.beats = 0
        self._columns, self._hop = list(columns), grid.hop_samples
        self._meter = BeatMeter(grid, columns, mains_hz)
        self._retry_hops = grid.hops(RETRY_S)
        self._low = Filter(design_low_band(grid.fs_hz, mains_hz), grid.hop_samples)
        pieces = self._pieces = Pieces(grid.fs_hz)
        self._kept = pieces.length + 2 * grid.hop_samples
        self._leaving = self._kept - (self.delay_hops + 1) * grid.hop_samples
        self._hint_newest = grid.hop_samples + pieces.known.stop - pieces.hinted.stop
        self._n_channels = n_channels
        self._residue = Residue(pieces.length, len(self._columns))
        self._know(beat)
        self.reset()

    def reset(self) -> None:
        """Start afresh after a gap; the shape of the beat is kept."""
        n_columns = len(self._columns)
        self._low.reset()
        self._meter.reset()
        self._low_uv = np.zeros((self._kept, n_columns))
        self._clean_uv = np.zeros((self._kept, self._n_channels))
        self._heart_uv = np.zeros((self._kept + self._pieces.middle, n_columns))
        self._guess_uv = np.zeros((self._kept + self._pieces.middle, n_columns))
        self._guessed = False
        self._taken: deque[Taken] = deque()
        self._intervals: deque[int] = deque(maxlen=ENOUGH_BEATS)
        self._end_sample = 0
        self._last_sample = round((SETTLE_S - REFRACTORY_S) * self._pieces.fs_hz)

    @property
    def known(self) -> bool:
        """Whether the shape of the beat is known, so that beats are taken out."""
        return self._beat is not None

    @property
    def rate_bpm(self) -> float:
        """Median over the last 8 intervals; NaN before the second beat."""
        return 60.0 * self._pieces.fs_hz / float(np.median(self._intervals)) if self._intervals else math.nan

    @property
    def residue_uv(self) -> Floats:
        """Beat-locked RMS that is left, (n_columns,), over a quarter of a second; NaN before 8 beats."""
        return self._residue.rms_uv()

    def __call__(self, raw_uv: Floats, clean_uv: Floats) -> Floats:
        """Take in a hop of raw and filtered samples, give the cleaned hop that is `delay_hops` older.

        All are (hop, n_channels); the first `delay_hops` after a start or `reset` are zeros.
        """
        hop = self._hop
        self._end_sample += hop
        self._push(self._low_uv, self._low(raw_uv[:, self._columns]))
        self._push(self._clean_uv, clean_uv)
        self._push(self._heart_uv, 0.0)
        if self._beat is None:
            self._get_to_know(raw_uv, clean_uv)
        else:
            self._take_out(self._beat)
            if self._taken and self._taken[0].at_sample + self._pieces.middle <= self._end_sample:
                self._learn(self._taken.popleft(), self._beat)
        leaving = slice(self._leaving, self._leaving + hop)
        cleaned_uv = self._clean_uv[leaving].copy()
        cleaned_uv[:, self._columns] -= self._heart_uv[leaving]
        return cleaned_uv

    def _push(self, kept: Floats, newest: Floats | float) -> None:
        kept[: -self._hop] = kept[self._hop :]
        kept[-self._hop :] = newest

    def _get_to_know(self, raw_uv: Floats, clean_uv: Floats) -> None:
        self._meter(raw_uv, clean_uv)
        if self._end_sample // self._hop % self._retry_hops == 0:
            self._know(self._meter.heard().beat)

    def _know(self, beat: Beat | None) -> None:
        self._beat = beat
        if beat is not None:
            self._trace_uv = self._pieces.believed(beat.trace_uv, beat.scatter_uv2 / beat.weight)

    def _take_out(self, beat: Beat) -> None:
        """Subtract a beat that is known by now; of one that is only hinted at, what leaves with this hop."""
        pieces, lead_uv = self._pieces, np.ascontiguousarray(self._low_uv[:, beat.lead])
        if self._guessed:
            self._guessed = False
            self._push(self._guess_uv, 0.0)
            self._heart_uv[self._leaving :] -= self._guess_uv[self._leaving :]
        begin = newest_beat(lead_uv, beat.low_uv, pieces.known, self._hop, ALIKE)
        if begin is not None and self._is_new(at := begin - pieces.known.start + pieces.middle):
            self._take(beat, at, lead_uv)
            return
        begin = newest_beat(lead_uv, beat.low_uv, pieces.hinted, self._hint_newest, ALIKE_HINT)
        if begin is not None and self._is_new(at := begin - pieces.hinted.start + pieces.middle):
            self._guess(beat, at, lead_uv)

    def _is_new(self, at: int) -> bool:
        at_sample = self._end_sample - self._kept + at
        return at_sample - self._last_sample >= REFRACTORY_S * self._pieces.fs_hz

    def _take(self, beat: Beat, at: int, lead_uv: Floats) -> None:
        pieces = self._pieces
        silence_uv = pieces.around(self._clean_uv, at)[pieces.before][:, self._columns]
        weight = weight_of(np.square(silence_uv).mean(axis=0), beat.emg_uv2)
        delay, wave_uv = self._wave(beat, at, lead_uv, pieces.known, weight)
        begin = at - pieces.middle
        gone = max(0, self._leaving - begin)
        self._heart_uv[begin + gone : begin + pieces.length] += wave_uv[gone:]
        at_sample = self._end_sample - self._kept + at
        if self.beats and at_sample - self._last_sample < SLOWEST_S * pieces.fs_hz:
            self._intervals.append(at_sample - self._last_sample)
        self._last_sample = at_sample
        self.beats += 1
        self._taken.append(Taken(at_sample, delay, weight))

    def _guess(self, beat: Beat, at: int, lead_uv: Floats) -> None:
        pieces = self._pieces
        begin = at - pieces.middle
        _, wave_uv = self._wave(beat, at, lead_uv, pieces.hinted, np.ones(len(self._columns)))
        self._guess_uv[:] = 0.0
        self._guess_uv[begin : begin + pieces.length] = wave_uv[: len(self._guess_uv) - begin]
        self._heart_uv[self._leaving :] += self._guess_uv[self._leaving :]
        self._guessed = True

    def _wave(
        self, beat: Beat, at: int, lead_uv: Floats, seen: slice, weight: Floats
    ) -> tuple[float, Floats]:
        """Delay of this beat, and what it has left in the filtered signal, (length, n_columns)."""
        piece_uv = lead_uv[at - self._pieces.middle : at - self._pieces.middle + seen.stop]
        delay, size = self._pieces.fitted(piece_uv, beat.low_uv, seen)
        trust = SIZE_SD**2 / (SIZE_SD**2 + beat.noise**2 / float(weight[beat.lead]))
        return delay, (1.0 + trust * (size - 1.0)) * self._pieces.shifted(self._trace_uv, delay)

    def _learn(self, done: Taken, beat: Beat) -> None:
        """Let a beat that is over change the mean beat, the less the louder the muscle was."""
        pieces, at = self._pieces, done.at_sample - self._end_sample + self._kept
        trace_uv = pieces.around(self._clean_uv, at)[:, self._columns]
        low_uv = pieces.around(self._low_uv, at)[:, beat.lead]
        self._residue.add(trace_uv - pieces.around(self._heart_uv, at), done.weight)
        weight = np.minimum(beat.weight + done.weight, MEMORY_BEATS)
        share = done.weight / weight
        moved_low_uv, moved_uv = (pieces.moved(piece_uv, -done.delay) for piece_uv in (low_uv, trace_uv))
        self._know(
            replace(
                beat,
                low_uv=beat.low_uv + share[beat.lead] * (moved_low_uv - beat.low_uv),
                trace_uv=beat.trace_uv + share * (moved_uv - beat.trace_uv),
                weight=weight,
            )
        )
