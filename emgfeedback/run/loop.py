"""One loop for live, replay and headless runs."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from typing import Protocol as Shape

from emgfeedback.processing.pipeline import Pipeline
from emgfeedback.training.session import Session
from emgfeedback.values import Chunk, Command, StreamInfo, Tick

MARKS = ("mark", "note", "pain")


class Source(Shape):
    """Where samples come from; iteration ends when it is closed or has no more."""

    info: StreamInfo

    def __iter__(self) -> Iterator[Chunk]: ...

    def close(self) -> None:
        """End the iteration and let go of the device; callable from any thread, any number of times."""


class Sink(Shape):
    """What listens to a run: recorder, screen, summary."""

    def on_chunk(self, chunk: Chunk) -> None: ...

    def on_tick(self, tick: Tick) -> None: ...


class Commands(Shape):
    """What reaches the session from outside."""

    def at(self, end_sample: int) -> Sequence[Command]:
        """The commands that the hop ending at ``end_sample`` is the first to obey."""


def run(
    source: Source, pipeline: Pipeline, session: Session, sinks: Sequence[Sink], commands: Commands
) -> None:
    """Drive a session until it is finished or the source ends.

    Raw samples reach the sinks before any filter sees them; then each hop gives one frame and one tick.
    """
    pipeline.configure(session.setup)
    for chunk in source:
        for sink in sinks:
            sink.on_chunk(chunk)
        for frame in pipeline.frames(chunk):
            tick = session.step(frame, commands.at(frame.end_sample))
            pipeline.configure(session.setup)
            for sink in sinks:
                sink.on_tick(tick)
            if session.finished:
                return


class Queue:
    """Commands of a live operator, stamped with the hop that obeys them.

    Where the source can tell (``sample_now``), a command also carries the sample that was being taken when
    it was given, as ``at_sample``: a hop is too coarse for a mark.
    """

    def __init__(self) -> None:
        self.sample_now: Callable[[], float] | None = None
        self._waiting: deque[tuple[int, str, dict[str, Any]]] = deque()
        self._lock = threading.Lock()

    def post(self, kind: str, *, not_before: int = 0, **data: Any) -> None:
        """Add a command, from any thread; it takes effect at the next hop that ends after ``not_before``."""
        now = self.sample_now() if self.sample_now and kind in MARKS else math.nan
        if math.isfinite(now):
            data["at_sample"] = round(now)
        with self._lock:
            self._waiting.append((not_before, kind, data))

    def at(self, end_sample: int) -> list[Command]:
        """Take what is due."""
        if not self._waiting:
            return []
        with self._lock:
            due = [entry for entry in self._waiting if entry[0] < end_sample]
            self._waiting = deque(entry for entry in self._waiting if entry[0] >= end_sample)
        return [Command(end_sample, kind, data) for _, kind, data in due]


class Recorded:
    """Commands of a recording, obeyed at the very hops that obeyed them live."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self._left = deque(sorted(commands, key=lambda command: command.sample))

    def post(self, kind: str, **data: Any) -> None:
        """Ignore the operator: a replay follows its log."""

    def at(self, end_sample: int) -> list[Command]:
        """Take what was obeyed up to this hop."""
        due = []
        while self._left and self._left[0].sample <= end_sample:
            due.append(self._left.popleft())
        return due
