"""A card shows how hard a repetition was, whether it was quiet, and a veto also afterwards."""

from __future__ import annotations

import math

import app_kit as kit
import pytest
from PySide6.QtGui import QColor

from emgfeedback.app.console.cards import Cards, difficulty
from emgfeedback.app.console.summary import summary_words
from emgfeedback.app.feed import Feed
from emgfeedback.app.patient.state import patient_state
from emgfeedback.app.result import Result
from emgfeedback.app.theme import LIGHT, load_fonts
from emgfeedback.values import Event

NEW = {"line_ratio": 1.05, "met": True, "met_fixed": False, "feedback": "live", "hold_s": 6.0, "rule": "hold"}


def fed(*ticks) -> Feed:
    feed = Feed(kit.INFO, kit.PROTOCOL)
    for one in ticks:
        feed.on_tick(one)
    return feed


def veto(number: int, why: str = "rolled back", undo: bool = False) -> Event:
    return Event(99, "veto", {"repetition": number, "why": why, "undo": undo})


@pytest.fixture
def cards(qtbot):
    load_fonts()
    made = Cards(5, 6.0, LIGHT)
    qtbot.addWidget(made)
    made.resize(440, 82)
    return made


def colours(cards: Cards, place: int, top: int, bottom: int) -> set[str]:
    picture, width = cards.grab().toImage(), (cards.width() + 6) / 5
    across = range(round(place * width) + 4, round((place + 1) * width) - 10)
    return {picture.pixelColor(x, y).name() for x in across for y in range(top, bottom)}


def test_a_new_event_says_all_and_an_old_one_is_read_as_well():
    new = Result.from_event(kit.finished(3, 4.2, False, **NEW | {"feedback": "off"}).data, 1)
    assert (new.repetition, new.line_ratio, new.met, new.met_fixed, new.seen) == (3, 1.05, True, False, False)
    old = Result.from_event({"good_s": 4.2, "rewarded": True}, 7)
    assert (old.repetition, old.achieved, old.seen, old.counts) == (7, True, True, True)
    assert math.isnan(old.line_ratio)
    assert difficulty(old) == ""


def test_difficulty_quiet_and_the_fixed_line_are_spoken(cards):
    quiet = Result.from_event(kit.finished(2, 4.2, False, **NEW | {"feedback": "off"}).data, 2)
    cards.show_results((Result.from_event(kit.finished(1, 6.0, True, **NEW).data, 1), quiet))
    first, second = cards.accessibleDescription().split("; ")
    assert first == "1: 6.0 of 6 s, full hold, at 1.05 : 1, fixed line not met"
    assert second == "2: quiet 4.2 s, full hold, at 1.05 : 1, quiet, fixed line not met"
    assert difficulty(quiet) == "1.05 : 1"


def test_a_quiet_card_has_a_hatched_outline_and_a_difficulty_stands_above_the_share(cards):
    live = Result.from_event(kit.finished(1, 6.0, True, **NEW).data, 1)
    quiet = Result.from_event(kit.finished(2, 6.0, False, **NEW | {"feedback": "off"}).data, 2)
    bare = Result.from_event(kit.finished(3, 6.0, True).data, 3)
    cards.show_results((live, quiet, bare))
    darkest = [min(QColor(name).lightness() for name in colours(cards, n, 24, 36)) for n in (0, 1)]
    assert darkest[1] < 70 < darkest[0], "stripes beside the share"
    assert len(colours(cards, 0, 4, 14)) > len(colours(cards, 2, 4, 14)), "words above the share"


def test_a_veto_changes_an_earlier_card_and_can_be_taken_back(cards):
    feed = fed(kit.tick(phase=kit.RELAX, events=kit.RESULTS), kit.tick(phase=kit.work(3), events=(veto(1),)))
    assert [result.veto for result in feed.snapshot.results] == ["rolled back", ""]
    cards.show_results(feed.snapshot.results)
    assert cards.accessibleDescription().startswith("1: 6.0 of 6 s, full hold, not counted, rolled back")
    assert LIGHT.target.lower() not in colours(cards, 0, 4, 40)
    assert [n for n, _ in cards._slots()] == [1, 2, 3, 4, 5], "a vetoed repetition is not done again"
    feed.on_tick(kit.tick(phase=kit.work(3), events=(veto(1, undo=True),)))
    assert all(result.counts for result in feed.snapshot.results)


def test_a_veto_of_the_running_repetition_comes_with_its_own_event():
    running = kit.tick(phase=kit.work(3), events=(veto(3),))
    ended = kit.tick(phase=kit.work(3), events=(kit.finished(3, 6.0, False, void="veto: rolled back"),))
    feed = fed(kit.tick(phase=kit.RELAX, events=kit.RESULTS), running)
    assert all(result.counts for result in feed.snapshot.results)
    feed.on_tick(ended)
    last = feed.snapshot.results[-1]
    assert (last.void, last.veto, last.counts) == ("", "rolled back", False)


def test_a_veto_of_a_repetition_that_was_lost_first_means_the_repeat():
    lost = kit.finished(2, 1.0, False, void="board lost")
    feed = fed(kit.tick(phase=kit.RELAX, events=(lost, kit.finished(2, 6.0, True))))
    feed.on_tick(kit.tick(phase=kit.work(3), events=(veto(2), veto(77))))
    assert [(result.void, result.veto) for result in feed.snapshot.results] == [
        ("board lost", ""),
        ("", "rolled back"),
    ]


def test_the_summary_counts_no_veto_and_names_it():
    feed = fed(kit.tick(phase=kit.RELAX, events=kit.RESULTS), kit.tick(phase=kit.work(3), events=(veto(1),)))
    assert summary_words(feed.snapshot.results, kit.PROTOCOL) == (
        "1 of 5 repetitions, 1 full hold. Median share of the target: 58 %. "
        "1 attempt was vetoed and not counted."
    )


def test_whole_repetitions_meet_the_line_and_hold_nothing():
    done = [Result.from_event(kit.finished(n, 2.0, n == 1, rule="rep", met=n < 3).data, n) for n in (1, 2, 3)]
    assert summary_words(tuple(done), kit.PROTOCOL).startswith("3 of 5 repetitions, 2 met the line.")


def test_the_patient_goes_on_counting_after_a_veto():
    feed = fed(kit.tick(phase=kit.RELAX, events=kit.RESULTS), kit.tick(phase=kit.RELAX, events=(veto(1),)))
    assert patient_state(feed.snapshot, kit.PROTOCOL, feed.channels).repetition == 2
