"""Placement and Signal check: what is shown, left out, judged, and what a missing board leads to."""

from __future__ import annotations

import math
import threading

import app_kit
import pytest
import shell_kit as kit
from PySide6.QtCore import Qt

from emgfeedback.app.pages.doors import SIMULATED, Order
from emgfeedback.app.pages.listening import Listening, Verdict, check_protocol, verdict
from emgfeedback.app.pages.placement import mode_of
from emgfeedback.app.pages.sites import PAIRS
from emgfeedback.cli.workstation import doors_to
from emgfeedback.errors import SourceError
from emgfeedback.processing.readings import Reading
from emgfeedback.values import Event, Quality

QUIET_UV = {"gmed": 1.8, "tfl": 2.0, "ql": 1.9}


@pytest.fixture
def opened(qtbot):
    with kit.open_shells(qtbot) as open_one:
        yield open_one


def waits(qtbot, true):
    qtbot.waitUntil(lambda: bool(true()), timeout=kit.PATIENCE_MS)


def heard(quality=(0, 0, 0), rest_uv=QUIET_UV, **about):
    """A check that is over at once, with these flags all along."""
    ticks = [app_kit.tick(quality=quality, hop=hop) for hop in range(1, 11)]
    baseline = Event(50, "baseline", {"label": "", "rms_uv": rest_uv, "level_pct": {}})
    ticks.append(app_kit.tick(quality=quality, hop=11, events=(baseline,), state="done"))
    return app_kit.FakeJob(lambda: iter(ticks), waits=False, **about)


def checking(qtbot, shell, who=kit.HEALTHY):
    """The Signal check page after one check."""
    shell.with_person(who)
    shell.go("signals")
    page = shell.desk.signals
    qtbot.keyClick(shell.focusWidget(), Qt.Key.Key_Return)
    waits(qtbot, lambda: page._asked is None)
    return page


@pytest.mark.parametrize(
    ("site", "mode", "montage"),
    [
        ("tfl", "GMed + one rival (Waist)", "gmed=1,ql=3"),
        ("waist", "GMed + one rival (TFL)", "gmed=1,tfl=2"),
    ],
)
def test_a_site_that_cannot_be_used_is_left_out_of_all_that_comes_after(qtbot, opened, site, mode, montage):
    world = kit.World()
    shell = opened(world)
    shell.with_person(kit.HEALTHY)
    shell.desk.placement.unusable.buttons[site].click()
    assert mode in shell.desk.placement.mode.text()
    page = kit.choosing(qtbot, shell)
    assert page.mode.text() == mode
    assert page.mode.isVisible()
    page.source.kind.buttons["board"].click()
    assert page.source.montage_text == montage
    kit.pick(page, "clamshell-band")
    assert page.source.place.isHidden(), "what is left out is not asked for"
    shell.go("placement")
    shell.desk.placement.unusable.buttons[""].click()
    kit.choosing(qtbot, shell)
    assert page.source.montage_text == "gmed=1,tfl=2,ql=3"
    assert page.mode.isHidden()


def test_a_simulated_person_too_is_heard_without_the_site_that_is_left_out(qtbot, opened):
    world = kit.World()
    shell = opened(world)
    shell.with_person(kit.HEALTHY)
    shell.desk.placement.unusable.buttons["tfl"].click()
    page = kit.choosing(qtbot, shell)
    kit.pick(page, "clamshell-band")
    page.start()
    kit.running(qtbot, shell)
    assert world.asked == [Order("clamshell-band", (), kit.HEALTHY, SIMULATED, "gmed=1,ql=3")]


def test_another_person_has_all_sites_again(opened):
    shell = opened()
    shell.with_person(kit.HEALTHY)
    shell.desk.placement.unusable.buttons["waist"].click()
    shell.with_person(kit.person("ABD", side="left"))
    assert shell.desk.placement.left_out == frozenset()
    assert shell.desk.placement.unusable.value == ""
    assert mode_of(frozenset()) == ""


def test_the_waist_of_each_kind_of_exercise_is_named_by_its_side(opened):
    shell = opened()
    shell.with_person(kit.person("ABD", side="left"))
    said = kit.said(shell.desk.placement)
    assert "waist of the trained leg (left). Standing, steps: waist of the other leg (right)" in said
    assert "only where that is permitted" in said


def test_the_map_is_mirrored_and_the_plus_is_above_the_minus(opened):
    shell = opened()
    shell.with_person(kit.HEALTHY)
    map_ = shell.desk.placement.map
    assert map_.transform().m11() > 0
    map_.show_side("left", frozenset({"tfl"}))
    assert map_.transform().m11() < 0
    assert "front of hip" not in map_.accessibleDescription()
    assert all(plus[1] < minus[1] for plus, minus in PAIRS.values())


@pytest.mark.parametrize(
    ("bits", "readings", "rest_uv", "over", "symbol", "word"),
    [
        (0, (), 1.8, True, "✓", "Good"),
        (0, (), math.nan, False, "…", "Listening"),
        (0, (), math.nan, True, "!", "Nothing was heard"),
        (int(Quality.MAINS), (), 1.8, True, "!", "Mains hum"),
        (int(Quality.MAINS | Quality.OFF), (), 1.8, True, "✕", "Electrode off"),
        (int(Quality.RAILED), (), math.nan, False, "✕", "Out of range"),
        (int(Quality.SETTLING), (), 1.8, True, "✓", "Good"),
        (0, (Reading.of("hum", 18.0),), 1.8, True, "!", "Some mains hum: 18 %"),
        (0, (Reading.of("hum", 40.0),), 1.8, True, "✕", "Some mains hum: 40 %"),
        (0, (), 6.2, True, "!", "Rest is noisy: 6.2 µV"),
    ],
)
def test_the_verdict_has_a_symbol_a_word_and_a_step(bits, readings, rest_uv, over, symbol, word):
    found = verdict(bits, readings, rest_uv, over)
    assert (found.symbol, found.word) == (symbol, word)
    assert found.step.endswith((".", "!"))
    assert found.is_good is (symbol == "✓")
    assert isinstance(found, Verdict)


def test_a_flag_counts_when_it_was_up_in_a_fifth_of_the_time():
    listening = Listening(3)
    for hop in range(10):
        bits = (int(Quality.MAINS) * (hop < 2), int(Quality.MOTION) * (hop < 1), 0)
        listening.on_tick(app_kit.tick(quality=bits))
    for _ in range(20):
        listening.on_tick(app_kit.tick(quality=(int(Quality.SETTLING | Quality.OFF),) * 3))
    assert listening.hops == 10
    assert [listening.lasting(i) for i in range(3)] == [int(Quality.MAINS), 0, 0]


def test_the_check_asks_for_nothing_but_lying_still():
    protocol = check_protocol(("gmed", "ql"))
    assert [(phase.kind, phase.needs) for phase in protocol.phases] == [("baseline", ())]
    assert (protocol.needs, protocol.other_needs, protocol.load) == ((), (), "NWB")
    assert (protocol.target, protocol.rivals) == ("gmed", ("ql",))


def test_good_signals_are_good_on_every_card_and_on_the_page_after(qtbot, opened):
    world = kit.World(job=heard)
    shell = opened(world)
    page = checking(qtbot, shell)
    assert world.asked == [("check", Order("", (), kit.HEALTHY, SIMULATED, ""))]
    assert [card.verdict.text() for card in page.cards] == ["✓  Good"] * 3
    assert [card.rest.text() for card in page.cards] == ["Rest 1.8 µV", "Rest 2.0 µV", "Rest 1.9 µV"]
    assert kit.focused() == "Check again"
    kit.choosing(qtbot, shell)
    assert shell.desk.exercise.signals.text() == "All signals good"
    assert shell.rail.buttons["signals"].accessibleName() == "Signal check, done"


def test_what_needs_attention_is_a_warning_and_no_wall(qtbot, opened):
    shell = opened(kit.World(job=lambda: heard((0, int(Quality.MAINS), int(Quality.OFF)))))
    page = checking(qtbot, shell)
    assert [card.verdict.text() for card in page.cards] == ["✓  Good", "!  Mains hum", "✕  Electrode off"]
    assert "chargers" in page.cards[1].step.text()
    assert page.attention.text() == "2 of 3 need attention"
    exercise = kit.choosing(qtbot, shell)
    assert exercise.signals.text() == "2 of 3 need attention"
    assert exercise.likely.isEnabled()


def test_signals_that_were_not_checked_are_a_warning_for_a_person(qtbot, opened):
    shell = opened()
    page = kit.choosing(qtbot, shell)
    assert page.signals.text() == "Signals not checked"
    kit.choosing(qtbot, shell, None)
    assert page.signals.isHidden()


def test_enter_checks_again(qtbot, opened):
    world = kit.World(job=heard)
    shell = opened(world)
    page = checking(qtbot, shell)
    qtbot.keyClick(shell.focusWidget(), Qt.Key.Key_Return)
    waits(qtbot, lambda: len(world.asked) == 2 and page._asked is None)
    assert page.all_good
    assert len(page.cards) == 3


def test_a_board_that_is_not_found_is_four_steps_and_a_retry(qtbot, opened):
    errors = [SourceError("no board answers at /dev/ttyUSB0")]

    def job():
        if errors:
            raise errors.pop()
        return heard()

    shell = opened(kit.World(job=job))
    shell.with_person(kit.HEALTHY)
    shell.go("signals")
    page = shell.desk.signals
    page.source.kind.buttons["board"].click()
    waits(qtbot, lambda: page.source.address)
    page.check()
    waits(qtbot, lambda: page.banner.isVisible())
    said = kit.said(page)
    assert all(f"{word}:" in said for word in ("Cable", "Switch", "Dongle", "Port"))
    assert "No board answers" in said
    assert kit.focused() == "Retry"
    qtbot.keyClick(shell.focusWidget(), Qt.Key.Key_Return)
    waits(qtbot, lambda: page.all_good)
    assert page.banner.isHidden()
    assert "Cable:" not in kit.said(page)


def test_a_board_that_is_lost_in_mid_check_is_said(qtbot, opened):
    shell = opened(kit.World(job=lambda: heard(fails=SourceError("the board went silent"))))
    page = checking(qtbot, shell)
    assert "The board went silent" in page.banner.text()
    assert not page.all_good


@pytest.mark.parametrize("change", ["site", "source", "person"])
def test_a_verdict_does_not_outlive_what_it_was_about(qtbot, opened, change):
    shell = opened(kit.World(job=heard))
    page = checking(qtbot, shell)
    assert page.all_good
    if change == "site":
        shell.desk.placement.unusable.buttons["tfl"].click()
    elif change == "source":
        page.source.kind.buttons["file"].click()
    else:
        shell.with_person(kit.person("ABD"))
        shell.go("signals")
    assert not page.all_good
    assert page.attention.text() == "Signals not checked"
    assert page.cards == []


def test_who_leaves_the_page_ends_the_check_and_the_board_is_free_before_the_run(qtbot, opened):
    checks, runs = [], []

    def job():
        if not checks:
            checks.append(app_kit.FakeJob(lambda: iter([app_kit.tick()])))
            return checks[0]
        runs.append(checks[0].released.is_set())
        return heard()

    shell = opened(kit.World(job=job))
    shell.with_person(kit.HEALTHY)
    shell.go("signals")
    page = shell.desk.signals
    page.check()
    waits(qtbot, lambda: page.cards)
    assert kit.focused() == "Check", "Enter must not lead elsewhere meanwhile"
    kit.choosing(qtbot, shell).start()
    kit.running(qtbot, shell)
    assert runs == [True]
    assert page.found == "Signals not checked"


def test_a_source_that_comes_when_nobody_waits_is_let_go(qtbot, opened):
    let_go, jobs = threading.Event(), []

    def job():
        let_go.wait(60)
        jobs.append(heard())
        return jobs[0]

    shell = opened(kit.World(job=job))
    shell.with_person(kit.HEALTHY)
    shell.go("signals")
    shell.desk.signals.check()
    shell.back()
    let_go.set()
    waits(qtbot, lambda: jobs and jobs[0].source.closed.is_set())
    assert shell.here == "placement"
    assert shell.desk.signals.listener is None


def test_the_source_goes_along_to_the_exercise_and_back(qtbot, opened):
    shell = opened()
    shell.with_person(kit.HEALTHY)
    shell.go("signals")
    source = shell.desk.signals.source
    source.kind.buttons["board"].click()
    waits(qtbot, lambda: source.address == "cyton:auto")
    source.board.setEditText("cyton:COM7")
    source.montage.setText("gmed=4,tfl=5,ql=6")
    page = kit.choosing(qtbot, shell)
    assert (page.source.address, page.source.montage_text) == ("cyton:COM7", "gmed=4,tfl=5,ql=6")
    page.source.kind.buttons["simulated"].click()
    shell.back()
    assert source.address == SIMULATED


def test_a_check_of_the_simulated_person_measures_rest_and_records_nothing(tmp_path):
    job = doors_to(tmp_path / "data", tmp_path / "library").check(
        Order("", (), None, f"{SIMULATED},paced=0", "gmed=1,ql=3")
    )
    listening = Listening(2)
    job.commands.post("start")
    job.run([listening])
    assert set(listening.rest_uv) == {"gmed", "ql"}
    assert all(0.3 < uv < 5.0 for uv in listening.rest_uv.values())
    assert not (tmp_path / "library").exists()
