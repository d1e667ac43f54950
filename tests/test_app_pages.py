"""Home, Person, Exercise and Replay: what they ask, what they refuse, and in which words."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
import shell_kit as kit
from PySide6.QtCore import Qt

from emgfeedback.app.pages.doors import Order, Person
from emgfeedback.app.pages.home import NO_PORT, NO_SESSIONS
from emgfeedback.app.pages.legs import UNSIGNED
from emgfeedback.app.pages.limits_words import leg_words, limits_words
from emgfeedback.app.pages.source import suited
from emgfeedback.errors import InputError, SourceError
from emgfeedback.training.permissions import KEY_WORDS, LOCKED, Permissions, no_limits


@pytest.fixture
def opened(qtbot):
    with kit.open_shells(qtbot) as open_one:
        yield open_one


def waits(qtbot, true):
    qtbot.waitUntil(lambda: bool(true()), timeout=kit.PATIENCE_MS)


def test_the_first_time_home_says_what_to_do(qtbot, opened):
    shell = opened()
    home = shell.page("home")
    waits(qtbot, lambda: NO_SESSIONS in kit.said(home))
    waits(qtbot, lambda: NO_PORT in kit.said(home))
    assert home.resume.isHidden()
    assert kit.focused() == "New session"
    assert "not a medical device" in kit.said(home)


def test_home_offers_the_last_person_first(opened):
    shell = opened(kit.World(kit.HEALTHY))
    assert shell.page("home").resume.isVisible()
    assert kit.focused() == "Resume P7K"


def test_home_names_the_dongle_and_the_last_sessions(qtbot, opened):
    shell = opened(kit.World(ports=lambda: (kit.DONGLE,), kept=lambda: (kit.KEPT,) * 6))
    home = shell.page("home")
    waits(qtbot, lambda: "OpenBCI dongle plugged in" in home.board.text())
    waits(qtbot, lambda: "2 more on the Replay page" in kit.said(home))
    assert "/dev/ttyUSB0" in kit.said(home)


def test_home_is_awake_while_a_driver_hangs_and_asks_it_only_once(qtbot, opened):
    let_go, asked = threading.Event(), []

    def ports():
        asked.append(threading.current_thread())
        let_go.wait(60)
        return ()

    shell = opened(kit.World(ports=ports))
    home = shell.page("home")
    waits(qtbot, lambda: asked)
    for _ in range(3):
        home._look_for_boards()
    assert [thread is not threading.main_thread() for thread in asked] == [True]
    let_go.set()
    waits(qtbot, lambda: NO_PORT in kit.said(home))


@pytest.mark.parametrize("door", ["ports", "kept"])
def test_what_cannot_be_listed_is_a_sentence_on_home(qtbot, opened, door):
    def fails():
        raise SourceError("the list cannot be read: unplug the dongle")

    shell = opened(kit.World(**{door: fails}))
    waits(qtbot, lambda: "he list cannot be read" in kit.said(shell.page("home")))


def test_a_new_person_has_a_code_and_is_locked(opened):
    shell = opened()
    shell.new_session()
    page = shell.desk.person
    assert page.code.text() == "PNEW0"
    assert [key for key, made in page.form.switches.items() if made.isChecked()] == []
    assert set(page.form.switches) == set(KEY_WORDS)
    page.save()
    assert shell.person.legs == {"left": LOCKED, "right": LOCKED}


@pytest.mark.parametrize(
    ("who", "why", "until", "complaint"),
    [
        ("", "week 8", kit.LATER, UNSIGNED[1:]),
        ("A. Smith", "", kit.LATER, UNSIGNED[1:]),
        ("A. Smith", "week 8", "", UNSIGNED[1:]),
        ("A. Smith", "week 8", "31.1.2027", "is no date; write one such as 2027-01-31"),
        ("A. Smith", "week 8", kit.OVER, "is over; write 2026-11-20 or a later day"),
    ],
)
def test_a_permission_without_who_why_and_until_stays_locked(opened, who, why, until, complaint):
    shell = opened()
    shell.new_session()
    form = shell.desk.person.form
    for line, text in ((form.who, who), (form.why, why), (form.until, until)):
        line.setText(text)
    form.switches["ABD"].click()
    assert not form.switches["ABD"].isChecked()
    assert form.leg.grants == ()
    assert complaint in form.problem.text()
    assert form.problem.isVisible()


def signed(form):
    form.who.setText("A. Smith")
    form.why.setText("week 8")
    form.until.setText(kit.LATER)


def test_a_signed_permission_is_kept_and_can_be_taken_back(opened):
    world = kit.World()
    shell = opened(world)
    shell.new_session()
    page = shell.desk.person
    signed(page.form)
    page.form.switches["ABD"].click()
    page.form.switches["ER"].click()
    page.form.switches["ER"].click()
    assert "permitted: ABD" in page.about.text()
    page.save()
    (grant,) = world.people["PNEW0"].legs["right"].grants
    assert (grant.key, grant.who, grant.why, grant.until) == ("ABD", "A. Smith", "week 8", kit.LATER)
    assert world.people["PNEW0"].legs["left"] == LOCKED


def test_no_limits_needs_a_name_and_a_day(opened):
    shell = opened()
    shell.new_session()
    page = shell.desk.person
    page._free_both()
    assert "who says that there are no limits" in page.form.problem.text().lower()
    page.form.who.setText("A. Smith")
    page._free_both()
    assert "is no date" in page.form.problem.text()
    page.form.until.setText(kit.LATER)
    page._free_both()
    assert page.form.problem.isHidden()
    page.save()
    assert shell.person.legs == {"left": kit.FREE, "right": kit.FREE}


def test_the_reason_for_one_person_is_none_for_the_next(opened):
    shell = opened()
    shell.new_session()
    form = shell.desk.person.form
    signed(form)
    shell.desk.person.which.buttons["left"].click()
    assert form.why.text() == "week 8", "the other leg of the same person"
    shell.new_session()
    assert (form.who.text(), form.why.text(), form.until.text()) == ("A. Smith", "", "")


def test_each_leg_keeps_what_was_written_for_it(opened):
    shell = opened()
    shell.new_session()
    page = shell.desk.person
    page.form.procedure.setText("osteotomy")
    page.form.weight_bearing.setCurrentIndex(page.form.weight_bearing.findData("toe-touch"))
    page.which.buttons["left"].click()
    assert page.form.procedure.text() == ""
    page.form.stage.setCurrentIndex(page.form.stage.findData("S3"))
    page.side.buttons["left"].click()
    page.save()
    assert shell.person.side == "left"
    assert shell.person.legs["right"] == Permissions(procedure="osteotomy", weight_bearing="toe-touch")
    assert shell.person.legs["left"] == Permissions(stage="S3")


def test_after_an_operation_the_bone_counts_as_not_healed(qtbot, opened):
    shell = opened()
    shell.new_session()
    form = shell.desk.person.form
    qtbot.keyClicks(form.procedure, "osteotomy")
    assert form.healing.isChecked()
    form.healing.click()
    qtbot.keyClicks(form.procedure, ", right")
    assert not form.take().healing


@pytest.mark.parametrize(
    ("code", "day", "complaint"),
    [
        ("Jane Doe", "", "write 1 to 32 letters and digits"),
        ("../../x", "", "write 1 to 32 letters and digits"),
        ("", "", "write 1 to 32 letters and digits"),
        ("NUL", "", "belongs to Windows"),
        ("P7K", "1.9.2026", "is no date; write one such as 2026-09-01"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(opened, code, day, complaint):
    world = kit.World()
    shell = opened(world)
    shell.new_session()
    page = shell.desk.person
    page.code.setText(code)
    page.form.surgery_on.setText(day)
    page.save()
    assert complaint in page.banner.text()
    assert page.banner.isVisible()
    assert world.people == {}
    assert shell.here == "person"


def test_a_code_that_is_known_brings_its_limits(qtbot, opened):
    shell = opened(kit.World(replace(kit.HEALTHY, side="left")))
    shell.new_session()
    page = shell.desk.person
    page.code.setFocus()
    page.code.selectAll()
    qtbot.keyClicks(page.code, "P7K")
    qtbot.keyClick(page.code, Qt.Key.Key_Tab)
    assert "P7K is known" in page.banner.text()
    assert all(made.isChecked() for made in page.form.switches.values())
    assert page.side.value == "left"


def test_a_damaged_file_of_a_person_is_a_sentence(opened):
    world = kit.World(kit.HEALTHY)
    doors = world.doors()

    def broken(code):
        raise InputError("P7K.toml, line 3: key ABDD is not known")

    shell = opened(world)
    shell._doors = replace(doors, load=broken)
    shell.resume()
    assert "line 3" in shell.page("home").banner.text()
    assert shell.here == "home"


@pytest.mark.parametrize(
    ("leg", "words"),
    [
        (LOCKED, "nothing permitted yet"),
        (kit.FREE, "no limits"),
        (no_limits("A. Smith", kit.OVER), f"no limits, over since {kit.OVER}: all locked"),
        (
            Permissions((), "toe-touch", "S1", "osteotomy", surgery_on="2026-09-25"),
            "osteotomy, week 8, toe-touch weight bearing, S1, permitted: SQUEEZE",
        ),
        (kit.person("ABD", "ER").legs["right"], "permitted: ABD ER"),
        (replace(kit.FREE, procedure="arthroscopy"), "arthroscopy, full weight bearing, S5, all permitted"),
    ],
)
def test_a_leg_in_words(leg, words):
    assert leg_words(leg, kit.TODAY) == words


def test_the_trained_leg_comes_first():
    who = Person("P1", "left", {"left": kit.FREE})
    assert limits_words(who, kit.TODAY) == "Left leg: no limits   |   Right leg: nothing permitted yet"


def test_a_locked_card_names_what_is_missing_and_cannot_start(qtbot, opened):
    world = kit.World()
    shell = opened(world)
    page = kit.choosing(qtbot, shell, kit.person("ABD", "ER"))
    assert page.chosen.slug == "placement-check", "the first that may start"
    hitch = kit.pick(page, "hip-hitch")
    assert hitch.is_locked
    for words in ("single-leg stance", "other leg hip flexion", "full weight bearing"):
        assert words in hitch.accessibleDescription()
    assert "A clinician can unlock them by name" in page.lock.text()
    assert not page.likely.isEnabled()
    page.start()
    assert world.asked == []
    assert not kit.pick(page, "clamshell-band").is_locked
    assert page.likely.isEnabled()


def test_an_option_may_lock_what_was_open(qtbot, opened):
    page = kit.choosing(qtbot, opened(), kit.person("ABD", "ER"))
    kit.pick(page, "clamshell-band")
    page.options["band"].click()
    assert "resisted abduction" in page.lock.text()
    assert not page.likely.isEnabled()
    page.options["band"].click()
    assert page.likely.isEnabled()


def test_limits_stand_on_the_page_of_the_exercise(qtbot, opened):
    page = kit.choosing(qtbot, opened(), kit.person("ABD", stage="S1"))
    assert page.title.text() == "P7K    right leg"
    assert "S1, permitted: ABD SQUEEZE" in page.about.text()


def test_without_a_person_only_what_lies_nowhere_may_start(qtbot, opened):
    page = kit.choosing(qtbot, opened(), None)
    assert page.chosen.slug == "find-the-contraction"
    assert page.likely.isEnabled()
    page.source.kind.buttons["board"].click()
    assert not page.likely.isEnabled()
    assert "choose a person first" in page.about.text()


def test_the_order_has_all_that_was_chosen(qtbot, opened):
    world = kit.World(ports=lambda: (kit.DONGLE,))
    shell = opened(world)
    page = kit.choosing(qtbot, shell)
    kit.pick(page, "clamshell-band")
    page.options["band"].click()
    page.source.kind.buttons["board"].click()
    waits(qtbot, lambda: page.source.address == "cyton:/dev/ttyUSB0")
    page.start()
    kit.running(qtbot, shell)
    order = Order("clamshell-band", ("band",), kit.HEALTHY, "cyton:/dev/ttyUSB0", "gmed=1,tfl=2,ql=3")
    assert world.asked == [order]


def test_a_source_that_is_not_named_is_asked_for(qtbot, opened):
    world = kit.World()
    page = kit.choosing(qtbot, opened(world))
    page.source.kind.buttons["file"].click()
    page.start()
    assert "which file?" in page.banner.text().lower()
    page.source.kind.buttons["board"].click()
    waits(qtbot, lambda: page.source.address == "cyton:auto")
    page.source.board.setEditText("")
    page.start()
    assert "which board?" in page.banner.text().lower()
    assert world.asked == []


def test_an_electrode_at_another_place_is_asked_for_and_never_assumed(qtbot, opened):
    page = kit.choosing(qtbot, opened())
    page.source.kind.buttons["board"].click()
    kit.pick(page, "hip-hitch")
    assert "other waist (qlc)" in page.source.place.text()
    assert page.source.montage_text == "gmed=1,tfl=2,ql=3"
    page.source.moved.click()
    assert page.source.montage_text == "gmed=1,tfl=2,qlc=3"
    assert page.source.moved.isHidden()


@pytest.mark.parametrize(
    ("wanted", "worn", "montage"),
    [
        (("gmed", "tfl", "qlc"), {"gmed": "4", "tfl": "1", "ql": "2"}, "gmed=4,tfl=1,qlc=2"),
        (("vmo", "vl"), {"gmed": "1", "tfl": "2"}, "vmo=1,vl=2"),
        (("gmed", "tfl", "ql"), {"tfl": "1"}, "gmed=2,tfl=1,ql=3"),
    ],
)
def test_a_suited_montage_leaves_electrodes_on_their_channels(wanted, worn, montage):
    assert suited(wanted, worn) == montage


def test_search_leaves_the_cards_with_all_words_and_enter_takes_the_first(qtbot, opened):
    page = kit.choosing(qtbot, opened())
    page.search.setFocus()
    qtbot.keyClicks(page.search, "S1 lie stacked")
    assert [card.exercise.slug for card in page.cards.cards if card.isVisible()] == ["clamshell-band"]
    qtbot.keyClick(page.search, Qt.Key.Key_Return)
    assert page.chosen.slug == "clamshell-band"
    assert kit.focused() == "Start"
    page.search.setText("zzz")
    assert "No exercise has these words" in kit.said(page)


def test_exercises_that_cannot_be_read_are_a_sentence(qtbot, opened):
    def broken():
        raise InputError("clamshell.toml: not a TOML file; mend it")

    shell = opened()
    shell.desk._doors = replace(shell._doors, exercises=broken)
    shell.go("exercise")
    waits(qtbot, lambda: "not a TOML file" in shell.desk.exercise.banner.text())
    assert not shell.desk.exercise.likely.isEnabled()


def test_replay_lists_the_library_and_takes_any_file(qtbot, opened):
    world = kit.World(kept=lambda: (kit.KEPT,))
    shell = opened(world)
    shell.go("replay")
    page = shell.page("replay")
    waits(qtbot, lambda: page._rows.count() == 1 and page._rows.itemAt(0).widget().text().endswith("run 1"))
    page.replay()
    assert "which recording?" in page.banner.text().lower()
    qtbot.keyClicks(page.file, "other.csv")
    qtbot.keyClicks(page.montage, "gmed=2,tfl=1")
    qtbot.keyClick(page.file, Qt.Key.Key_Return)
    kit.running(qtbot, shell)
    assert world.asked == [("other.csv", "gmed=2,tfl=1")]


def test_an_empty_library_says_so_on_the_replay_page(qtbot, opened):
    shell = opened()
    shell.go("replay")
    waits(qtbot, lambda: "No recordings yet" in kit.said(shell.page("replay")))
