"""The simulated patient as a source of samples, and as a listener that obeys the session."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from emgfeedback.errors import UsageError
from emgfeedback.sources.patient.body import MUSCLES, TFL, Body
from emgfeedback.sources.patient.script import SCRIPTS, Attention, Effort, Script, Segment
from emgfeedback.sources.patient.signals import Signals
from emgfeedback.values import COUNT_MAX, Channel, Chunk, Counts, Floats, Phase, StreamInfo, Tick

CYTON_GAINS = (1, 2, 4, 6, 8, 12, 24)
DETACHMENTS = ("", "rail", "mains", "quiet")
LONGEST_CHUNK_S = 10.0
WORKING = ("work", "observe")
REHEARSED_REACTION_S = 0.45
LIFTED = 0.65
"""Part of a phase of rule ``rep`` for which the leg is up."""


class Patient:
    """A test signal with known truth, not a person: three hip muscles on a simulated 24-bit board.

    Its *truth* is the activation: each muscle's EMG voltage as a fraction of what it gives in its own
    reference contraction. The same chain records both, so with ``crosstalk=0`` the expected level of a steady
    stretch is exactly 100 times the activation, in % of reference, at any rate.

    Parameters
    ----------
    script : name in `SCRIPTS` (obeys the session through `on_tick`), or segments (by the clock, then ends)
    fs_hz : rate of the board, 50 to 20 000
    seed : equal seeds and options give equal samples, whatever the sizes of the requests
    gain : of the Cyton, which sets the size of a count
    n_channels : 3 or more; those beyond gmed, tfl, ql carry board noise only
    chunk_s : length of the chunks that iteration yields
    paced : wait between chunks as a board would; else as fast as asked
    rise_s : time of a smooth change from one level to another
    detached, detach_s : how (``rail``, ``mains``, ``quiet``) and when the TFL electrode falls off; without
        a time it falls at the first work phase. Scripts named ``detached-…`` say how by themselves.
    **body : ingredients of `Body`, such as ``crosstalk=0, ecg_uv=0``

    Raises
    ------
    UsageError
        An option that cannot be.
    """

    def __init__(
        self,
        script: str | Sequence[Segment] = "learner",
        fs_hz: float = 250.0,
        seed: int = 1,
        gain: int = 24,
        n_channels: int = 3,
        *,
        chunk_s: float = 0.05,
        paced: bool = False,
        rise_s: float = 0.2,
        detached: str = "",
        detach_s: float | None = None,
        **body: Any,
    ) -> None:
        self._script = _script_named(script) if isinstance(script, str) else None
        self._detached = detached or (self._script.detached if self._script else "")
        _check(fs_hz, seed, gain, n_channels, chunk_s, rise_s, self._detached, detach_s)
        names = (*MUSCLES, *(f"EMG {i}" for i in range(len(MUSCLES) + 1, n_channels + 1)))
        lsb_uv = 4.5 / COUNT_MAX / gain * 1e6
        self.info = StreamInfo(fs_hz, tuple(Channel(name) for name in names), "simulated patient", lsb_uv)
        self._body = Body(**body)
        self._mixing = self._body.mixing()
        self._signals = Signals(fs_hz, n_channels, self._body, self._detached, seed)
        self._attention = Attention(fs_hz, np.random.default_rng([seed, 1]))
        self._effort = Effort(round(rise_s * fs_hz))
        self._seed = seed
        self._detached_at = None if detach_s is None else round(detach_s * fs_hz)
        self._chunk_samples = max(1, round(chunk_s * fs_hz))
        self._paced = paced
        self._position = 0
        self._end = None if isinstance(script, str) else self._plan(script)
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Chunk]:
        began_s = time.monotonic() - self._position / self.info.fs_hz
        while not self._closed.is_set():
            first = self._position
            n = self._chunk_samples if self._end is None else min(self._chunk_samples, self._end - first)
            due_s = began_s + (first + n) / self.info.fs_hz - time.monotonic() if self._paced else 0.0
            if n <= 0 or self._closed.wait(max(0.0, due_s)):
                return
            yield Chunk.from_counts(first, self.next_counts(n), self.info.lsb_uv, time.monotonic())

    def close(self) -> None:
        """End the iteration, from any thread."""
        self._closed.set()

    def on_chunk(self, chunk: Chunk) -> None:
        """Do nothing: the person does not look at samples."""

    def on_tick(self, tick: Tick) -> None:
        """Obey a new phase after a reaction time; samples that were handed out do not change.

        A timed script does not listen.
        """
        with self._lock:
            if self._script is None or (reaction := self._attention.reaction_samples(tick)) is None:
                return
            start = tick.frame.end_sample + reaction
            start = min(max(start, self._position), self._position + reaction)
            self._obey(self._script, start, tick.state, tick.phase)

    def rehearse(self, phases: Iterable[Phase]) -> None:
        """Plan to obey these phases by the clock, from the next sample on: for a reader that cannot answer.

        The person reacts `REHEARSED_REACTION_S` after the start of each phase, and rests after the last.
        """
        script = self._script
        if script is None:
            return
        with self._lock:
            start = self._position + round(REHEARSED_REACTION_S * self.info.fs_hz)
            for phase in phases:
                self._obey(script, start, "running", phase)
                start += round(phase.seconds * self.info.fs_hz)
            self._effort.aim(start, {})

    def next_counts(self, n: int) -> Counts:
        """Return the next n samples (n, n_channels); past its end a timed script holds its last levels."""
        with self._lock:
            emg_uv, uv, loose_uv = self._signals.take(n)
            emg_uv = emg_uv * self._effort.activation(self._position, self._position + n)
            for muscle, weights in enumerate(self._mixing.T):
                uv[:, : len(MUSCLES)] += emg_uv[:, [muscle]] * weights
            if self._detached_at is not None:
                off = max(0, self._detached_at - self._position)
                uv[off:, TFL] = loose_uv[off:]
            self._position += n
        return np.clip(np.rint(uv / self.info.lsb_uv), -COUNT_MAX - 1, COUNT_MAX).astype(np.int32)

    def truth(self, first: int, end: int) -> Floats:
        """Activation (n, 3) of samples ``first`` to ``end``, as fractions of each muscle's reference."""
        with self._lock:
            return self._effort.activation(first, end)

    @property
    def detached_at(self) -> int | None:
        """First sample at which the TFL electrode is off; None while it holds."""
        return self._detached_at

    def _obey(self, script: Script, start: int, state: str, phase: Phase) -> None:
        """Plan what the muscles do in a phase; a repetition is lifted and lowered, all else is held."""
        self._effort.aim(start, script.levels(state, phase, self._seed))
        if state != "running" or phase.kind not in WORKING:
            return
        if phase.rule == "rep":
            self._effort.aim(start + round(LIFTED * phase.seconds * self.info.fs_hz), {})
        if self._detached and self._detached_at is None:
            self._detached_at = start

    def _plan(self, segments: Sequence[Segment]) -> int:
        """Lay out a timed script; return the sample at which it ends."""
        ends = [round(s * self.info.fs_hz) for s in itertools.accumulate(part.seconds for part in segments)]
        for first, part in zip([0, *ends], segments, strict=False):
            self._effort.aim(first, part.levels)
        return ends[-1] if ends else 0


def _script_named(name: str) -> Script:
    if name not in SCRIPTS:
        raise UsageError(
            f"simulated patient: no script is called {name[:40]!r}; choose one of {', '.join(SCRIPTS)}"
        )
    return SCRIPTS[name]


def _check(
    fs_hz: float,
    seed: int,
    gain: int,
    n_channels: int,
    chunk_s: float,
    rise_s: float,
    detached: str,
    detach_s: float | None,
) -> None:
    """Refuse what cannot be, one sentence each."""
    where = "simulated patient: "
    if not 50.0 <= fs_hz <= 20_000.0:
        raise UsageError(f"{where}fs is {fs_hz:g} Hz; write a rate from 50 to 20000")
    if seed < 0:
        raise UsageError(f"{where}seed is {seed}; write a whole number from 0")
    if gain not in CYTON_GAINS:
        raise UsageError(f"{where}gain is {gain}; write one of {', '.join(map(str, CYTON_GAINS))}")
    if not len(MUSCLES) <= n_channels <= 64:
        raise UsageError(f"{where}channels is {n_channels}; write a number from 3 to 64")
    if not 0.0 <= chunk_s <= LONGEST_CHUNK_S:
        raise UsageError(f"{where}chunk is {chunk_s:g} s; write 0 to {LONGEST_CHUNK_S:g}")
    if not all(0.0 <= seconds < math.inf for seconds in (rise_s, detach_s or 0.0)):
        raise UsageError(f"{where}a time is negative or has no end; write seconds from 0")
    if detached not in DETACHMENTS:
        raise UsageError(f"{where}detached is {detached[:40]!r}; write rail, mains or quiet")
    if detach_s is not None and not detached:
        raise UsageError(f"{where}detach says when the electrode falls off; write detached to say how")
