"""What the app tests share: ticks made by hand, a job that runs them on a thread, and Qt without a screen."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from emgfeedback.values import (
    ACCEL,
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
PATIENCE_S, FOREVER_MS = 60.0, 30_000
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
AXES = tuple(Channel(f"Accel {axis}", kind=ACCEL, unit="g", lsb=0.000125) for axis in "XYZ")
WITH_ACCELEROMETER = StreamInfo(FS_HZ, (*INFO.channels, *AXES), "OpenBCI Cyton", 0.022)
WAITING = Phase("waiting", 5.0, "One moment")
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


def work(repetition: int = 2, **about: Any) -> Phase:
    """A work phase of ten seconds."""
    return Phase("work", 10.0, "Lift", "Slowly, leg slightly back.", repetition=repetition, **about)


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
    index: int = 3,
    rewarded: bool = False,
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
        index,
        phase or work(),
        left_s,
        Reward(good, rewarded, withheld),
        good_s,
        events,
    )


def waiting(left_s: float, **hop: Any) -> Tick:
    """A hop of the countdown after the board came back; 5 s left is the moment before it begins."""
    unknown = (np.nan,) * 3
    return tick(unknown, WAITING, state="waiting", left_s=left_s, quality=(64, 64, 64), **hop)


def chunk(first: int, n: int = HOP, received_s: float = 1.0, columns: int = 3) -> Chunk:
    """Samples of nothing."""
    return Chunk.from_counts(first, np.zeros((n, columns), np.int32), 0.022, received_s)


def moved(first: int, acceleration_g: Sequence[Sequence[float]], flagged: Any = None) -> Chunk:
    """Silent muscles, and an accelerometer that says (n, 3) ``acceleration_g``."""
    counts = np.zeros((len(acceleration_g), 6), np.int32)
    counts[:, 3:] = np.rint(np.array(acceleration_g) / 0.000125)
    return Chunk.from_counts(first, counts, 0.022, 1.0, flagged)


def finished(
    number: int, good_s: float, rewarded: bool, share: float = 0.5, void: str = "", **about: Any
) -> Event:
    """The event of a finished repetition, with the fields of ``about`` where it is a new one."""
    data = {"repetition": number, "good_s": good_s, "rewarded": rewarded, "share_median": share, "void": void}
    return Event(number * HOP, "repetition", data | about)


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


class FakeSource:
    """A file-like source without a link; closing it ends the run."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def close(self) -> None:
        self.closed.set()


class FakeBoard(FakeSource):
    """A board whose calls block until the test lets go: ``answer`` for connecting, ``leave`` for closing.

    They give up after `PATIENCE_S`, so that a window which waits for them fails its test instead of
    hanging it.
    """

    def __init__(self, link: str = "absent", fails: Exception | None = None) -> None:
        super().__init__()
        self.link, self.where, self.fails = link, "/dev/ttyUSB0", fails
        self.fs_measured_hz = self.drift_ppm = np.nan
        self.answer, self.leave = threading.Event(), threading.Event()
        self.asked, self.callers = threading.Event(), set[str]()
        self.leave.set()

    def connect(self) -> None:
        """Block like a silent port, with the GIL free."""
        self.callers.add(threading.current_thread().name)
        self.link = "connecting"
        self.asked.set()
        self.answer.wait(PATIENCE_S)
        if self.fails is not None:
            self.link = "closed"
            raise self.fails
        self.link = "closed" if self.closed.is_set() else "streaming"

    def close(self) -> None:
        """Block like a board that is being released."""
        self.callers.add(threading.current_thread().name)
        self.closed.set()
        self.answer.set()
        self.leave.wait(PATIENCE_S)


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
    source: Any = field(default_factory=FakeSource)
    commands: Commands = field(default_factory=Commands)
    grades: Any = field(default_factory=lambda: SimpleNamespace(now={}))

    def __post_init__(self) -> None:
        self.closed = getattr(self.source, "closed", threading.Event())
        self.released = threading.Event()

    def run(self, sinks: Sequence[Any]) -> str:
        """Connect, feed every tick with its chunk; then wait for stop or close, like a live source."""
        if hasattr(self.source, "connect"):
            self.source.connect()
        columns = len(self.info.channels)
        for number, one in enumerate(self.script()):
            if self.commands.stopped.wait(self.hop_s) or self.closed.is_set():
                break
            for sink in sinks:
                sink.on_chunk(chunk(number * HOP, received_s=0.0, columns=columns))
                sink.on_tick(one)
        if self.fails is not None:
            raise self.fails
        while self.waits and not (self.commands.stopped.wait(0.01) or self.closed.is_set()):
            pass
        self.released.set()
        return "outcome"


def fits(widget: Any) -> bool:
    """Whether a widget has the room that its words need."""
    from PySide6.QtWidgets import QLabel

    wrapped = isinstance(widget, QLabel) and widget.wordWrap()
    needed = widget.heightForWidth(widget.width()) if wrapped else widget.sizeHint().height()
    return widget.height() >= needed and (
        wrapped or widget.width() >= widget.fontMetrics().horizontalAdvance(widget.text())
    )


def board_job(*ticks: Tick, again: Callable[[], FakeJob] | None = None, **about: Any) -> FakeJob:
    """A run on a board that answers when the test lets it, and then sends these ticks."""
    source = FakeBoard(fails=about.pop("fails", None))
    about = {"simulated": False, "info": WITH_ACCELEROMETER, **about}
    job = FakeJob(lambda: iter(ticks), source=source, **about)
    if again is not None:
        job.again = again
    return job


@contextlib.contextmanager
def open_windows(qtbot: Any) -> Iterator[Callable[..., Any]]:
    """A function that opens a window on a job; in the end all boards are let go and all windows closed."""
    from emgfeedback.app.theme import load_fonts
    from emgfeedback.app.window import Window

    load_fonts()
    windows = []

    def open_one(job: FakeJob, begin: bool = True) -> Window:
        window = Window(job, "test")
        qtbot.addWidget(window)
        windows.append(window)
        window.resize(1280, 720)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow, timeout=FOREVER_MS)
        if begin:
            window.begin(autostart=False)
        return window

    yield open_one
    for window in windows:
        if isinstance(window.job.source, FakeBoard):
            window.job.source.answer.set()
            window.job.source.leave.set()
        window.shutdown()
        window.close()


def streaming(qtbot: Any, window: Any) -> None:
    """Let the board answer, and wait until the window shows what it sends."""
    window.job.source.answer.set()
    qtbot.waitUntil(lambda: window.stage.painted is not None, timeout=FOREVER_MS)


def shown(page: Any) -> str:
    """All words that labels show now."""
    from PySide6.QtWidgets import QLabel

    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())
