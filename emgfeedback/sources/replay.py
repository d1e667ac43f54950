"""A recording as a source, at any speed and in any chunks."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Sequence

from emgfeedback.values import Chunk, Recording


class Replay:
    """Yields what was recorded, exactly; ``speed`` is times real time, infinite for as fast as asked."""

    def __init__(self, recording: Recording, sizes: Sequence[int] = (1024,), speed: float = math.inf) -> None:
        self.info = recording.info
        self._recording, self._sizes, self._speed = recording, sizes, speed
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Chunk]:
        began_s = time.monotonic()
        for chunk in self._recording.chunks(self._sizes):
            due_s = began_s + chunk.end_sample / self.info.fs_hz / self._speed
            if self._closed.wait(max(0.0, due_s - time.monotonic())):
                return
            yield Chunk(chunk.first_sample, chunk.counts, chunk.emg_uv, time.monotonic())

    def close(self) -> None:
        """End the iteration, from any thread."""
        self._closed.set()
