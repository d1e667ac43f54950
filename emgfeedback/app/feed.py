"""What the run thread leaves for the screen to pick up: one newest snapshot and the last ten seconds.

The writer is the run thread (`Feed.on_chunk`, `Feed.on_tick`), the readers poll. Nothing here locks or waits:
the snapshot is one immutable object behind one attribute, and a trace row is written before its counter.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from emgfeedback.app.movement import Movement
from emgfeedback.app.result import Result as Result
from emgfeedback.app.result import with_veto
from emgfeedback.values import Channel, Chunk, Event, Floats, Phase, Protocol, StreamInfo, Tick

TRACE_S = 10.0
SHORTEST_HOP_S = 0.016
RECENT_EVENTS = 20


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the screens need at one moment.

    ``received_s`` is the monotonic arrival of the chunk the frame came from; ``ratio`` the line R in use;
    ``results`` the finished repetitions; ``recent`` the last events, newest last. ``ceiling_pct`` is the
    target's top, None without one; ``locked`` the newest event of a phase that is not permitted, until
    something is unlocked; ``stands`` whether the trained leg stands; ``pain_score`` what was said at the
    pain key, 0 to 10; ``units`` how many steps of long holds were reached and told.
    """

    tick: Tick
    received_s: float
    received_samples: int
    lost_samples: int
    fs_hz: float
    ratio: float
    results: tuple[Result, ...] = ()
    recent: tuple[Event, ...] = ()
    ceiling_pct: float | None = None
    locked: Mapping[str, Any] | None = None
    stands: bool = False
    pain_score: float | None = None
    units: int = 0

    @property
    def not_permitted(self) -> bool:
        """The running phase is one that the person's limits do not allow."""
        tick = self.tick
        if tick.phase.kind not in ("work", "observe"):
            return False
        noted = self.locked is not None and self.locked.get("index") == tick.phase_index
        return noted or tick.reward.withheld == "locked"

    @property
    def lost_pct(self) -> float:
        """Lost samples in percent of the span so far."""
        span = self.received_samples + self.lost_samples
        return 100.0 * self.lost_samples / span if span else 0.0


@dataclass(frozen=True, slots=True)
class Trace:
    """The last seconds: ``time_s`` (n,) up to 0, ``level_pct`` and ``envelope_uv`` (n, n_used).

    ``movement_s`` and ``movement_g`` (m,) are its times and the change of acceleration; empty without an
    accelerometer.
    """

    time_s: Floats
    level_pct: Floats
    envelope_uv: Floats
    movement_s: Floats
    movement_g: Floats


class Feed:
    """A sink of the run that keeps the newest state for whoever polls it."""

    def __init__(self, info: StreamInfo, protocol: Protocol, ratio: float | None = None) -> None:
        self.channels: tuple[Channel, ...] = tuple(info.channels[i] for i in info.used())
        self.movement = Movement(info)
        self.snapshot: Snapshot | None = None
        self._fs_hz = info.fs_hz
        self._ratio = protocol.ratio if ratio is None else ratio
        self._ceiling_pct = protocol.ceiling_pct
        self._locked: Mapping[str, Any] | None = None
        self._stands = False
        self._pain_score: float | None = None
        self._units = 0
        self._received_s = 0.0
        self._received = self._lost = 0
        self._next_sample: int | None = None
        self._results: tuple[Result, ...] = ()
        self._recent: tuple[Event, ...] = ()
        self._rows = int(TRACE_S / SHORTEST_HOP_S)
        self._ends = np.zeros(2 * self._rows, np.int64)
        self._values = np.full((2 * self._rows, 2, len(self.channels)), np.nan)
        self._written = 0

    def on_chunk(self, chunk: Chunk) -> None:
        """Count what came and what is missing before it."""
        if not len(chunk.counts):
            return
        if self._next_sample is not None:
            self._lost += max(0, chunk.first_sample - self._next_sample)
        self._next_sample = chunk.end_sample
        self._received += len(chunk.counts)
        self._received_s = chunk.received_s or time.monotonic()
        self.movement.on_chunk(chunk)

    def on_tick(self, tick: Tick) -> None:
        """Keep the hop: trace row first, then its counter, then the snapshot."""
        for event in tick.events:
            self._note(event, tick.phase)
        row = self._written % len(self._ends)
        self._ends[row] = tick.frame.end_sample
        self._values[row, 0] = tick.shown_pct
        self._values[row, 1] = tick.frame.envelope_uv
        self._written += 1
        self.snapshot = Snapshot(
            tick,
            self._received_s,
            self._received,
            self._lost,
            self._fs_hz,
            self._ratio,
            self._results,
            self._recent,
            self._ceiling_pct,
            self._locked,
            self._stands,
            self._pain_score,
            self._units,
        )

    def _note(self, event: Event, phase: Phase) -> None:
        self._recent = (*self._recent, event)[-RECENT_EVENTS:]
        data = event.data
        if event.kind == "repetition":
            self._results += (Result.from_event(data, len(self._results) + 1),)
        elif event.kind == "veto" and data.get("repetition") != self._in_work(phase):
            self._results = with_veto(self._results, event)
        elif event.kind == "ratio":
            self._ratio = float(data["to"])
        elif event.kind == "ceiling":
            self._ceiling_pct = data["pct"]
        elif event.kind in ("locked", "unlock") and not data.get("refused"):
            self._locked = data if event.kind == "locked" else None
        elif event.kind == "stance":
            self._stands = bool(data["on"])
        elif event.kind == "pain":
            self._pain_score = data.get("score")
        elif event.kind == "unit" and (phase.kind, phase.feedback) == ("work", "live"):
            self._units += 1

    def _in_work(self, phase: Phase) -> int | None:
        """Number of the repetition that is running; its veto comes with its own event."""
        done = {result.repetition for result in self._results if not result.void}
        return phase.repetition if phase.repetition and phase.repetition not in done else None

    def trace(self) -> Trace:
        """Copy the last ten seconds; copied again when the writer went round meanwhile."""
        while True:
            written = self._written
            rows = np.arange(max(0, written - self._rows), written) % len(self._ends)
            ends, values = self._ends[rows], self._values[rows]
            if self._written - written < self._rows:
                break
        time_s = (ends - ends[-1]) / self._fs_hz if len(ends) else np.zeros(0)
        recent = time_s >= -TRACE_S
        moved = np.array(self.movement.points, float).reshape(-1, 2)
        moved_s = (moved[:, 0] - (ends[-1] if len(ends) else 0)) / self._fs_hz
        inside = (moved_s >= -TRACE_S) & (moved_s <= 0.0)
        return Trace(time_s[recent], values[recent, 0], values[recent, 1], moved_s[inside], moved[inside, 1])


class DelayMeter:
    """Received-to-painted delay of the last paints; each snapshot counts once."""

    def __init__(self, size: int = 600) -> None:
        self._delays_s: deque[float] = deque(maxlen=size)
        self._seen: Snapshot | None = None

    def painted(self, snapshot: Snapshot, now_s: float) -> None:
        """Note that ``snapshot`` is on the screen at monotonic ``now_s``."""
        if snapshot is not self._seen:
            self._seen = snapshot
            self._delays_s.append(now_s - snapshot.received_s)

    def summary_ms(self) -> tuple[float, float]:
        """Median and 95th percentile in ms; NaN before the first paint."""
        if not self._delays_s:
            return math.nan, math.nan
        median, p95 = np.percentile(self._delays_s, (50, 95))
        return 1000.0 * float(median), 1000.0 * float(p95)
