"""Microvolts in, frames out: one causal pass on the absolute hop grid."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from emgfeedback.processing import quality
from emgfeedback.processing.bandwidth import Grid
from emgfeedback.processing.filters import Filter, design_bandpass, design_notch
from emgfeedback.processing.history import History
from emgfeedback.values import Bits, Chunk, Floats, Frame, Quality, Setup, StreamInfo

SETTLE_S = 0.5
LONGEST_GAP_S = 10.0
HUM_EVERY_S = 0.2
HUM_WINDOW_S = 1.0
LOW_RATE_HZ, LOW_RATE_HUM_WINDOW_S = 200.0, 2.0


class Pipeline:
    """Filter, square and average the used channels, hop by hop.

    Samples are kept until their hop is whole, then every stage runs once on it; so the size of chunks
    cannot matter, and what the session decides takes effect between hops.
    """

    def __init__(self, info: StreamInfo, grid: Grid, mains_hz: float) -> None:
        self.grid = grid
        self.mains_hz = mains_hz
        self._columns = list(info.used())
        self._n = len(self._columns)
        self._setup = Setup()
        self._limits = quality.Limits.of(grid, info.lsb_uv)
        self._bandpass = Filter(design_bandpass(grid.fs_hz, grid.band_hz))
        self._notch: Filter | None = None
        hum_window_s = HUM_WINDOW_S if grid.fs_hz >= LOW_RATE_HZ else LOW_RATE_HUM_WINDOW_S
        self._recent_length = round(hum_window_s * grid.fs_hz)
        self._waiting = np.empty((grid.hop_samples, self._n))
        self._waiting_flags = np.zeros(grid.hop_samples, np.uint8)
        self._begin = self._fill = 0
        self._next_sample: int | None = None
        self._recent_uv: Floats
        self._last_good_uv: Floats
        self._mains_ratio: Floats
        self._hum_bits: Bits
        self._forget()

    def configure(self, setup: Setup) -> None:
        """Take over what the session decided, from the next hop on."""
        if setup is self._setup:
            return
        if setup.notch_hz != self._setup.notch_hz:
            self._notch = Filter(design_notch(self.grid.fs_hz, setup.notch_hz)) if setup.notch_hz else None
            self._settled_hops = 0
        self._setup = setup

    def frames(self, chunk: Chunk, hops_at_once: int = 1) -> Iterator[Frame]:
        """Yield the frames that this chunk completes.

        Parameters
        ----------
        chunk : Chunk
            The next samples; a jump of ``first_sample`` is a gap and gives NaN frames flagged GAP, at
            most 10 s of them.
        hops_at_once : int
            1 lets the caller `configure` between any two frames; whole blocks are faster offline.
        """
        chunk = self._without_a_false_start(chunk)
        if self._next_sample is None:
            self._restart(chunk.first_sample)
        elif chunk.first_sample != self._next_sample:
            yield from self._gap(self._next_sample, chunk.first_sample)
        samples_uv, flags = self._believed(chunk)
        hop, taken = self.grid.hop_samples, 0
        while taken < len(samples_uv):
            whole = min(hops_at_once, (len(samples_uv) - taken) // hop)
            if self._fill == 0 and whole > 1:
                block = slice(taken, taken + whole * hop)
                taken = block.stop
                self._next_sample = chunk.first_sample + taken
                yield from self._process(samples_uv[block], flags[block])
                continue
            n = min(hop - self._fill, len(samples_uv) - taken)
            self._waiting[self._fill : self._fill + n] = samples_uv[taken : taken + n]
            self._waiting_flags[self._fill : self._fill + n] = flags[taken : taken + n]
            self._fill, taken = self._fill + n, taken + n
            self._next_sample = chunk.first_sample + taken
            if self._fill == hop:
                yield from self._process_waiting()

    def _without_a_false_start(self, chunk: Chunk) -> Chunk:
        """Leave flagged rows out where the stream begins or comes back: there is no good sample to hold."""
        if chunk.flagged is None or chunk.first_sample == self._next_sample:
            return chunk
        n = len(chunk.flagged) if chunk.flagged.all() else int(np.argmin(chunk.flagged))
        if n == len(chunk.flagged):
            empty = chunk.counts[:0]
            return Chunk(self._next_sample or 0, empty, chunk.emg_uv[:0], chunk.received_s)
        rest = chunk.counts[n:], chunk.emg_uv[n:], chunk.received_s, chunk.flagged[n:]
        return Chunk(chunk.first_sample + n, *rest)

    def _believed(self, chunk: Chunk) -> tuple[Floats, Bits]:
        """The used channels, with the last good sample held where a row cannot be true, and those rows."""
        samples_uv = chunk.emg_uv[:, self._columns]
        flags = chunk.flagged if chunk.flagged is not None else np.zeros(len(samples_uv), np.uint8)
        if flags.any():
            good = np.where(flags, -1, np.arange(len(samples_uv)))
            samples_uv = np.concatenate([self._last_good_uv, samples_uv])[np.maximum.accumulate(good) + 1]
        if len(samples_uv):
            self._last_good_uv = samples_uv[-1:].copy()
        return samples_uv, flags

    def _process_waiting(self) -> Iterator[Frame]:
        begin, self._begin, self._fill = self._begin, 0, 0
        if begin == 0:
            yield from self._process(self._waiting, self._waiting_flags)
            return
        self._remember_hum(self._bandpass(self._waiting[begin:]))
        yield self._gap_frame(self._next_sample or 0)

    def _process(self, samples_uv: Floats, flags: Bits) -> Iterator[Frame]:
        """Turn whole hops, (n_hops * hop, n_channels), into frames."""
        n_hops = len(samples_uv) // self.grid.hop_samples
        band_uv = self._bandpass(samples_uv)
        clean_uv = self._notch(band_uv) if self._notch else band_uv
        self._history.extend(samples_uv, clean_uv, flags)
        power_uv2 = self._history.power_uv2[-n_hops:]
        envelope_uv = self._history.envelopes_uv(n_hops)
        bits = quality.rate_hops(self._history, self._limits, self._setup, n_hops)
        first_end = (self._next_sample or 0) - (n_hops - 1) * self.grid.hop_samples
        for i in range(n_hops):
            span = slice(i * self.grid.hop_samples, (i + 1) * self.grid.hop_samples)
            self._remember_hum(band_uv[span])
            end_sample = first_end + i * self.grid.hop_samples
            flags = bits[i] | self._hum_and_settling(end_sample)
            yield Frame(end_sample, power_uv2[i], envelope_uv[i], flags, self._mains_ratio)

    def _remember_hum(self, band_uv: Floats) -> None:
        self._recent_uv = np.concatenate([self._recent_uv, band_uv])[-self._recent_length :]

    def _hum_and_settling(self, end_sample: int) -> Bits:
        self._settled_hops += 1
        every = self.grid.hops(HUM_EVERY_S)
        if (end_sample // self.grid.hop_samples) % every == 0 and len(self._recent_uv) == self._recent_length:
            self._listen_for_hum()
        settling = self._settled_hops <= self.grid.hops(SETTLE_S)
        return np.asarray(self._hum_bits | np.uint8(Quality.SETTLING if settling else 0), dtype=np.uint8)

    def _listen_for_hum(self) -> None:
        """Measure hum before the notch; with the notch on, only other lines and a surge are bad."""
        band_hz, notch_hz = self.grid.band_hz, self._setup.notch_hz
        mains = quality.mains_lines(self.mains_hz, band_hz)
        heard = [line for line in quality.all_mains_lines(band_hz) if line != notch_hz]
        ratio, heard_ratio = quality.hum_ratios(self._recent_uv, self.grid.fs_hz, band_hz, (mains, heard))
        bad = heard_ratio > np.where(self._hum_bits > 0, quality.HUM_CLEAR, quality.HUM_RAISE)
        if notch_hz and self._setup.rest_mains_ratio:
            at_rest = np.asarray(self._setup.rest_mains_ratio)
            bad |= 1 - ratio < quality.HUM_SURGE * (1 - at_rest)
        self._mains_ratio = ratio
        self._hum_bits = np.asarray(bad * np.uint8(Quality.MAINS), dtype=np.uint8)

    def _gap(self, first_missing: int, back_at: int) -> Iterator[Frame]:
        """Give a NaN frame for every hop the gap has ended, at most 10 s of them, and start afresh."""
        hop = self.grid.hop_samples
        first_hop, ended = first_missing // hop, back_at // hop
        last = min(ended, first_hop + self.grid.hops(LONGEST_GAP_S))
        self._restart(back_at)
        for i in range(first_hop, last):
            yield self._gap_frame((i + 1) * hop)

    def _gap_frame(self, end_sample: int) -> Frame:
        nothing = np.full(self._n, math.nan)
        return Frame(end_sample, nothing, nothing, np.full(self._n, Quality.GAP, np.uint8), nothing)

    def _restart(self, first_sample: int) -> None:
        self._next_sample = first_sample
        self._begin = self._fill = first_sample % self.grid.hop_samples
        self._bandpass.reset()
        if self._notch:
            self._notch.reset()
        self._forget()

    def _forget(self) -> None:
        self._history = History(self.grid, self._limits.longest_hops, self._n)
        self._recent_uv = np.empty((0, self._n))
        self._last_good_uv = np.zeros((1, self._n))
        self._mains_ratio = np.full(self._n, math.nan)
        self._hum_bits = np.zeros(self._n, np.uint8)
        self._settled_hops = 0
