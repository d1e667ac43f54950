"""Veto, pain, stance and unlock: what is asked, what is posted, and what is locked meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import app_kit as kit
import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from emgfeedback.app.console.forms import WHY_VETOED, keys_of
from emgfeedback.app.feed import Feed
from emgfeedback.values import Event, Phase

STOPPED = Phase("locked", 0.0, "Stopped. Rest.")
HURTS = kit.tick(state="locked", phase=STOPPED, events=(*kit.RESULTS, Event(9, "pain", {"score": None})))
MISSING = ["EXT", "other leg: SLS", "weight bearing: full"]
LOCKED = Event(
    9,
    "locked",
    {"index": 3, "kind": "work", "muscle": "", "missing": MISSING, "words": "Not permitted yet: EXT."},
)
SMALLEST = QSize(1280, 720)
STEP = replace(kit.PROTOCOL, sides="step")


@pytest.fixture
def opened(qtbot):
    with kit.open_windows(qtbot) as open_one:
        yield open_one


def running(qtbot, opened, *ticks, **about):
    """A window that shows the last of these ticks."""
    window = opened(kit.FakeJob(lambda: iter(ticks), **about))
    shown = lambda: window.stage.painted is not None and window.stage.painted.tick is ticks[-1]  # noqa: E731
    qtbot.waitUntil(shown, timeout=kit.FOREVER_MS)
    return window


def fitting(qtbot, window) -> None:
    """All words of the panel have their room at 1280 x 720."""
    seen = lambda kind: filter(QWidget.isVisible, window.panel.findChildren(kind))  # noqa: E731
    fit = lambda: all(map(kit.fits, (*seen(QLabel), *seen(QPushButton))))  # noqa: E731
    small = lambda: window.minimumSizeHint().boundedTo(SMALLEST) == window.minimumSizeHint()  # noqa: E731
    qtbot.waitUntil(lambda: small() and fit(), timeout=kit.FOREVER_MS)


@pytest.mark.parametrize(("key", "why"), list(zip("1234", WHY_VETOED, strict=True)))
def test_x_and_a_number_void_the_running_repetition(qtbot, opened, key, why):
    window = running(qtbot, opened, kit.tick(phase=kit.work(3), events=kit.RESULTS))
    qtbot.keyClick(window, Qt.Key.Key_X)
    assert window.panel.veto.isVisible()
    assert "Repetition 3 does not count" in window.panel.veto.question.text()
    qtbot.keyClick(window, Qt.Key(ord(key)))
    assert window.job.commands.posted == [("veto", {"repetition": 3, "why": why})]
    assert window.panel.veto.isHidden()
    qtbot.keyClick(window, Qt.Key(ord(key)))
    assert len(window.job.commands.posted) == 1, "the numbers are keys only while it is asked"


def test_between_repetitions_x_means_the_last_one_and_again_the_one_before(qtbot, opened):
    window = running(qtbot, opened, kit.tick(phase=kit.RELAX, events=kit.RESULTS))
    asked = []
    for _ in range(3):
        qtbot.keyClick(window, Qt.Key.Key_X)
        asked.append(window.panel.veto.question.text().split()[1])
    assert asked == ["2", "1", "2"]
    fitting(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_X)
    window.panel.veto.buttons["leaned"].click()
    assert window.job.commands.posted == [("veto", {"repetition": 1, "why": "leaned"})]


def test_the_repetition_is_the_one_of_the_question_and_not_of_the_answer(qtbot, opened):
    window = running(qtbot, opened, kit.tick(phase=kit.work(3), events=kit.RESULTS))
    qtbot.keyClick(window, Qt.Key.Key_X)
    window.feed.on_tick(kit.tick(phase=kit.work(4), events=(kit.finished(3, 1.0, False),)))
    qtbot.keyClick(window, Qt.Key.Key_2)
    assert window.job.commands.posted == [("veto", {"repetition": 3, "why": "hip flexed"})]


def test_a_veto_can_be_left_or_taken_back(qtbot, opened):
    veto = Event(20, "veto", {"repetition": 2, "why": "leaned", "undo": False})
    window = running(qtbot, opened, kit.tick(events=kit.RESULTS), kit.tick(phase=kit.RELAX, events=(veto,)))
    qtbot.keyClick(window, Qt.Key.Key_X)
    assert "not counted (leaned)" in window.panel.veto.question.text()
    qtbot.keyClick(window, Qt.Key.Key_1)
    assert window.panel.veto.isVisible(), "one reason is enough"
    qtbot.keyClick(window, Qt.Key.Key_0)
    assert window.job.commands.posted == []
    qtbot.keyClick(window, Qt.Key.Key_X)
    qtbot.keyClick(window, Qt.Key.Key_5)
    assert window.job.commands.posted == [("veto", {"repetition": 2, "why": "leaned", "undo": True})]


def test_a_click_on_a_card_asks_about_that_repetition(qtbot, opened):
    window = running(qtbot, opened, kit.tick(phase=kit.RELAX, events=kit.RESULTS))
    qtbot.mouseClick(window.panel.cards, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert "Repetition 1 " in window.panel.veto.question.text()
    qtbot.mouseClick(
        window.panel.cards, Qt.MouseButton.LeftButton, pos=QPoint(window.panel.cards.width() - 5, 9)
    )
    assert "Repetition 1 " in window.panel.veto.question.text(), "nothing is asked about what is to come"


def test_without_a_repetition_there_is_nothing_to_veto(qtbot, opened):
    window = running(qtbot, opened, kit.tick(phase=kit.REST))
    qtbot.keyClick(window, Qt.Key.Key_X)
    assert window.panel.veto.isHidden()


def test_p_posts_pain_at_once_and_asks_nothing_before(qtbot, opened):
    window = running(qtbot, opened, kit.tick())
    qtbot.keyClick(window, Qt.Key.Key_P)
    assert window.job.commands.posted == [("pain", {})]


def test_in_full_screen_the_pain_key_brings_the_panel_back(qtbot, opened):
    window = running(qtbot, opened, kit.tick())
    qtbot.keyClick(window, Qt.Key.Key_F11)
    qtbot.keyClick(window, Qt.Key.Key_P)
    assert window.panel.isVisible()


def test_after_pain_only_score_acknowledge_and_stop_work(qtbot, opened):
    window = running(qtbot, opened, HURTS)
    qtbot.waitUntil(window.panel.pain.isVisible, timeout=kit.FOREVER_MS)
    for key in (
        Qt.Key.Key_Space,
        Qt.Key.Key_Right,
        Qt.Key.Key_Plus,
        Qt.Key.Key_X,
        Qt.Key.Key_M,
        Qt.Key.Key_P,
    ):
        qtbot.keyClick(window, key)
    assert window.job.commands.posted == []
    assert window.panel.veto.isHidden()
    assert "locked until a clinician acknowledges" in window.panel.pain.question.text()
    fitting(qtbot, window)
    form = window.panel.pain
    buttons = {button.accessibleName(): button for button in form.findChildren(QPushButton)}
    assert [f"Pain {n} of 10" in buttons for n in range(11)] == [True] * 11
    buttons["Pain 4 of 10"].click()
    assert not form.looked.isEnabled(), "nobody has given a name"
    form.who.setFocus()
    qtbot.keyClicks(form.who, "MX")
    form.looked.click()
    assert window.job.commands.posted == [("pain", {"score": 4}), ("acknowledge", {"who": "MX"})]
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.job.commands.posted[-1] == ("stop", {})


def test_the_form_says_what_was_noted_and_goes_when_somebody_has_looked(qtbot, opened):
    noted = kit.tick(state="locked", phase=STOPPED, events=(Event(9, "pain", {"score": 4.0}),))
    window = running(qtbot, opened, HURTS, noted)
    qtbot.waitUntil(lambda: "Pain 4 of 10" in window.panel.pain.question.text(), timeout=kit.FOREVER_MS)
    window.feed.on_tick(kit.tick(state="paused"))
    qtbot.waitUntil(window.panel.pain.isHidden, timeout=kit.FOREVER_MS)
    start = window.panel.controls.buttons["start"]
    qtbot.waitUntil(start.isEnabled, timeout=kit.FOREVER_MS)
    assert start.accessibleName() == "Go on"


def test_letters_and_escape_in_a_line_are_no_keys_of_the_window(qtbot, opened):
    window = running(qtbot, opened, HURTS)
    qtbot.waitUntil(window.panel.pain.isVisible, timeout=kit.FOREVER_MS)
    who = window.panel.pain.who
    who.setFocus()
    qtbot.keyClicks(who, "mx p 1")
    assert who.text() == "mx p 1"
    qtbot.keyClick(who, Qt.Key.Key_Escape)
    assert window.job.commands.posted == []
    assert not who.hasFocus()
    who.setFocus()
    qtbot.keyClick(who, Qt.Key.Key_Return)
    assert window.job.commands.posted == [("acknowledge", {"who": "mx p 1"})]


def test_a_replay_shows_the_pain_and_answers_nothing(qtbot, opened):
    window = running(qtbot, opened, HURTS, simulated=False, replay=True)
    qtbot.waitUntil(window.panel.pain.isVisible, timeout=kit.FOREVER_MS)
    assert not any(button.isEnabled() for button in window.panel.pain.findChildren(QPushButton))


def test_b_is_there_for_stepping_only_and_goes_to_and_fro(qtbot, opened):
    stands = Event(9, "stance", {"on": True})
    plain = running(qtbot, opened, kit.tick())
    qtbot.keyClick(plain, Qt.Key.Key_B)
    assert plain.job.commands.posted == []
    assert plain.panel.controls.buttons["stance"].isHidden()
    window = running(qtbot, opened, kit.tick(withheld="swing"), protocol=STEP)
    assert window.panel.controls.buttons["stance"].isVisible()
    qtbot.keyClick(window, Qt.Key.Key_B)
    window.feed.on_tick(kit.tick(events=(stands,)))
    button = window.panel.controls.buttons["stance"]
    qtbot.waitUntil(lambda: button.accessibleName() == "Stance: on", timeout=kit.FOREVER_MS)
    button.click()
    assert window.job.commands.posted == [("stance", {"on": True}), ("stance", {"on": False})]
    fitting(qtbot, window)


def test_what_is_locked_is_told_and_unlocked_by_name(qtbot, opened):
    window = running(qtbot, opened, kit.tick(events=(LOCKED,), index=2), kit.tick(withheld="locked"))
    offered = window.panel.controls.buttons["unlock"]
    qtbot.waitUntil(offered.isVisible, timeout=kit.FOREVER_MS)
    qtbot.waitUntil(lambda: "Not permitted yet: EXT." in kit.shown(window.panel), timeout=kit.FOREVER_MS)
    qtbot.keyClick(window, Qt.Key.Key_U)
    form = window.panel.unlock
    assert [form.key.itemData(i) for i in range(form.key.count())] == [
        {"key": "EXT", "leg": "trained"},
        {"key": "SLS", "leg": "other"},
    ]
    assert form.until.text() == date.today().isoformat()
    assert not form.done.isEnabled()
    fitting(qtbot, window)
    qtbot.keyClicks(form.who, "Dr. M")
    assert not form.done.isEnabled(), "a reason is needed"
    qtbot.keyClicks(form.why, "seen today")
    form.until.setText("2027-01-31")
    form.done.click()
    named = {"key": "EXT", "leg": "trained", "who": "Dr. M", "why": "seen today", "until": "2027-01-31"}
    assert window.job.commands.posted == [("unlock", named)]
    assert form.isHidden()


def test_without_anything_locked_there_is_no_unlock(qtbot, opened):
    window = running(qtbot, opened, kit.tick())
    qtbot.keyClick(window, Qt.Key.Key_U)
    assert window.panel.unlock.isHidden()
    assert window.panel.controls.buttons["unlock"].isHidden()


def test_weight_bearing_is_no_key_that_a_name_unlocks():
    assert keys_of(MISSING) == ["EXT", "other leg: SLS"]
    assert keys_of(["weight bearing: full", "other leg: weight bearing: full"]) == []


def test_harder_and_easier_are_off_where_no_ratio_is_asked(qtbot, opened):
    level_only = replace(kit.PROTOCOL, ratio=0.0, rival_ceiling_pct={"tfl": 20.0})
    window = running(qtbot, opened, kit.tick(), protocol=level_only)
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus):
        qtbot.keyClick(window, key)
    assert window.job.commands.posted == []
    qtbot.waitUntil(lambda: "No ratio asked" in kit.shown(window.panel), timeout=kit.FOREVER_MS)
    assert not window.panel.traces.grab().isNull()


def test_notes_and_the_mode_stand_under_the_title_and_still_fit(qtbot, opened):
    one_rival = replace(kit.INFO, channels=kit.INFO.channels[:2])
    noted = replace(
        kit.PROTOCOL, rivals=("tfl",), notes=("Scored on side of hip against front of hip only.",)
    )
    ticks = [kit.tick((60.0, 20.0), quality=(0, 0))]
    window = running(qtbot, opened, *ticks, protocol=noted, info=one_rival)
    said = kit.shown(window.panel)
    assert "GMed + one rival (TFL)" in said
    assert noted.notes[0] in said
    assert "GMed + one rival (TFL)" in window.patient.tag
    fitting(qtbot, window)


def test_the_feed_keeps_what_the_questions_need():
    feed = Feed(kit.INFO, kit.PROTOCOL)
    events = (
        Event(1, "ceiling", {"pct": 60.0, "cause": "protected stage"}),
        Event(1, "stance", {"on": True}),
    )
    feed.on_tick(kit.tick(events=events))
    assert (feed.snapshot.ceiling_pct, feed.snapshot.stands) == (60.0, True)
