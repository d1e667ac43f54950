"""A board that is slow, absent, lost or back: calm pages, honest pictures, and a window that never waits."""

from __future__ import annotations

import math

import app_kit as kit
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from emgfeedback.app import words
from emgfeedback.app.feed import Feed
from emgfeedback.app.link import DOWN, Link, link_of
from emgfeedback.app.patient.state import patient_state
from emgfeedback.app.theme import LIGHT
from emgfeedback.errors import SourceError, UsageError
from emgfeedback.values import Quality

SILENT = SourceError("nothing answers on /dev/ttyUSB0: check that this is the port of the dongle")


@pytest.fixture
def opened(qtbot):
    with kit.open_windows(qtbot) as open_one:
        yield open_one


def button(page: QWidget, name: str) -> QPushButton:
    return next(made for made in page.findChildren(QPushButton) if made.accessibleName() == name)


def test_while_connecting_a_calm_page_names_board_and_port_and_what_to_check(qtbot, opened):
    window = opened(kit.board_job(kit.tick()))
    qtbot.waitUntil(window.job.source.asked.is_set, timeout=kit.FOREVER_MS)
    said = kit.shown(window).replace("\N{WORD JOINER}", "")
    assert "Connecting to OpenBCI Cyton on /dev/ttyUSB0…" in said
    assert all(check in said for check in words.CYTON_CHECKS)
    assert not window.patient.isVisible()
    assert all(map(kit.fits, filter(QWidget.isVisible, window.connecting.findChildren(QLabel))))
    kit.streaming(qtbot, window)
    assert window.patient.isVisible()
    assert "Connecting" not in kit.shown(window)


def test_a_file_and_a_simulated_person_are_there_at_once(qtbot, opened):
    window = opened(kit.board_job())
    window._use(kit.FakeJob())
    assert window.connecting is None
    assert window.patient.isVisible()
    window._use(kit.board_job())


def test_keys_post_nothing_while_connecting_but_escape_cancels(qtbot, opened):
    window = opened(kit.board_job(fails=SILENT))
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Right, Qt.Key.Key_M):
        qtbot.keyClick(window, key)
    assert window.job.commands.posted == []
    assert not window.job.closed.is_set()
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.failure is not None, timeout=kit.FOREVER_MS)
    assert "Connecting was cancelled" in kit.shown(window)
    assert window.worker.exit_code() == 0


def test_cancel_closes_the_source_and_returns_before_it_is_closed(qtbot, opened):
    window = opened(kit.board_job())
    window.job.source.leave.clear()
    button(window, "Cancel").click()
    said = kit.shown(window)
    qtbot.waitUntil(window.job.closed.is_set, timeout=kit.FOREVER_MS)
    assert not window.job.source.leave.is_set()
    assert "Letting go of the board…" in said
    qtbot.waitUntil(lambda: window.failure is not None, timeout=kit.FOREVER_MS)
    assert window.job.commands.posted == []


def test_a_board_that_cannot_be_had_is_one_sentence_and_a_way_out(qtbot, opened):
    window = opened(kit.board_job(fails=SILENT))
    window.job.source.answer.set()
    qtbot.waitUntil(lambda: window.failure is not None, timeout=kit.FOREVER_MS)
    said = kit.shown(window)
    assert "No connection to OpenBCI Cyton" in said
    assert "Nothing answers on /dev/ttyUSB0: check" in said
    assert window.failure.findChildren(QPushButton) == [button(window.failure, "Close")]
    assert window.worker.exit_code() == SourceError.exit_code
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Return)
    assert not window.isVisible()


def test_try_again_starts_a_fresh_run_with_its_own_board(qtbot, opened):
    second = kit.board_job(kit.tick())
    window = opened(kit.board_job(fails=SILENT, again=lambda: second))
    window.job.source.answer.set()
    qtbot.waitUntil(lambda: window.failure is not None, timeout=kit.FOREVER_MS)
    again = button(window.failure, "Try again")
    assert again.hasFocus()
    qtbot.keyClick(again, Qt.Key.Key_Space)
    assert window.job is second
    assert window.failure is None
    assert "Connecting to" in kit.shown(window)
    kit.streaming(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_M)
    assert second.commands.kinds() == ["mark"]


def test_a_second_try_that_fails_at_once_says_why_on_the_same_page(qtbot, opened):
    def again() -> kit.FakeJob:
        raise UsageError("/dev/ttyUSB0 is not there: plug in the dongle")

    window = opened(kit.board_job(fails=SILENT, again=again))
    window.job.source.answer.set()
    qtbot.waitUntil(lambda: window.failure is not None, timeout=kit.FOREVER_MS)
    button(window.failure, "Try again").click()
    assert "/dev/ttyUSB0 is not there: plug in the dongle" in kit.shown(window)


def test_no_call_to_the_board_comes_from_the_thread_of_the_window(qtbot, opened):
    window = opened(kit.board_job(kit.tick()))
    kit.streaming(qtbot, window)
    window.job.commands.post = lambda kind, **data: None
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.worker.is_alive(), timeout=kit.FOREVER_MS)
    assert "MainThread" not in window.job.source.callers
    assert {"run"} < window.job.source.callers


def snapshot_of(*ticks):
    feed = Feed(kit.INFO, kit.PROTOCOL)
    for number, one in enumerate(ticks):
        feed.on_chunk(kit.chunk(number * kit.HOP, received_s=10.0))
        feed.on_tick(one)
    return feed


def told(*ticks, silent_s=0.0):
    feed = snapshot_of(*ticks)
    return patient_state(feed.snapshot, kit.PROTOCOL, feed.channels, "right", silent_s)


@pytest.mark.parametrize("state", DOWN)
def test_a_lost_board_is_not_live_at_once_and_a_hiccup_is_after_300_ms(state):
    job = kit.FakeJob(source=kit.FakeBoard(state))
    snapshot = snapshot_of(kit.tick()).snapshot
    assert not link_of(job, snapshot, 10.0).live
    assert link_of(job, snapshot, 10.0).down
    job.source.link = "streaming"
    assert link_of(job, snapshot, 10.29).live
    assert link_of(job, snapshot, 10.5).silent_s == pytest.approx(0.5)
    assert not link_of(job, snapshot, 10.5).down


def test_a_replay_keeps_its_own_time_and_is_never_late():
    job = kit.FakeJob(replay=True)
    assert link_of(job, snapshot_of(kit.tick()).snapshot, 99.0) == Link()


def test_a_silence_is_one_moment_and_after_a_second_rest_please():
    good = kit.tick((62, 14, 10), good=True, good_s=2.4)
    assert told(good).cue == "Hold"
    short, long = told(good, silent_s=0.4), told(good, silent_s=1.0)
    assert (short.cue, long.cue) == ("One moment", "Rest, please")
    for state in (short, long):
        assert not state.live
        assert not state.found
        assert state.left_s is None
        assert state.describe() == state.cue, "no muscle is called on or off"


def test_a_pause_and_the_end_stay_what_they_are_when_the_board_goes():
    assert told(kit.tick(state="paused"), silent_s=5.0).cue == "Paused"
    assert not told(kit.tick(state="paused"), silent_s=5.0).live
    assert told(kit.tick(state="done"), silent_s=5.0).cue == "Well done"


def test_when_the_board_is_back_a_countdown_leads_to_the_repetition_that_was_void():
    void = kit.finished(3, 2.0, False, void="no samples for 2 s")
    state = told(kit.tick(events=(*kit.RESULTS, void)), kit.waiting(4.2))
    assert (state.cue, state.left_s) == ("We go on in", 5)
    assert state.ring == pytest.approx(0.16)
    assert state.columns == ()
    assert state.repetition == 3
    assert "This repetition starts again" in state.sub
    assert told(kit.waiting(1.0)).left_s == 1
    assert "again" not in told(kit.waiting(5.0)).sub
    assert told(kit.tick(phase=kit.WAITING, left_s=0.0)).left_s == 1, "the last hop runs already"
    assert told(kit.waiting(3.0), silent_s=2.0).cue == "Rest, please", "lost once more"


@pytest.mark.parametrize(
    ("state", "silent_s", "cause", "expected"),
    [
        ("", 9.0, "", ""),
        ("streaming", 0.5, "", ""),
        ("stalled", 2.4, "", "No samples for 2 s: is the board near"),
        ("lost", 0.4, "", "Board lost for a moment: check the dongle and the board's switch. Trying again…"),
        ("reconnecting", 7.0, "COM3 is gone", "Board lost for 7 s (COM3 is gone): check the dongle"),
    ],
)
def test_the_operator_is_told_what_is_wrong_and_what_to_do(state, silent_s, cause, expected):
    said = words.link(state, silent_s, cause)
    assert said.startswith(expected)
    assert bool(said) == bool(expected)


def test_a_lost_board_greys_the_window_and_takes_commands_away_but_not_stop(qtbot, opened):
    window = opened(kit.board_job(kit.tick()))
    kit.streaming(qtbot, window)
    buttons = window.panel.controls.buttons
    buttons["start"].setFocus()
    window.job.source.link = "lost"
    qtbot.waitUntil(lambda: "Board lost" in kit.shown(window), timeout=kit.FOREVER_MS)
    assert "Waiting for the board" in kit.shown(window)
    assert not buttons["start"].isEnabled()
    assert buttons["stop"].isEnabled()
    assert not buttons["stop"].hasFocus()
    assert not window.patient._state.live
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert window.job.commands.posted == []
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.job.commands.kinds() == ["stop"]


def test_when_the_board_is_back_the_banner_goes_and_space_goes_on_now(qtbot, opened):
    window = opened(kit.board_job(kit.waiting(4.0)))
    window.job.source.answer.set()
    qtbot.waitUntil(lambda: window.stage.painted is not None, timeout=kit.FOREVER_MS)
    window.job.source.link = "lost"
    qtbot.waitUntil(lambda: "Board lost" in kit.shown(window), timeout=kit.FOREVER_MS)
    window.job.source.link = "streaming"
    qtbot.waitUntil(lambda: "Board lost" not in kit.shown(window), timeout=kit.FOREVER_MS)
    start = window.panel.controls.buttons["start"]
    qtbot.waitUntil(start.isEnabled, timeout=kit.FOREVER_MS)
    qtbot.waitUntil(lambda: start.text().startswith("Go on now"), timeout=kit.FOREVER_MS)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert window.job.commands.posted == [("resume", {})]


def test_the_traces_of_a_lost_board_give_no_number(qtbot, opened):
    window = opened(kit.board_job())
    feed = snapshot_of(*(kit.tick((60, 20, 15), hop=hop) for hop in range(50)))
    traces, pictures = window.panel.traces, []
    traces.resize(400, 300)
    for link in (Link("streaming"), Link("lost", 2.0)):
        traces.show_snapshot(feed.snapshot, feed.trace(), link)
        picture = traces.grab().toImage()
        pictures.append({picture.pixelColor(x, y).name() for x in range(390) for y in range(0, 300, 2)})
    for colour in (LIGHT.done, LIGHT.target):
        assert colour.lower() in pictures[0]
    assert LIGHT.done.lower() not in pictures[1], "no good signal"


def test_rate_and_drift_are_shown_once_known_and_marked_beyond_0_2_percent(qtbot, opened):
    window = opened(kit.board_job(kit.tick()))
    kit.streaming(qtbot, window)
    rate = window.panel._rate
    assert not rate.isVisible()
    window.panel.show_rate(250.031, 124.0)
    assert (rate.isVisible(), rate.text()) == (True, "250.03 Hz, +124 ppm")
    window.panel.show_rate(249.4, -2400.0)
    assert rate.text() == "▲ 249.40 Hz, −2400 ppm"
    window.panel.show_rate(math.nan, math.nan)
    assert rate.isVisible()


def test_all_of_the_panel_fits_at_1280_by_720_also_while_the_board_is_lost(qtbot, opened):
    job = kit.board_job(kit.tick())
    job.simulated = True
    window = opened(job)
    kit.streaming(qtbot, window)
    window.panel.show_rate(250.0, -2400.0)
    job.source.link = "lost"
    qtbot.waitUntil(lambda: "Board lost" in kit.shown(window), timeout=kit.FOREVER_MS)
    window.panel.say(window.panel.banner.text() + " oo" * round(0.13 * len(window.panel.banner.text())))
    window.resize(1280, 720)
    assert window.panel.layout().minimumHeightForWidth(window.panel.width()) <= 720
    assert window.minimumSizeHint().width() <= 1280
    qtbot.waitUntil(lambda: all(map(kit.fits, filter(QWidget.isVisible, window.panel.findChildren(QLabel)))))


def test_without_an_accelerometer_there_is_no_movement_trace(qtbot, opened):
    window = opened(kit.board_job())
    assert window.feed.movement.known
    window._use(kit.FakeJob())
    assert not window.feed.movement.known
    assert len(window.feed.trace().movement_g) == 0
    with_it, without = (Feed(i, kit.PROTOCOL) for i in (kit.WITH_ACCELEROMETER, kit.INFO))
    assert with_it.channels == without.channels, "axes are no columns"
    window._use(kit.board_job())


def test_a_gap_in_the_countdown_is_no_problem_for_the_picture():
    hop = kit.waiting(4.0)
    assert (hop.frame.quality & Quality.GAP).all()
    assert told(hop).cue == "We go on in"
