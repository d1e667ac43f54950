"""The window's own clock goes on whatever the board does; `benchmarks/gui_heartbeat.py` has the figures."""

from __future__ import annotations

import itertools
import time

import app_kit as kit
import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QWidget

from emgfeedback.sources import virtual_cyton
from emgfeedback.sources.opening import open_source


@pytest.fixture
def opened(qtbot):
    with kit.open_windows(qtbot) as open_one:
        yield open_one


class Heart:
    """A timer of 5 ms that notes when it really beats."""

    def __init__(self, parent: QWidget) -> None:
        self.beats_s: list[float] = []
        self._timer = QTimer(parent)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(lambda: self.beats_s.append(time.monotonic()))
        self._timer.start(5)

    def beat(self, qtbot, count: int = 60) -> float:
        """Wait for so many beats; return the longest pause between two of them in seconds."""
        self.beats_s.clear()
        qtbot.waitUntil(lambda: len(self.beats_s) > count, timeout=kit.FOREVER_MS)
        return max(b - a for a, b in itertools.pairwise(self.beats_s))


def test_the_window_beats_on_while_the_board_blocks_in_connect_cancel_stop_and_close(qtbot, opened):
    """Each call blocks until the test lets go, which it does only after many beats: no clock decides."""
    window = opened(kit.board_job(kit.tick()))
    source, heart = window.job.source, Heart(window)
    idle_s = heart.beat(qtbot)
    qtbot.waitUntil(source.asked.is_set, timeout=kit.FOREVER_MS)
    pauses_s = [heart.beat(qtbot)]
    assert not source.answer.is_set(), "still connecting"
    kit.streaming(qtbot, window)
    source.leave.clear()
    window.job.commands.post = lambda kind, **data: None
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(source.closed.is_set, timeout=kit.FOREVER_MS)
    pauses_s.append(heart.beat(qtbot))
    assert not source.leave.is_set(), "still letting go"
    assert max(pauses_s) < 1.0 + 10 * idle_s


@pytest.mark.full
@pytest.mark.skipif(not virtual_cyton.available(), reason="no pseudo-terminals here")
def test_the_window_beats_on_while_the_real_driver_asks_a_silent_port(qtbot, opened, tmp_path):
    """BrainFlow blocks for six seconds, with its one lock held; then the sentence is there."""
    silent, link = virtual_cyton.Faults(silent=True), tmp_path / "port"
    with virtual_cyton.VirtualCyton(lambda n: np.zeros((n, 8), np.int32), faults=silent, link=link) as board:
        source = open_source(f"cyton:{board.port}").source
        window = opened(kit.FakeJob(source=source, info=source.info))
        heart, beats = Heart(window), 0
        idle_s = longest_s = heart.beat(qtbot)
        while window.failure is None:
            longest_s, beats = max(longest_s, heart.beat(qtbot)), beats + 60
        assert "nothing answers" in str(window.worker.error)
        assert beats > 60
        assert longest_s < 1.0 + 10 * idle_s


def test_the_window_beats_on_while_a_closed_window_waits_for_the_recording(qtbot, opened):
    window = opened(kit.board_job(kit.tick()))
    kit.streaming(qtbot, window)
    heart, stopped = Heart(window), window.job.commands.stopped
    window.job.commands.post = lambda kind, **data: None
    window.job.source.close = stopped.is_set
    window.close()
    qtbot.waitUntil(lambda: "Saving the recording…" in kit.shown(window), timeout=kit.FOREVER_MS)
    heart.beat(qtbot)
    assert window.isVisible()
    stopped.set()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=kit.FOREVER_MS)
    assert window.job.released.is_set()
