"""The workstation from Home to the summary and back: by keys, by accessibility, through faults."""

from __future__ import annotations

import app_kit
import pytest
import shell_kit as kit
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QLabel, QPushButton, QWidget
from test_app_window import TESTS, in_a_process

from emgfeedback.app.pages.rail import STEPS
from emgfeedback.errors import SourceError, UsageError

SMALLEST = QSize(1280, 720)
PAGES = ("home", "person", "placement", "signals", "exercise", "replay")


@pytest.fixture
def opened(qtbot):
    with kit.open_shells(qtbot) as open_one:
        yield open_one


def waits(qtbot, true):
    qtbot.waitUntil(lambda: bool(true()), timeout=kit.PATIENCE_MS)


def short(**about):
    """A run that is over at once."""
    ticks = [app_kit.tick(hop=hop) for hop in range(1, 5)]
    return app_kit.FakeJob(lambda: iter(ticks), waits=False, **about)


def walk(qtbot, shell, name):
    """Open a page by the rail, with all that it lists."""
    shell.person = kit.HEALTHY if name == "exercise" else shell.person
    shell.rail.buttons[name].click()
    if name == "exercise":
        waits(qtbot, lambda: shell.desk.exercise.chosen)
        shell.desk.exercise.source.kind.buttons["board"].click()
        kit.pick(shell.desk.exercise, "clamshell-band")
    qtbot.waitUntil(lambda: shell.stack.currentWidget() is shell.pages[name], timeout=kit.PATIENCE_MS)
    return shell.pages[name]


def tab_to(qtbot, name, reverse=False):
    """Press Tab until a control of that name has the focus, as somebody without a mouse would."""
    for _ in range(80):
        if kit.focused() == name:
            return
        key = Qt.Key.Key_Backtab if reverse else Qt.Key.Key_Tab
        qtbot.keyClick(QApplication.focusWidget(), key)
    raise AssertionError(f"{name} is not reached by Tab; the focus is at {kit.focused()}")


def enter(qtbot):
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)


def test_a_whole_session_with_the_keyboard_only(qtbot, opened):
    world = kit.World(job=short)
    shell = opened(world)
    enter(qtbot)
    assert shell.here == "person"
    qtbot.keyClicks(QApplication.focusWidget(), "A. Smith")
    tab_to(qtbot, "Until, such as 2027-01-31")
    qtbot.keyClicks(QApplication.focusWidget(), kit.LATER)
    tab_to(qtbot, "No limits (healthy), both legs", reverse=True)
    enter(qtbot)
    assert kit.focused() == "Save and place the electrodes"
    enter(qtbot)
    assert (shell.here, kit.focused()) == ("placement", "Check the signals")
    enter(qtbot)
    assert (shell.here, kit.focused()) == ("signals", "Check")
    tab_to(qtbot, "Choose the exercise")
    enter(qtbot)
    waits(qtbot, lambda: shell.here == "exercise" and shell.desk.exercise.chosen)
    assert kit.focused() == "Start"
    enter(qtbot)
    waits(qtbot, lambda: shell.run is not None and shell.run.is_over)
    assert world.asked[0].person.legs["right"] == kit.FREE
    assert kit.focused() == "Done"
    enter(qtbot)
    waits(qtbot, lambda: shell.here == "home")
    assert shell.run is None
    assert kit.focused() == "Resume PNEW0"
    enter(qtbot)
    assert shell.here == "placement"
    assert shell.desk.placement.title.text().startswith("PNEW0")


@pytest.mark.parametrize(
    ("page", "before"),
    [
        ("person", "home"),
        ("placement", "person"),
        ("signals", "placement"),
        ("exercise", "signals"),
        ("replay", "home"),
        ("home", "home"),
    ],
)
def test_escape_leads_back(qtbot, opened, page, before):
    shell = opened()
    walk(qtbot, shell, page)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert shell.here == before


def test_ctrl_n_begins_a_new_session_anywhere(qtbot, opened):
    shell = opened(kit.World(kit.HEALTHY))
    walk(qtbot, shell, "exercise")
    qtbot.keyClick(shell, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert shell.here == "person"
    assert shell.person is None
    assert shell.desk.person.code.text() == "PNEW1"


@pytest.mark.parametrize("name", PAGES)
def test_every_control_has_a_name_a_tip_and_takes_the_focus(qtbot, opened, name):
    shell = opened(kit.World(kit.HEALTHY, kept=lambda: (kit.KEPT,)))
    page = walk(qtbot, shell, name)
    waits(qtbot, lambda: name in ("person", "signals") or "…" not in kit.said(page).replace("Choose…", ""))
    for one in (*kit.controls(page), *kit.controls(shell.rail)):
        interface = QAccessible.queryAccessibleInterface(one)
        assert interface.text(QAccessible.Text.Name), one
        assert one.toolTip() or not isinstance(one, QAbstractButton), one.accessibleName()
        assert one.focusPolicy() & Qt.FocusPolicy.TabFocus, one.accessibleName()
    assert page.accessibleName()


def pressed(one: QWidget) -> None:
    """Press a button as a screen reader does."""
    action = QAccessible.queryAccessibleInterface(one).actionInterface()
    names = action.actionNames()
    action.doAction("Press" if "Press" in names else "Toggle" if "Toggle" in names else names[0])


@pytest.mark.parametrize("name", PAGES)
def test_every_button_can_be_pressed_through_its_accessibility_action(qtbot, opened, name):
    shell = opened(kit.World(kit.HEALTHY, kept=lambda: (kit.KEPT,), job=short))
    count = len(buttons_of(qtbot, shell, name))
    assert count >= 3
    for place in range(count):
        one = buttons_of(qtbot, shell, name)[place]
        clicks = []
        one.clicked.connect(lambda *_, clicks=clicks: clicks.append(True))
        pressed(one)
        waits(qtbot, lambda clicks=clicks: clicks)
        for dialog in shell.findChildren(QFileDialog):
            dialog.reject()
        if shell.here == "ready":
            waits(qtbot, lambda: shell.run is not None and shell.run.is_over)
            pressed(shell.run.summary.buttons[0])
        waits(qtbot, lambda: shell.run is None and not shell._gone)


def buttons_of(qtbot, shell, name):
    page = walk(qtbot, shell, name)
    waits(qtbot, lambda: not shell.errands._away)
    return [
        one
        for one in (*page.findChildren(QAbstractButton), *shell.rail.findChildren(QPushButton))
        if one.accessibleName() and one.isEnabled() and one.isVisible()
    ]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_fits_at_1280_by_720(qtbot, opened, name):
    shell = opened(kit.World(kit.HEALTHY, kept=lambda: (kit.KEPT,) * 5))
    page = walk(qtbot, shell, name)
    waits(qtbot, lambda: not shell.errands._away)
    least = shell.minimumSizeHint()
    assert least.boundedTo(SMALLEST) == least
    assert shell.size() == SMALLEST
    for one in (*page.findChildren(QPushButton), *shell.rail.findChildren(QPushButton)):
        if one.isVisible() and one.text():
            assert app_kit.fits(one), one.text()
            if page.isAncestorOf(one) and not in_a_list(one):
                corner = one.mapTo(page, QPoint(one.width(), one.height()))
                assert corner.x() <= page.width(), one.text()
                assert corner.y() <= page.height(), one.text()
    lines = [one for one in page.findChildren(QLabel) if one.isVisible() and one.wordWrap()]
    waits(qtbot, lambda: all(app_kit.fits(one) for one in lines if not in_a_list(one)))


def in_a_list(one: QWidget) -> bool:
    """Whether it can be scrolled into sight, or stands on a card that shortens it."""
    from PySide6.QtWidgets import QScrollArea

    up = one.parentWidget()
    while up is not None and not isinstance(up, QScrollArea):
        up = up.parentWidget()
    return up is not None


def test_the_rail_says_where_one_is_and_what_is_done(qtbot, opened):
    shell = opened()
    assert shell.rail.buttons["home"].accessibleName() == "Home, you are here"
    assert not shell.rail.buttons["run"].isEnabled()
    walk(qtbot, shell, "exercise")
    names = [shell.rail.buttons[name].accessibleName() for name, *_ in STEPS]
    assert names == [
        *("Home", "Person, done", "Placement, done"),
        *("Signal check", "Exercise, you are here", "Run"),
    ]
    assert "Person P7K" in kit.said(shell.rail)


def test_try_it_runs_by_itself_and_its_summary_leads_home(qtbot, opened):
    world = kit.World(job=short)
    shell = opened(world)
    shell.page("home").try_it.click()
    run = kit.running(qtbot, shell)
    assert world.asked == ["try"]
    assert world.jobs[0].commands.kinds()[0] == "start"
    assert not shell.rail.isVisible(), "a run has the whole window where it is narrow"
    waits(qtbot, lambda: run.is_over)
    qtbot.keyClick(shell, Qt.Key.Key_Escape)
    waits(qtbot, lambda: shell.here == "home" and shell.rail.isVisible())
    waits(qtbot, lambda: not shell._gone)
    assert shell.stack.count() == 2, "Home and the page before the run"


def test_an_exercise_waits_for_the_operators_start(qtbot, opened):
    world = kit.World(job=lambda: app_kit.FakeJob(lambda: iter([app_kit.tick(state="ready")])))
    shell = opened(world)
    kit.choosing(qtbot, shell).start()
    run = kit.running(qtbot, shell)
    waits(qtbot, lambda: run.stage.painted is not None)
    assert run.about.text().startswith("P7K    right leg    Right leg: no limits")
    least = shell.minimumSizeHint()
    assert least.boundedTo(SMALLEST) == least
    assert shell.size() == SMALLEST
    assert world.jobs[0].commands.posted == []
    qtbot.keyClick(shell, Qt.Key.Key_Space)
    assert world.jobs[0].commands.kinds() == ["start"]


def test_escape_in_a_run_stops_it_and_only_then_leads_home(qtbot, opened):
    world = kit.World(job=lambda: app_kit.FakeJob(lambda: iter([app_kit.tick()])))
    shell = opened(world)
    shell.try_it()
    run = kit.running(qtbot, shell)
    waits(qtbot, lambda: run.stage.painted is not None)
    shell.back()
    shell.go("home")
    shell.new_session()
    assert shell.here == "run"
    qtbot.keyClick(shell, Qt.Key.Key_Escape)
    assert "stop" in world.jobs[0].commands.kinds()
    waits(qtbot, lambda: run.is_over)
    assert shell.here == "run"
    qtbot.keyClick(shell, Qt.Key.Key_Escape)
    waits(qtbot, lambda: shell.here == "home")


def test_full_screen_is_that_of_the_whole_window(qtbot, opened):
    shell = opened(kit.World(job=lambda: app_kit.FakeJob(lambda: iter([app_kit.tick()]))))
    shell.resize(1500, 800)
    shell.person = kit.HEALTHY
    shell.try_it()
    run = kit.running(qtbot, shell)
    waits(qtbot, lambda: run.stage.painted is not None)
    assert shell.rail.isVisible()
    assert "P7K" not in kit.said(shell), "nobody who is known lies in a simulation"
    assert not shell.rail.buttons["home"].isEnabled()
    run.toggle_full_screen()
    assert shell.isFullScreen()
    assert not shell.rail.isVisible()
    assert not run.panel.isVisible()
    run.toggle_full_screen()
    assert not shell.isFullScreen()
    assert run.panel.isVisible()


@pytest.mark.parametrize(
    "error",
    [
        UsageError("exercise E11 needs the waist electrode on the other side; re-place it"),
        SourceError("there is no port /dev/ttyX: plug the dongle in"),
        ZeroDivisionError("division by zero"),
    ],
)
def test_a_run_that_cannot_be_put_together_is_a_sentence_with_a_way_on(qtbot, opened, error):
    jobs = [error]

    def job():
        if jobs:
            raise jobs.pop()
        return short()

    shell = opened(kit.World(job=job))
    kit.choosing(qtbot, shell).start()
    waits(qtbot, lambda: shell.desk.ready.banner.isVisible())
    said = shell.desk.ready.banner.text()
    assert str(error)[1:] in said
    assert "Traceback" not in said
    waits(qtbot, lambda: app_kit.fits(shell.desk.ready.banner))
    assert kit.focused() == "Try again"
    enter(qtbot)
    kit.running(qtbot, shell)


def test_after_a_failure_escape_leads_back_to_where_one_came_from(qtbot, opened):
    def job():
        raise SourceError("there is no port: plug the dongle in")

    shell = opened(kit.World(job=job))
    kit.choosing(qtbot, shell).start()
    waits(qtbot, lambda: shell.desk.ready.banner.isVisible())
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert shell.here == "exercise"


def test_a_board_that_is_not_had_leads_back_home(qtbot, opened):
    def job():
        return app_kit.board_job(fails=SourceError("nothing answers; plug in the dongle"))

    world = kit.World(job=job)
    shell = opened(world)
    kit.choosing(qtbot, shell).start()
    run = kit.running(qtbot, shell)
    world.jobs[0].source.answer.set()
    waits(qtbot, lambda: run.failure is not None)
    assert kit.focused() == "Done"
    enter(qtbot)
    waits(qtbot, lambda: shell.here == "home")


def test_a_run_nobody_waits_for_is_let_go(qtbot, opened):
    import threading

    let_go = threading.Event()

    def job():
        let_go.wait(60)
        return short()

    world = kit.World(job=job)
    shell = opened(world)
    shell.try_it()
    assert shell.here == "ready"
    shell.back()
    assert shell.here == "home"
    let_go.set()
    waits(qtbot, lambda: world.jobs and world.jobs[0].source.closed.is_set())
    assert shell.run is None


def test_closing_in_mid_run_stops_it_and_waits_for_the_recorder(qtbot, opened):
    world = kit.World(job=lambda: app_kit.FakeJob(lambda: iter([app_kit.tick()])))
    shell = opened(world)
    shell.try_it()
    run = kit.running(qtbot, shell)
    waits(qtbot, lambda: run.stage.painted is not None)
    shell.close()
    assert shell.isVisible()
    waits(qtbot, lambda: not shell.isVisible())
    assert world.jobs[0].released.is_set()


OPEN_AND_CLOSE = """
import os, signal, sys
sys.path.insert(0, {tests!r})
import app_kit, shell_kit as kit
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from emgfeedback.app.main import open_workstation

app = QApplication([])
world = kit.World(kit.HEALTHY, job=lambda: app_kit.FakeJob(lambda: iter([app_kit.tick()])))
def act():
    shell = next(one for one in app.topLevelWidgets() if one.windowTitle() == "emgfeedback")
    for name in ("person", "exercise", "replay", "home"):
        shell.go(name)
    if {run}:
        shell.try_it()
    QTimer.singleShot(600, {ending})
QTimer.singleShot(200, act)
sys.exit(open_workstation(world.doors()))
"""
ENDINGS = ("app.closeAllWindows", "lambda: os.kill(os.getpid(), signal.SIGINT)")


@pytest.mark.parametrize("attempt", range(5))
def test_the_workstation_leaves_cleanly(attempt):
    ending = ENDINGS[attempt % 2]
    code = OPEN_AND_CLOSE.format(tests=str(TESTS), run=attempt > 1, ending=ending)
    assert in_a_process(code) == (0, "", "")


def test_home_is_painted_without_what_only_a_run_needs():
    code = (
        "import sys, emgfeedback.app.workstation, emgfeedback.cli.workstation\n"
        "sys.exit(str({'scipy', 'pydantic', 'brainflow', 'pyqtgraph'} & set(sys.modules) or '') or 0)"
    )
    assert in_a_process(code)[0] == 0
