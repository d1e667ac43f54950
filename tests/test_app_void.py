"""A repetition that the board cut short is void: shown as such, neither failed nor counted."""

from __future__ import annotations

from dataclasses import replace

import app_kit as kit

from emgfeedback.app import notes
from emgfeedback.app.console.cards import Cards
from emgfeedback.app.console.panel import phase_words
from emgfeedback.app.console.summary import summary_words
from emgfeedback.app.feed import Feed, Result
from emgfeedback.app.patient.state import patient_state
from emgfeedback.app.theme import LIGHT, load_fonts


def result(number: int, good_s: float = 6.0, rewarded: bool = True, void: str = "") -> Result:
    return Result(number, good_s, rewarded, 0.6, void)


VOID = result(3, 2.0, False, "board lost")


def colours_of_card(cards: Cards, place: int) -> set[str]:
    picture, width = cards.grab().toImage(), cards.width() / 6
    columns = range(round(place * width) + 8, round((place + 1) * width) - 8)
    return {picture.pixelColor(x, y).name() for x in columns for y in range(4, 34)}


def test_a_void_repetition_has_a_crossed_card_of_its_own_beside_its_repeat(qtbot):
    load_fonts()
    cards = Cards(5, 6.0, LIGHT)
    qtbot.addWidget(cards)
    cards.resize(440, 78)
    cards.show_results((result(1), result(2), VOID), now=3)
    assert [(n, r is VOID) for n, r in cards._slots()][2:4] == [(3, True), (3, False)]
    assert cards.accessibleDescription().endswith("3: void, board lost")
    assert LIGHT.target.lower() not in colours_of_card(cards, 2), "no share of the work"
    assert LIGHT.dim.lower() in colours_of_card(cards, 2)
    assert LIGHT.target.lower() in colours_of_card(cards, 1)
    cards.show_results((result(1), result(2), VOID, result(3)), now=4)
    assert [n for n, _ in cards._slots()] == [1, 2, 3, 3, 4, 5]


def test_what_is_void_does_not_count():
    assert summary_words((result(1), VOID, result(3)), kit.PROTOCOL) == (
        "2 of 5 repetitions, 2 full holds. Median share of the target: 60 %. "
        "1 attempt was void and not counted."
    )
    assert summary_words((VOID, VOID), kit.PROTOCOL) == (
        "No repetition was finished. 2 attempts were void and not counted."
    )


def test_the_patient_sees_no_badge_for_a_void_repetition():
    feed = Feed(kit.INFO, kit.PROTOCOL)
    feed.on_tick(kit.tick(events=(*kit.RESULTS, kit.finished(3, 2.0, False, void="lost"))))
    assert feed.snapshot.results[-1].void == "lost"
    state = patient_state(feed.snapshot, kit.PROTOCOL, feed.channels)
    relaxed = replace(feed.snapshot, tick=kit.tick(phase=kit.RELAX))
    assert patient_state(relaxed, kit.PROTOCOL, feed.channels).repetition == 3
    assert sum(not r.void for r in state.results) == 2


def test_the_panel_names_the_wait_and_the_void():
    assert phase_words(kit.work(3), "running", 5, down=True) == "Waiting for the board"
    assert phase_words(kit.WAITING, "waiting", 5) == "The board is back, going on in"
    assert notes.note(kit.finished(3, 2.0, False, void="COM3 is gone")) == (
        "Repetition 3 is void (COM3 is gone) and starts again."
    )
    assert notes.note(kit.finished(3, 2.0, False)) == ""
