"""What the app tests share: ticks made by hand, a job that runs them on a thread, and Qt without a screen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from emgfeedback.values import (
    RIVAL,
    TARGET,
    Channel,
    Chunk,
    Dominance,
    Event,
    Frame,
    Phase,
    Protocol,
    Reward,
    StreamInfo,
    Tick,
)

FS_HZ, HOP = 250.0, 5
INFO = StreamInfo(
    FS_HZ,
    (
        Channel("1", "gmed", "right", TARGET),
        Channel("2", "tfl", "right", RIVAL),
        Channel("3", "ql", "right", RIVAL),
    ),
    "fake board",
    0.022,
)
REST = Phase("rest", 10.0, "Rest", "Lie still. Breathe. Let the leg be heavy.")
PRESS = Phase(
    "reference",
    5.0,
    "Side of hip: press the knee up into the belt.",
    "Firm but comfortable, about 3 of 10. The knee does not leave the cushion.",
    muscle="gmed",
)
OBSERVE = Phase("observe", 8.0, "Lift", "As you usually do it.", repetition=1)
RELAX = Phase("relax", 6.0, "Rest", "Let everything go.")


def work(repetition: int = 2) -> Phase:
    """A work phase of ten seconds."""
    return Phase("work", 10.0, "Lift", "Slowly, leg slightly back.", repetition=repetition)


PROTOCOL = Protocol(
    id="E03",
    name="Find the contraction",
    phases=(REST, PRESS, RELAX, work(1), RELAX, work(2), RELAX, work(3), RELAX, work(4), RELAX, work(5)),
    target="gmed",
    rivals=("tfl", "ql"),
    hold_s=6.0,
    ratio=1.32,
    min_level_pct=10.0,
    ceiling_pct=None,
    sides="open",
    coaching={
        "tfl": "Take the leg a little back; the front of the hip goes soft.",
        "ql": "Let the waist sink; breathe out.",
    },
)
NOTHING = Dominance(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, "", False)


def tick(
    levels: Sequence[float] = (60.0, 20.0, 15.0),
    phase: Phase | None = None,
    *,
    good: bool = False,
    withheld: str = "",
    good_s: float = 0.0,
    left_s: float = 6.0,
    state: str = "running",
    quality: Sequence[int] = (0, 0, 0),
    events: tuple[Event, ...] = (),
    hop: int = 1,
) -> Tick:
    """One hop with given levels in % of reference."""
    level_pct = np.array(levels, float)
    bits = np.array(quality[: len(levels)], np.uint8)
    n = len(levels)
    frame = Frame(hop * HOP, np.ones(n), np.nan_to_num(level_pct, nan=4.0) * 1.5, bits, np.zeros(n))
    return Tick(
        frame,
        level_pct,
        NOTHING,
        state,
        3,
        phase or work(),
        left_s,
        Reward(good, False, withheld),
        good_s,
        events,
    )


def chunk(first: int, n: int = HOP, received_s: float = 1.0) -> Chunk:
    """Samples of nothing."""
    return Chunk.from_counts(first, np.zeros((n, 3), np.int32), 0.022, received_s)


def finished(number: int, good_s: float, rewarded: bool, share: float = 0.5) -> Event:
    """The event of a finished repetition."""
    data = {"repetition": number, "good_s": good_s, "rewarded": rewarded, "share_median": share}
    return Event(number * HOP, "repetition", data)


RESULTS = (finished(1, 6.0, True, 0.62), finished(2, 6.0, True, 0.58))


class Commands:
    """Remembers what was posted."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.stopped = threading.Event()

    def post(self, kind: str, **data: Any) -> None:
        self.posted.append((kind, data))
        if kind == "stop":
            self.stopped.set()

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.posted]


@dataclass
class FakeJob:
    """Runs made-up ticks until stopped or through; ``script`` yields them."""

    script: Callable[[], Iterator[Tick]] = lambda: iter(())
    info: StreamInfo = INFO
    protocol: Protocol = PROTOCOL
    simulated: bool = True
    replay: bool = False
    participant: str = "P014"
    side: str = "right"
    recording_path: str = ""
    hop_s: float = 0.0
    fails: Exception | None = None
    waits: bool = True
    commands: Commands = field(default_factory=Commands)

    def __post_init__(self) -> None:
        self.closed = threading.Event()
        self.source = SimpleNamespace(close=self.closed.set)
        self.released = threading.Event()

    def run(self, sinks: Sequence[Any]) -> str:
        """Feed every tick with its chunk; then wait for stop or close, like a live source."""
        for number, one in enumerate(self.script()):
            if self.commands.stopped.wait(self.hop_s) or self.closed.is_set():
                break
            for sink in sinks:
                sink.on_chunk(chunk(number * HOP, received_s=0.0))
                sink.on_tick(one)
        if self.fails is not None:
            raise self.fails
        while self.waits and not (self.commands.stopped.wait(0.01) or self.closed.is_set()):
            pass
        self.released.set()
        return "outcome"
