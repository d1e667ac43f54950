"""The window polls, posts commands, survives faults, and leaves in order."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from pathlib import Path

import app_kit as kit
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QPushButton, QWidget

from emgfeedback.app.console.controls import CONTROLS, stepped
from emgfeedback.app.console.panel import NOT_A_DEVICE
from emgfeedback.app.console.summary import summary_words
from emgfeedback.app.feed import Feed
from emgfeedback.app.link import Link
from emgfeedback.app.main import has_display
from emgfeedback.app.window import Window
from emgfeedback.app.worker import RunThread
from emgfeedback.errors import RecordingError, SourceError
from emgfeedback.values import Event

TESTS = Path(__file__).parent


@pytest.fixture
def opened(qtbot):
    with kit.open_windows(qtbot) as open_one:
        yield open_one


def ticks(*made):
    return lambda: iter(made)


def seen(qtbot, window: Window) -> None:
    """Wait until the window shows a snapshot."""
    qtbot.waitUntil(lambda: window.stage.painted is not None, timeout=10_000)


def test_the_window_polls_the_newest_snapshot_and_is_never_pushed(qtbot, opened):
    flood = [kit.tick((hop % 90, 1, 1), hop=hop) for hop in range(5000)]
    window = opened(kit.FakeJob(ticks(*flood)), begin=False)
    shown = []
    window.patient.show_state = lambda state, now_s: shown.append(state)
    window.worker.start()
    qtbot.waitUntil(lambda: window.feed.snapshot is not None and window.feed.snapshot.tick is flood[-1])
    assert shown == []
    window.poll()
    assert len(shown) == 1


def test_every_paint_is_timed_against_the_arrival(qtbot, opened):
    window = opened(kit.FakeJob(ticks(kit.tick())))
    qtbot.waitUntil(lambda: math.isfinite(window.stage.delay.summary_ms()[0]), timeout=10_000)
    assert window.stage.delay.summary_ms()[0] >= 0.0


@pytest.mark.parametrize(
    ("key", "state", "posted"),
    [
        (Qt.Key.Key_Space, "ready", ("start", {})),
        (Qt.Key.Key_Space, "running", ("pause", {})),
        (Qt.Key.Key_Space, "paused", ("resume", {})),
        (Qt.Key.Key_Escape, "running", ("stop", {})),
        (Qt.Key.Key_Right, "running", ("skip", {})),
        (Qt.Key.Key_M, "running", ("mark", {})),
        (Qt.Key.Key_Minus, "running", ("ratio", {"ratio": pytest.approx(1.32 * math.exp(-0.1))})),
        (Qt.Key.Key_Plus, "running", ("ratio", {"ratio": pytest.approx(1.32 * math.exp(0.1))})),
    ],
)
def test_keys_post_commands_wherever_the_focus_is(qtbot, opened, key, state, posted):
    job = kit.FakeJob(ticks(kit.tick(state=state)))
    window = opened(job)
    seen(qtbot, window)
    window.panel.controls.buttons["mark"].setFocus()
    qtbot.keyClick(window, key)
    qtbot.waitUntil(lambda: posted in job.commands.posted, timeout=5000)


def test_buttons_post_the_same_commands_and_enter_presses_the_focused_one(qtbot, opened):
    job = kit.FakeJob(ticks(kit.tick()))
    window = opened(job)
    seen(qtbot, window)
    window.panel.controls.buttons["skip"].click()
    window.panel.controls.buttons["mark"].setFocus()
    qtbot.keyClick(window.panel.controls.buttons["mark"], Qt.Key.Key_Return)
    assert job.commands.kinds() == ["skip", "mark"]


def test_the_line_stays_in_range_however_often_it_is_stepped():
    ratio = 1.32
    for _ in range(100):
        ratio = stepped(ratio, 1)
    assert ratio == 4.0
    assert stepped(0.5, -1) == 0.5


def test_the_line_steps_from_the_ratio_in_use(qtbot, opened):
    change = Event(5, "ratio", {"from": 1.32, "to": 2.0, "cause": "operator"})
    job = kit.FakeJob(ticks(kit.tick(events=(change,))))
    window = opened(job)
    seen(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_Plus)
    assert job.commands.posted[-1] == ("ratio", {"ratio": pytest.approx(2.0 * math.exp(0.1))})


def test_every_control_has_a_name_a_tip_and_takes_the_focus(qtbot, opened):
    window = opened(kit.FakeJob(ticks(kit.tick())))
    buttons = window.findChildren(QAbstractButton)
    assert len(buttons) >= len(CONTROLS)
    for button in buttons:
        assert button.accessibleName()
        assert button.toolTip()
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    for widget in (window.patient, window.panel.traces, window.panel.cards):
        assert widget.accessibleName()


def test_the_panel_says_what_it_is_and_where_the_data_come_from(qtbot, opened):
    simulated = opened(kit.FakeJob(ticks(kit.tick())))
    replay = opened(kit.FakeJob(ticks(kit.tick()), simulated=False, replay=True))
    live = opened(kit.FakeJob(ticks(kit.tick()), simulated=False))
    assert [window.patient.tag for window in (simulated, replay, live)] == ["SIMULATION", "REPLAY", ""]
    for window in (simulated, replay, live):
        said = [label.text() for label in window.panel.findChildren(QLabel)]
        assert NOT_A_DEVICE in said
        assert (window.stage.tag in said) or not window.stage.tag
    assert not replay.panel.controls.buttons["start"].isEnabled()
    assert replay.panel.controls.buttons["stop"].isEnabled()


def test_words_of_the_panel_fit_at_1280_by_720_also_when_longer(qtbot, opened):
    window = opened(kit.FakeJob(ticks(kit.tick())))
    seen(qtbot, window)
    for control in CONTROLS:
        window.panel.controls.rename(control.name, control.text + "o" * round(0.4 * len(control.text)))
    qtbot.waitUntil(lambda: all(map(kit.fits, window.panel.findChildren(QPushButton))), timeout=5000)
    assert window.minimumSizeHint().width() <= 1280
    assert window.minimumSizeHint().height() <= 720
    assert all(map(kit.fits, filter(QWidget.isVisible, window.panel.findChildren(QLabel))))


def test_turn_goes_round_and_full_screen_hides_the_panel(qtbot, opened):
    window = opened(kit.FakeJob(ticks(kit.tick())))
    turns = []
    for _ in range(4):
        qtbot.keyClick(window, Qt.Key.Key_T)
        turns.append(window.patient.turn)
    assert turns == [90, -90, 0, 90]
    qtbot.keyClick(window, Qt.Key.Key_F11)
    assert window.isFullScreen()
    assert not window.panel.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_F11)
    assert window.panel.isVisible()


def test_the_end_of_a_run_is_a_calm_page_with_the_place_of_the_recording(qtbot, opened, tmp_path):
    place = str(tmp_path / "sub-P014_task-E03_emg.bdf")
    job = kit.FakeJob(ticks(kit.tick(events=kit.RESULTS)), waits=False, recording_path=place)
    window = opened(job)
    qtbot.waitUntil(lambda: window.summary is not None, timeout=10_000)
    said = [label.text() for label in window.summary.findChildren(QLabel)]
    assert "The session is over" in said
    assert "2 of 5 repetitions, 2 full holds. Median share of the target: 60 %." in said
    assert any(place in text for text in said)
    close, folder = window.summary.findChildren(QPushButton)
    assert [button.accessibleName() for button in (close, folder)] == ["Close", "Open folder"]
    close.setFocus()
    qtbot.keyClick(close, Qt.Key.Key_Space)
    assert not window.isVisible()
    assert job.commands.posted == []


def test_a_run_without_repetitions_says_so():
    assert summary_words((), kit.PROTOCOL) == "No repetition was finished."


@pytest.mark.parametrize(
    ("error", "sentence", "code"),
    [
        (SourceError("port /dev/ttyX: nothing answers; plug in the dongle"), "nothing answers", 3),
        (RecordingError("disk full; choose another folder"), "disk full", 5),
        (ZeroDivisionError("division by zero"), "ended by a fault of the program", 1),
    ],
)
def test_what_goes_wrong_is_one_sentence_in_a_banner(qtbot, opened, error, sentence, code):
    window = opened(kit.FakeJob(ticks(kit.tick()), fails=error))
    qtbot.waitUntil(lambda: window.summary is not None, timeout=10_000)
    assert window.summary.banner.isVisible()
    assert sentence in window.summary.banner.text()
    assert "Traceback" not in window.summary.banner.text()
    assert window.worker.exit_code() == code


def test_closing_the_window_in_mid_run_stops_it_and_waits_for_the_recorder(qtbot, opened):
    job = kit.FakeJob(ticks(kit.tick()))
    window = opened(job)
    seen(qtbot, window)
    window.close()
    assert job.commands.kinds() == ["stop"]
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    assert job.released.is_set()
    assert not window.worker.is_alive()
    assert window.worker.exit_code() == 0


def test_a_silent_source_is_closed_when_the_stop_is_not_obeyed():
    job = kit.FakeJob()
    job.commands.stopped = threading.Event()
    job.commands.post = lambda kind, **data: None
    worker = RunThread(job, ())
    worker.start()
    worker.stop()
    worker.join(10.0)
    assert job.closed.is_set()
    assert not worker.is_alive()


def test_a_thread_that_never_started_can_be_finished():
    RunThread(kit.FakeJob(), ()).finish()


def test_the_panel_tells_notable_events_in_words(qtbot, opened):
    refused = Event(5, "calibration", {"refused": "gmed: reference is not above rest"})
    window = opened(kit.FakeJob(ticks(kit.tick(events=(refused,)))))
    seen(qtbot, window)
    said = lambda: [label.text() for label in window.panel.findChildren(QLabel)]  # noqa: E731
    qtbot.waitUntil(lambda: "gmed: reference is not above rest" in said(), timeout=5000)


def test_a_gap_breaks_the_trace_and_paints_without_error(qtbot, opened):
    nan = math.nan
    gap = [kit.tick((nan,) * 3, quality=(64,) * 3, hop=hop) for hop in range(20, 40)]
    around = [kit.tick(hop=hop) for hop in range(20)]
    window = opened(kit.FakeJob(ticks(*around, *gap, kit.tick(hop=40))))
    seen(qtbot, window)
    window.panel.show_snapshot(window.feed.snapshot, window.feed.trace(), Link())
    assert not window.panel.traces.grab().isNull()


def test_traces_are_in_microvolts_until_there_is_a_reference(qtbot, opened):
    window = opened(kit.FakeJob(), begin=False)
    feed = Feed(kit.INFO, kit.PROTOCOL)
    for hop in range(60):
        feed.on_tick(kit.tick((math.nan,) * 3, phase=kit.REST, hop=hop))
    window.panel.traces.show_snapshot(feed.snapshot, feed.trace(), Link())
    window.panel.traces.show_numbers(feed.snapshot)
    assert not window.panel.traces.grab().isNull()
    assert all(number.endswith("µV") for number in window.panel.traces._numbers)


def test_there_is_a_display_only_where_qt_would_find_one(monkeypatch):
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert not has_display()
    monkeypatch.setenv("DISPLAY", ":0")
    assert has_display()
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    assert has_display()
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert not has_display(), "nobody sees an offscreen window"


OPEN_AND_CLOSE = """
import os, signal, sys
sys.path.insert(0, {tests!r})
import app_kit as kit
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from emgfeedback.app.main import open_window

app = QApplication([])
script = lambda: iter([kit.tick(hop=hop) for hop in range(50)])
job = kit.FakeJob(script, waits={waits})
QTimer.singleShot(400, {ending})
sys.exit(open_window(job, autostart=True))
"""
HARMLESS = "This plugin does not support propagateSizeHints()"


def in_a_process(code: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        check=False,
    )
    errors = [line for line in done.stderr.splitlines() if line != HARMLESS]
    return done.returncode, done.stdout, "\n".join(errors)


@pytest.mark.parametrize("attempt", range(5))
def test_the_program_leaves_cleanly(attempt):
    code = OPEN_AND_CLOSE.format(tests=str(TESTS), waits=attempt % 2 == 0, ending="app.closeAllWindows")
    assert in_a_process(code) == (0, "", "")


def test_ctrl_c_closes_the_window_and_the_recording_and_is_no_error():
    interrupt = "lambda: os.kill(os.getpid(), signal.SIGINT)"
    code = OPEN_AND_CLOSE.format(tests=str(TESTS), waits=True, ending=interrupt)
    assert in_a_process(code) == (0, "", "")


SOAK = """
import json, sys
sys.path.insert(0, {tests!r})
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QApplication

def main():
    app = QApplication([])
    pixmap = QPixmap(64, 64)
    pens = QPen(QColor("#123456")), QPen(QColor("#654321"))
    painter = QPainter(pixmap)
    before = sys.getrefcount(None)
    for turn in range(20_000):
        painter.setPen(pens[turn % 2])
    after = sys.getrefcount(None)
    painter.end()
    print(json.dumps([before, after]))

main()
"""


def test_twenty_thousand_pens_lose_no_reference_to_none():
    """PYSIDE-3474: 6.12.0 loses one per call below Python 3.12, and the process aborts."""
    code, out, errors = in_a_process(SOAK.format(tests=str(TESTS)))
    assert (code, errors) == (0, "")
    before, after = json.loads(out)
    assert abs(after - before) < 100


def test_the_window_starts_without_scipy():
    code = "import sys, emgfeedback.app.main, emgfeedback.app.window; sys.exit('scipy' in sys.modules)"
    assert in_a_process(code)[0] == 0
