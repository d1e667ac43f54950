"""What is done without a picture stays without one: words, picture, tone and timing tell nothing."""

from __future__ import annotations

from dataclasses import replace

import app_kit as kit
import numpy as np
import pytest
from PySide6.QtGui import QImage

from emgfeedback.app.feed import Feed
from emgfeedback.app.patient.state import PatientState, patient_state
from emgfeedback.app.patient.steady import Steady
from emgfeedback.app.patient.view import PatientView
from emgfeedback.app.sound import Tone, tone
from emgfeedback.app.theme import load_fonts
from emgfeedback.values import Event, Phase, Protocol

GOOD = {"levels": (62.0, 14.0, 10.0), "good": True, "good_s": 5.2}
BAD = {"levels": (9.0, 80.0, 60.0), "good": False, "withheld": "ratio", "good_s": 0.0}
DONE = {"levels": (62.0, 14.0, 10.0), "good": True, "good_s": 6.0, "rewarded": True}
BROKEN = {"levels": (62.0, 0.0, 10.0), "quality": (0, 8, 0), "withheld": "quality:tfl"}
UNIT = Event(9, "unit", {"repetition": 2, "units": 1})
HIDDEN = {
    "off": kit.work(2, feedback="off"),
    "sham": kit.work(2, feedback="sham"),
    "after": kit.work(2, feedback="after"),
    "observe": replace(kit.OBSERVE, repetition=2),
    "probe": kit.work(2, feedback="off", role="probe", hold_s=5.0),
    "whole repetition": kit.work(2, feedback="off", rule="rep"),
}
EDGES = 16
"""Qt smooths the edges of large letters a little differently the first time it draws them."""
LONG_RELAX = Phase("relax", 20.0, "Rest", "Let everything go.")
PROTOCOL = replace(kit.PROTOCOL, hold_s=5.0)


def told(*ticks, protocol: Protocol = PROTOCOL) -> PatientState:
    feed = Feed(kit.INFO, protocol)
    for one in ticks:
        feed.on_tick(one)
    return patient_state(feed.snapshot, protocol, feed.channels)


def done(feedback: str, good: bool, **about) -> Event:
    rewarded = good and feedback in ("live", "after")
    share = 0.64 if good else 0.2
    about = {"feedback": feedback, "met": good, "met_fixed": good, "line_ratio": 1.05, "hold_s": 5.0} | about
    event = kit.finished(2, 5.0 if good else 1.3, rewarded, share)
    return replace(event, data=event.data | about)


@pytest.mark.parametrize("phase", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("other", [BAD, DONE, BROKEN], ids=["bad", "full hold", "no signal"])
def test_while_it_runs_picture_and_sound_are_the_same_for_good_and_bad(phase, other):
    for left_s in (9.98, 5.0, 0.02):
        one = told(kit.tick(phase=phase, left_s=left_s, events=(UNIT,), **GOOD))
        two = told(kit.tick(phase=phase, left_s=left_s, **other))
        assert one == two
        assert tone(one) == tone(two) == Tone()
        assert one.describe() == two.describe()


@pytest.mark.parametrize("phase", HIDDEN.values(), ids=HIDDEN)
def test_without_a_picture_there_is_only_the_instruction_and_the_time(phase):
    state = told(kit.tick(phase=phase, left_s=3.2, **GOOD))
    assert state.columns == ()
    assert state.ring != state.ring, "not even an empty ring"
    assert not state.ring_good
    assert not state.found
    assert (state.cue, state.left_s) == ("Lift", 4)


@pytest.mark.parametrize("phase", HIDDEN.values(), ids=HIDDEN)
def test_the_easing_of_the_picture_leaks_nothing_either(phase):
    shown = []
    for hop in (GOOD, BAD):
        steady = Steady()
        for moment in range(20):
            state = steady.step(told(kit.tick(phase=phase, **hop)), 10.0 + moment * 0.016)
        shown.append((state, steady.glow))
    assert shown[0] == shown[1]
    assert shown[0][1] == 0.0


def painted(qtbot, phase: Phase, hop: dict) -> np.ndarray:
    """The picture as numbers from 0 to 255."""
    view = PatientView()
    qtbot.addWidget(view)
    view.resize(800, 450)
    for moment in range(3):
        view.show_state(told(kit.tick(phase=phase, **hop)), moment * 0.5)
    picture = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(picture.constBits(), np.uint8).reshape(450, 800, 4)[..., :3].astype(int)


def test_the_picture_is_the_same_too(qtbot):
    load_fonts()
    good, bad = (painted(qtbot, HIDDEN["off"], hop) for hop in (GOOD, BAD))
    assert np.abs(good - bad).max() <= EDGES
    seen, unseen = (painted(qtbot, kit.work(2), hop) for hop in (GOOD, BAD))
    assert np.abs(seen - unseen).max() > 10 * EDGES


@pytest.mark.parametrize("feedback", ["off", "sham"])
@pytest.mark.parametrize("now", [LONG_RELAX, kit.work(3)], ids=["rest", "next repetition"])
def test_afterwards_nothing_is_told_of_a_quiet_repetition(feedback, now):
    hop = {"levels": (3.0, 2.0, 2.0), "withheld": "gate", "left_s": 19.0 if now is LONG_RELAX else 9.0}
    ticks = [kit.tick(phase=HIDDEN[feedback], events=(done(feedback, good),)) for good in (True, False)]
    one, two = (told(first, kit.tick(phase=now, **hop)) for first in ticks)
    assert one == two
    assert one.told == ""
    assert one.cue != "Well done"
    assert not any(result.rewarded for result in one.results)


@pytest.mark.parametrize("effort", [GOOD, BAD], ids=["good", "bad"])
def test_the_pause_beside_a_quiet_repetition_shows_no_levels(effort):
    quiet_next = replace(PROTOCOL, phases=(kit.REST, kit.RELAX, HIDDEN["off"]))
    before = told(kit.tick(phase=kit.RELAX, index=1, **effort), protocol=quiet_next)
    assert before.columns == ()
    seen_next = replace(PROTOCOL, phases=(kit.REST, kit.RELAX, kit.work(2)))
    first = kit.tick(phase=HIDDEN["off"], events=(done("off", True),))
    after = told(first, kit.tick(phase=kit.RELAX, index=1, **effort), protocol=seen_next)
    assert after.columns == ()
    assert told(kit.tick(phase=kit.RELAX, index=1, **effort), protocol=seen_next).columns != ()


def test_after_says_kindly_how_it_went_in_the_pause_and_then_only_rest():
    over = kit.tick(phase=HIDDEN["after"], events=(done("after", False, good_s=4.2, share_median=0.64),))
    state = told(over, kit.tick(phase=LONG_RELAX, left_s=19.0))
    assert (state.cue, state.sub) == ("Rest", "You held 4.2 of 5 s.")
    assert state.hint == "Side of hip did 64 % of the work."
    assert state.columns == ()
    assert "You held 4.2 of 5 s. Side of hip did 64 % of the work." in state.describe()
    later = told(over, kit.tick(phase=LONG_RELAX, left_s=5.0))
    assert (later.sub, later.told) == ("Let everything go.", "")


def test_after_praises_a_full_hold():
    over = kit.tick(phase=HIDDEN["after"], events=(done("after", True),))
    assert told(over, kit.tick(phase=LONG_RELAX, left_s=19.0)).cue == "Well done"
    assert told(over, kit.tick(phase=LONG_RELAX, left_s=15.0)).cue == "Rest"


@pytest.mark.parametrize(
    ("good", "words"), [(True, "That one counted."), (False, "This one is let go. The next one comes.")]
)
def test_a_whole_repetition_counted_or_is_let_go(good, words):
    over = kit.tick(phase=HIDDEN["after"], events=(done("after", good, rule="rep", hold_s=0.0),))
    assert told(over, kit.tick(phase=LONG_RELAX, left_s=19.0)).sub == words


def test_what_could_not_be_measured_is_not_told_as_a_number():
    over = kit.tick(phase=HIDDEN["after"], events=(done("after", False, share_median=None),))
    assert told(over, kit.tick(phase=LONG_RELAX, left_s=19.0)).hint == ""


def test_a_vetoed_or_void_repetition_is_neither_praised_nor_told():
    for void in ("veto: rolled back", "board lost"):
        over = kit.tick(phase=HIDDEN["after"], events=(done("after", True, void=void),))
        state = told(over, kit.tick(phase=LONG_RELAX, left_s=19.0))
        assert (state.cue, state.told) == ("Rest", "")


def test_with_the_picture_on_the_same_repetition_does_tell():
    assert told(kit.tick(**GOOD)) != told(kit.tick(**BAD))
    first = kit.tick(events=(done("live", True),))
    assert told(first, kit.tick(phase=LONG_RELAX, left_s=19.0)).cue == "Well done"


def test_a_sham_shows_what_was_drawn_for_it_and_not_what_is():
    class Sham:
        """A tick that knows a sham."""

        def __init__(self, tick, sham_good):
            self._tick, self.sham_good = tick, sham_good

        def __getattr__(self, name):
            return getattr(self._tick, name)

    made = [kit.tick(phase=HIDDEN["sham"], **hop) for hop in (GOOD, BAD)]
    states = [told(Sham(one, sham)) for one in made for sham in (True, False)]
    assert [state.cue for state in states] == ["Hold", "Lift", "Hold", "Lift"]
    assert states[0] == states[2]
    assert states[1] == states[3]


LOCKED = Event(
    8,
    "locked",
    {"index": 3, "kind": "work", "muscle": "", "missing": ["SLS"], "words": "Not permitted yet: SLS."},
)


@pytest.mark.parametrize("phase", [kit.work(2), replace(kit.OBSERVE, repetition=2)], ids=["work", "observe"])
def test_a_phase_that_is_not_permitted_says_so_from_its_first_moment(phase):
    by_tick = told(kit.tick(phase=phase, withheld="locked", left_s=4.0))
    by_event = told(kit.tick(events=(LOCKED,), index=2), kit.tick(phase=phase, withheld="gate", left_s=4.0))
    assert by_tick == by_event
    assert (by_tick.cue, by_tick.columns, by_tick.left_s) == ("Not today: rest.", (), 4)
    assert tone(by_tick) == Tone()


def test_an_unlocked_phase_and_another_phase_are_not_locked():
    unlocked = Event(9, "unlock", {"key": "SLS", "who": "AB", "why": "checked", "until": "2027-01-31"})
    refused = Event(9, "unlock", {**unlocked.data, "refused": "permission SLS: a day that is over"})
    before = kit.tick(events=(LOCKED,), index=2)
    assert told(before, kit.tick(events=(unlocked,))).cue == "Lift"
    assert told(before, kit.tick(events=(refused,))).cue == "Not today: rest."
    assert told(before, kit.tick(index=4)).cue == "Lift"


def test_pain_is_a_calm_page_whatever_was_going_on():
    state = told(kit.tick(phase=Phase("locked", 0.0, "Stopped. Rest."), state="locked", **GOOD))
    assert (state.cue, state.columns, state.left_s) == ("Stopped. Rest.", (), None)
    assert tone(state) == Tone()
