"""Microvolts in, frames out: one causal pass on the absolute hop grid."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from emgfeedback.processing import quality
from emgfeedback.processing.artefacts import Roles, Watch
from emgfeedback.processing.bandwidth import TRUNK_MUSCLES, Grid, statistical_bandwidth_hz
from emgfeedback.processing.display import display_for
from emgfeedback.processing.filters import Filter, design_bandpass, design_notch
from emgfeedback.processing.history import History
from emgfeedback.processing.hum import SpectrumMeter
from emgfeedback.processing.listening import Heard, Listening, listening_hops
from emgfeedback.processing.pulse import HOLD, Pulse
from emgfeedback.processing.spectrum import lag_products, n_lags
from emgfeedback.values import RIVAL, TARGET, Bits, Chunk, Floats, Frame, Quality, Setup, StreamInfo

SETTLE_S = 0.5
SETTLING = int(Quality.SETTLING)
LONGEST_GAP_S = 10.0
HISTORY_S = 2.0
LOSS_S = 10.0


@dataclass(frozen=True, slots=True)
class Block:
    """Whole hops on their way through the stages, (n_hops * hop, n_channels) each.

    ``raw_uv`` is unfiltered, ``clean_uv`` what is squared; ``flags``, (n_hops * hop,), marks rows that cannot
    be true. ``first_end`` is the end sample of the first hop.
    """

    first_end: int
    raw_uv: Floats
    clean_uv: Floats
    flags: Bits


class Pipeline:
    """Filter, square and average the used channels, hop by hop.

    Samples are kept until their hop is whole, then every stage runs once on it; so the size of chunks
    cannot matter, and what the session decides takes effect between hops.
    """

    def __init__(self, info: StreamInfo, grid: Grid, mains_hz: float, display: str = "rms") -> None:
        self.grid = grid
        self.mains_hz = mains_hz
        self._columns = list(info.used())
        self._n = len(self._columns)
        self._lsb_uv = info.lsb_uv
        self._roles = _roles(info, 2 * statistical_bandwidth_hz(grid) * grid.hop_s)
        self._meter = SpectrumMeter(grid, listening_hops(grid))
        self._setup = Setup()
        trunk = [i for i, column in enumerate(self._columns) if info.channels[column].muscle in TRUNK_MUSCLES]
        self._pulse = Pulse(grid, self._n, trunk, mains_hz)
        self._display = display_for(display, grid, self._n)
        self._heartbeat_bits = [0] * self._n
        self._limits = quality.Limits.of(grid, info.lsb_uv)
        self._settle_hops = grid.hops(SETTLE_S)
        self._bandpass = Filter(design_bandpass(grid.fs_hz, grid.band_hz), grid.hop_samples)
        self._notch: Filter | None = None
        self._waiting = np.empty((grid.hop_samples, self._n))
        self._waiting_flags = np.zeros(grid.hop_samples, np.uint8)
        self._begin = self._fill = 0
        self._next_sample: int | None = None
        self._last_good_uv: Floats
        self._before_uv: Floats
        self._lost: deque[tuple[int, int]] = deque(maxlen=1000)
        self._forget()

    @property
    def heard(self) -> Heard:
        """What the slow checks measured last: the numbers behind the flags."""
        return self._listening.heard

    def clipped_ago_s(self) -> tuple[float, ...]:
        """Seconds since a sample was at the rail, per used channel; infinite where none was."""
        return tuple(hops * self.grid.hop_s for hops in self._rater.since_rail_hops)

    def loss_share(self) -> float:
        """Samples lost or not to be believed, of those of the last ten seconds."""
        span = round(LOSS_S * self.grid.fs_hz)
        since = (self._next_sample or 0) - span
        return min(1.0, sum(n for sample, n in self._lost if sample > since) / span)

    def configure(self, setup: Setup) -> None:
        """Take over what the session decided, from the next hop on."""
        if setup is self._setup:
            return
        if setup.notch_hz != self._setup.notch_hz:
            notch = design_notch(self.grid.fs_hz, setup.notch_hz) if setup.notch_hz else None
            self._notch = None if notch is None else Filter(notch, self.grid.hop_samples)
            self._settled_hops = 0
        if setup.listen and not self._setup.listen:
            self._before_uv = np.zeros_like(self._before_uv)
        self._setup = setup
        self._pulse.configure(setup)
        if self._display:
            self._display.configure(setup)
        if setup.heartbeat_left:
            self._heartbeat_bits = [int(left) * int(Quality.HEARTBEAT) for left in setup.heartbeat_left]

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
        if not len(chunk.counts):
            return
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
            self._lost.append((chunk.end_sample, int(np.count_nonzero(flags))))
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
        self._bandpass(self._waiting[begin:])
        yield self._gap_frame(self._next_sample or 0)

    def _process(self, samples_uv: Floats, flags: Bits) -> Iterator[Frame]:
        """Turn whole hops, (n_hops * hop, n_channels), into frames; those of `Pulse.delay_hops` ago."""
        hop = self.grid.hop_samples
        first_end = (self._next_sample or 0) - len(samples_uv) + hop
        band_uv = self._bandpass(samples_uv)
        clean_uv = self._notch(band_uv) if self._notch else band_uv
        if not self._pulse.delay_hops:
            yield from self._frames_of(Block(first_end, samples_uv, clean_uv, flags))
            return
        for i in range(len(samples_uv) // hop):
            span = slice(i * hop, (i + 1) * hop)
            passed = self._pulse(samples_uv[span], clean_uv[span], flags[span])
            if passed:
                yield from self._frames_of(Block(first_end + (i - self._pulse.delay_hops) * hop, *passed))

    def _frames_of(self, block: Block) -> Iterator[Frame]:
        """Square, average and judge the hops of a block."""
        hop, n_hops = self.grid.hop_samples, len(block.raw_uv) // self.grid.hop_samples
        history = self._history
        history.extend(block.raw_uv, block.clean_uv, block.flags)
        newest = history.rows[-n_hops:]
        power_uv2, envelope_uv = newest[:, history.columns.power].copy(), history.envelopes_uv(n_hops)
        rest_uv2 = self._setup.rest_power_uv2
        for i, row in enumerate(newest.tolist()):
            span = slice(i * hop, (i + 1) * hop)
            end_sample = block.first_end + i * hop
            rated, watched = self._rater.hop(row, rest_uv2), self._watch.hop(end_sample // hop, row, rest_uv2)
            self._listen(end_sample, block.raw_uv[span], len(history.rows) - n_hops + i)
            told = zip(rated, watched, self._listening.bits, self._heartbeat_bits, strict=True)
            settling = self._settling()
            flags = np.array([a | b | c | d | settling for a, b, c, d in told], np.uint8)
            hum = self._listening.heard.mains_ratio
            display_uv = self._display(block.clean_uv[span]) if self._display else None
            band_uv = block.clean_uv[span].copy() if self._setup.listen else None
            frame = Frame(end_sample, power_uv2[i], envelope_uv[i], flags, hum, display_uv, band_uv=band_uv)
            measured = self._setup.listen not in ("", HOLD)
            yield self._measured(frame, block, span) if measured else frame

    def _measured(self, frame: Frame, block: Block, span: slice) -> Frame:
        """Add what calibration asks for: lag products, and the pulse at the end of a rest."""
        clean_uv = block.clean_uv[span]
        lag_uv2 = lag_products(self._before_uv, clean_uv)
        kept = len(self._before_uv)
        self._before_uv = np.concatenate([self._before_uv, clean_uv])[-kept:]
        pulse_uv, pulse_bpm = self._pulse.listened(block.raw_uv[span], clean_uv)
        return replace(frame, lag_uv2=lag_uv2, pulse_uv=pulse_uv, pulse_bpm=pulse_bpm)

    def _listen(self, end_sample: int, raw_uv: Floats, row: int) -> None:
        if self._listening.hop(end_sample // self.grid.hop_samples, raw_uv):
            self._listening.evaluate(self._history.rows[: row + 1], self._history.columns, self._setup)

    def _settling(self) -> int:
        self._settled_hops += 1
        return SETTLING if self._settled_hops <= self._settle_hops else 0

    def _gap(self, first_missing: int, back_at: int) -> Iterator[Frame]:
        """Give a NaN frame for every hop the gap has ended, at most 10 s of them, and start afresh."""
        hop = self.grid.hop_samples
        self._lost.append((back_at, back_at - first_missing))
        first_hop, ended = first_missing // hop - self._pulse.on_their_way, back_at // hop
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
        self._pulse.reset()
        if self._display:
            self._display.reset()
        self._forget()

    def _forget(self) -> None:
        self._history = History(self.grid, self.grid.hops(HISTORY_S), self._n)
        self._rater = quality.Rater(self._limits, self._history.columns, self.grid.hop_samples)
        self._watch = Watch(self.grid, self._roles, self._history.columns)
        self._listening = Listening(self.grid, self._meter, self.mains_hz, self._lsb_uv, self._n)
        self._last_good_uv = np.zeros((1, self._n))
        self._before_uv = np.zeros((n_lags(self.grid.fs_hz) - 1, self._n))
        self._settled_hops = 0


def _roles(info: StreamInfo, dof: float) -> Roles:
    """Which of the used channels are watched together."""
    roles = [info.channels[i].role for i in info.used()]
    return Roles(roles[:1] == [TARGET], tuple(i for i, role in enumerate(roles) if role == RIVAL), dof)
