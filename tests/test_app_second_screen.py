"""The patient's own screen: it is used where there is one, and its loss costs nothing but the place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import app_kit as kit
import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QGuiApplication

from emgfeedback.app.console.controls import VIEW_CONTROLS
from emgfeedback.app.patient.views import VIEWS
from emgfeedback.app.patient.window import SCREEN_LOST, WINDOW_CLOSED, second_screen

TESTS = Path(__file__).parent
BOTH = {
    "screens": [
        {
            "name": "panel",
            "x": 0,
            "y": 0,
            "width": 1280,
            "height": 720,
            "logicalDpi": 96,
            "logicalBaseDpi": 96,
            "dpr": 1,
        },
        {
            "name": "patient",
            "x": 1280,
            "y": 0,
            "width": 1920,
            "height": 1080,
            "logicalDpi": 96,
            "logicalBaseDpi": 96,
            "dpr": 1,
        },
    ]
}


@pytest.fixture
def opened(qtbot):
    with kit.open_windows(qtbot) as open_one:
        yield open_one


def screen(name: str) -> SimpleNamespace:
    return SimpleNamespace(name=lambda: name)


def test_the_second_screen_is_the_first_other_one():
    own, left, right = screen("a"), screen("b"), screen("c")
    assert second_screen(own, [own]) is None
    assert second_screen(own, [own, left, right]) is left
    assert second_screen(right, [own, left, right]) is own


def moved_out(qtbot, opened):
    """A window whose patient view stands in a window of its own, on the only screen of the tests."""
    window = opened(kit.FakeJob(lambda: iter((kit.tick(good=True),))))
    qtbot.waitUntil(lambda: window.stage.painted is not None, timeout=kit.FOREVER_MS)
    stage = window.stage
    only = QGuiApplication.primaryScreen()
    stage.outside.take(stage.patient, only)
    stage.mirror.show()
    return window, stage, only


def test_with_one_screen_the_view_stands_beside_the_panel(qtbot, opened):
    window = opened(kit.FakeJob(lambda: iter((kit.tick(),))))
    assert not window.stage.is_outside
    assert not window.stage.outside.isVisible()
    assert window.patient.window() is window
    assert not window.stage.mirror.isVisible()


def test_outside_the_view_goes_on_and_the_panel_shows_what_the_patient_sees(qtbot, opened):
    window, stage, _ = moved_out(qtbot, opened)
    assert window.patient.window() is stage.outside
    assert stage.outside.isFullScreen()
    qtbot.waitUntil(lambda: stage.mirror._state.cue == window.patient._state.cue == "Hold", timeout=5000)


def test_a_lost_screen_brings_the_view_back_with_a_line_and_the_session_goes_on(qtbot, opened):
    window, stage, only = moved_out(qtbot, opened)
    assert stage.screen_went(screen("another")) == ""
    assert stage.is_outside
    assert stage.screen_went(only) == SCREEN_LOST
    assert window.patient.window() is window
    assert window.patient.isVisible()
    assert window.panel.banner.text() == SCREEN_LOST
    assert not stage.mirror.isVisible()
    assert not stage.outside.isVisible()
    assert window.job.commands.posted == []
    assert window.worker.is_alive()


def test_the_signal_of_the_system_is_heard(qtbot, opened):
    window, _, only = moved_out(qtbot, opened)
    QCoreApplication.instance().screenRemoved.emit(only)
    assert window.panel.banner.text() == SCREEN_LOST


def test_a_patient_window_closed_by_hand_ends_nothing(qtbot, opened):
    window, stage, _ = moved_out(qtbot, opened)
    stage.outside.close()
    assert window.patient.window() is window
    assert window.panel.banner.text() == WINDOW_CLOSED
    assert window.isVisible()
    assert window.job.commands.posted == []


def test_a_broken_link_is_said_before_the_lost_screen(qtbot, opened):
    window, stage, only = moved_out(qtbot, opened)
    stage.screen_went(only)
    stage.show_link(SimpleNamespace(state="stalled", silent_s=2.0, cause=""))
    assert "No samples for 2 s" in window.panel.banner.text()
    stage.show_link(SimpleNamespace(state="", silent_s=0.0, cause=""))
    assert window.panel.banner.text() == SCREEN_LOST


def test_keys_work_in_the_patients_window_too(qtbot, opened):
    window, stage, _ = moved_out(qtbot, opened)
    for key, act in ((Qt.Key.Key_M, "mark"), (Qt.Key.Key_Right, "skip")):
        stage.outside.activateWindow()
        qtbot.waitUntil(stage.outside.isActiveWindow, timeout=kit.FOREVER_MS)
        qtbot.keyClick(stage.outside, key)
        assert window.job.commands.kinds()[-1:] == [act]


def test_the_patients_window_leaves_with_the_panels(qtbot, opened):
    window, stage, _ = moved_out(qtbot, opened)
    window.shutdown()
    window.hide()
    assert not stage.outside.isVisible()


@pytest.mark.parametrize(("key", "view"), list(zip("12340", VIEWS, strict=True)))
def test_a_digit_chooses_the_view_also_in_full_screen(qtbot, opened, key, view):
    window = opened(kit.FakeJob(lambda: iter((kit.tick(),))))
    window.stage.choose_view("columns" if view != "columns" else "hip")
    window.toggle_full_screen()
    qtbot.keyClick(window, Qt.Key(ord(key)))
    assert window.patient.view == window.stage.mirror.view == view
    window.leave_full_screen()
    checked = [name for name in VIEWS if window.panel.controls.buttons[name].isChecked()]
    assert checked == [view]


def test_the_buttons_of_the_views_do_the_same_and_have_names(qtbot, opened):
    window = opened(kit.FakeJob(lambda: iter((kit.tick(),))))
    assert [control.name for control in VIEW_CONTROLS] == list(VIEWS)
    for control in VIEW_CONTROLS:
        button = window.panel.controls.buttons[control.name]
        button.click()
        button.click()
        assert window.patient.view == control.name
        assert button.isChecked()
        assert button.accessibleName() == control.text
        assert control.keys[0] in button.text()


def test_while_something_is_asked_a_digit_is_its_answer(qtbot, opened):
    done = kit.tick(phase=kit.work(3), events=kit.RESULTS)
    window = opened(kit.FakeJob(lambda: iter((done,))))
    qtbot.waitUntil(lambda: window.stage.painted is not None, timeout=kit.FOREVER_MS)
    qtbot.keyClick(window, Qt.Key.Key_X)
    qtbot.keyClick(window, Qt.Key.Key_2)
    assert window.patient.view == "hip"
    assert window.job.commands.kinds() == ["veto"]
    qtbot.waitUntil(lambda: not window.panel.controls._folded, timeout=kit.FOREVER_MS)
    qtbot.keyClick(window, Qt.Key.Key_2)
    assert window.patient.view == "columns"


RUN = """
import sys
import app_kit as kit
from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication
from emgfeedback.app.theme import load_fonts
from emgfeedback.app.window import Window

application = QApplication([])
load_fonts()
job = kit.FakeJob(lambda: iter((kit.tick(good=True),)))
window = Window(job, "test")
window.show()
window.begin(autostart=False)
said = []


def look():
    if window.stage.painted is None:
        return QTimer.singleShot(20, look)
    stage = window.stage
    patient = stage.patient.window()
    said.append((patient is stage.outside, patient.screen().name(), window.screen().name()))
    said.append((stage.patient.width(), stage.patient.height()))
    application.screenRemoved.emit(patient.screen())
    said.append((stage.patient.window() is window, bool(window.panel.banner.text())))
    application.quit()


QTimer.singleShot(0, look)
application.exec()
window.shutdown()
window.close()
window.deleteLater()
QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
print(said)
"""


def test_on_two_screens_the_view_fills_the_second_one(tmp_path):
    """In a process of its own, on two screens that Qt is told of."""
    config = tmp_path / "screens.json"
    config.write_text(json.dumps(BOTH))
    told = os.environ | {"QT_QPA_PLATFORM": f"offscreen:configfile={config}", "PYTHONPATH": str(TESTS)}
    done = subprocess.run(
        [sys.executable, "-c", RUN], env=told, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.strip() == "[(True, 'patient', 'panel'), (1920, 1080), (True, True)]"
