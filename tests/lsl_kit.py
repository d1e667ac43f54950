"""A known stream on the loopback of this computer, and what reads it step by step."""

import functools
import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emgfeedback.sources.lsl import open_lsl
from emgfeedback.values import Chunk

# Before liblsl is loaded, which reads it once in a process.
os.environ["LSLAPICFG"] = str(Path(__file__).with_name("lsl_loopback.cfg"))

FS_HZ = 1000.0
PATIENCE_S = 20.0
_numbers = itertools.count()


def new_name() -> str:
    """A stream name that no other test of this computer has."""
    return f"amplifier {os.getpid()} {next(_numbers)}"


@functools.cache
def missing() -> str:
    """Why LSL cannot be tried here; empty when it can."""
    try:
        import pylsl
    except (ImportError, RuntimeError) as error:
        return f"pylsl cannot be used here: {error}"
    called = new_name()
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo(called, "EMG", 1, FS_HZ, "float32", called))
    found = pylsl.resolve_byprop("name", called, timeout=5.0)
    del outlet
    return "" if found else "LSL finds no stream on the loopback of this computer"


def pylsl_or_skip() -> Any:
    """The library, when it is installed and loopback lets a stream be found."""
    if missing():
        pytest.skip(missing())
    import pylsl

    return pylsl


class Amplifier:
    """An outlet of known rows with exact time stamps, ``position`` rows after its start."""

    def __init__(self, pylsl: Any, called: str, values: np.ndarray, **about: Any) -> None:
        self.lsl, self.called, self.values = pylsl, called, values
        self.number = about.pop("number", "double64")
        self.source_id = about.pop("source_id", called)
        self.unit = about.pop("unit", "microvolts")
        self.fs_hz = about.pop("fs_hz", FS_HZ)
        self.position, self.began_s = 0, pylsl.local_clock()
        self.switch_on()

    def switch_on(self) -> None:
        n = self.values.shape[1]
        about = self.lsl.StreamInfo(self.called, "EMG", n, self.fs_hz, self.number, self.source_id)
        channels = about.desc().append_child("channels")
        for label in "abcdefgh"[:n]:
            channel = channels.append_child("channel")
            channel.append_child_value("label", label)
            if self.unit:
                channel.append_child_value("unit", self.unit)
        self.outlet: Any = self.lsl.StreamOutlet(about)

    def switch_off(self) -> None:
        self.outlet = None

    def send(self, n_rows: int) -> None:
        rows = self.values[self.position : self.position + n_rows]
        self.skip(n_rows)
        self.outlet.push_chunk(rows, self.began_s + (self.position - 1) / self.fs_hz)

    def skip(self, n_rows: int) -> None:
        self.position += n_rows


class Reader:
    """Iterates a source step by step and keeps what came."""

    def __init__(self, called: str) -> None:
        self.source = open_lsl(called)
        self.source.on_link = lambda state, cause: self.links.append((state, cause))
        self.links: list[tuple[str, str]] = []
        self.chunks: list[Chunk] = []
        self.source.connect()
        self._iterator = iter(self.source)
        self.step()

    def step(self) -> None:
        self.chunks.append(next(self._iterator))

    def until(self, done: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < deadline_s, f"after {self.source.link}, {self.n_rows} rows"
            self.step()

    def rows(self, n_rows: int) -> None:
        self.until(lambda: self.n_rows >= n_rows)

    @property
    def n_rows(self) -> int:
        return sum(len(chunk.counts) for chunk in self.chunks)

    @property
    def counts(self) -> np.ndarray:
        return np.concatenate([chunk.counts for chunk in self.chunks])

    @property
    def index(self) -> list[int]:
        return [i for chunk in self.chunks for i in range(chunk.first_sample, chunk.end_sample)]
