"""Exercises on one page: the rules in words, and the cards of `docs/exercises`."""

import re
import textwrap
import tomllib

import pytest
from card_kit import A4_LINES, CARDS, EXERCISES, PROMISES, card, rest_and_presses, section, work

from emgfeedback.reports.card_index import card_index
from emgfeedback.reports.exercise_card import SECTIONS, exercise_card
from emgfeedback.reports.plain_words import LOADS, NEEDS, PLACES, listed, plain
from emgfeedback.training.permissions import LOADS as KNOWN_LOADS
from emgfeedback.training.protocol_words import MUSCLES as KNOWN_MUSCLES
from emgfeedback.training.protocol_words import NEEDS as KNOWN_NEEDS
from emgfeedback.values import Option, Phase, Quiet, Shaping


@pytest.mark.parametrize("slug", EXERCISES)
def test_a_stored_card_agrees_with_its_exercise_file(slug: str) -> None:
    protocol = EXERCISES[slug]
    fresh = exercise_card(protocol, tomllib.loads(protocol.text))
    stored = (CARDS / f"{slug}.md").read_text(encoding="utf-8")
    assert stored == fresh, "write them again: emgfeedback protocols card --all --out docs/exercises"


def test_every_card_belongs_to_an_exercise_and_the_index_is_current() -> None:
    assert {file.stem for file in CARDS.iterdir()} == {*EXERCISES, "README"}
    index = (CARDS / "README.md").read_text(encoding="utf-8")
    assert index == card_index(EXERCISES)
    linked = re.findall(r"\]\(([a-z0-9-]+)\.md\)", index)
    assert set(linked) == set(EXERCISES)


@pytest.mark.parametrize("slug", EXERCISES)
def test_every_card_has_every_section_on_one_page(slug: str) -> None:
    protocol = EXERCISES[slug]
    text = exercise_card(protocol, tomllib.loads(protocol.text))
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == list(SECTIONS)
    assert all(section(text, heading).strip() for heading in SECTIONS)
    printed = [line for written in text.splitlines() for line in textwrap.wrap(written, 110)]
    assert len(printed) <= A4_LINES
    assert "not a medical device" in text
    assert "ot clinician-reviewed" in text
    assert not re.search(PROMISES, text, re.IGNORECASE)


@pytest.mark.parametrize("slug", EXERCISES)
def test_a_card_says_what_its_file_says(slug: str) -> None:
    protocol = EXERCISES[slug]
    sheet = tomllib.loads(protocol.text)
    text = exercise_card(protocol, sheet)
    said = [protocol.position, *protocol.steps, *protocol.notes, sheet.get("landmark", "")]
    said += [*sheet.get("progression", ()), *sheet.get("provenance", {}).get("papers", ())]
    said += [option.text.rstrip(".") for option in protocol.options]
    assert all(plain(line) in text for line in said)
    assert all(f"({key})" in section(text, "Who may do it") for key in protocol.needs + protocol.other_needs)
    if any(phase.kind == "work" for phase in protocol.phases):
        cues = section(text, "If another muscle takes over")
        assert all(plain(protocol.coaching[rival]) in cues for rival in protocol.rivals)


def test_every_code_has_plain_words() -> None:
    assert set(PLACES) >= set(KNOWN_MUSCLES)
    assert set(NEEDS) >= set(KNOWN_NEEDS)
    assert set(LOADS) == set(KNOWN_LOADS)


def test_the_rule_of_a_hold_is_told_in_words() -> None:
    rule = section(card(), "What earns a reward")
    assert "at least 1.32 times as much as the front of the hip and as the waist" in rule
    assert "at least 10 % of its press" in rule
    assert "when 5 s of good time are collected" in rule
    assert "more than 2 s off in a row" in rule
    assert "It follows every repetition." in rule


def test_the_rule_of_a_repetition_is_told_in_words() -> None:
    phases = (*rest_and_presses(), *work(1, 2, "rep", 0), *work(2, 3, "hold", 5))
    rule = section(card(phases=phases, hold_s=0.0), "What earns a reward")
    assert "middle 60 %" in rule
    assert "when 5 s of good time" in rule
    phases = (*rest_and_presses(), *work(1, 2, "rep", 0))
    assert "A hold" not in section(card(phases=phases, hold_s=0.0), "What earns a reward")


def test_ceilings_units_quiet_and_shaping_are_told_where_they_are_asked_for() -> None:
    bare = section(card(), "What earns a reward")
    full = section(
        card(
            ceiling_pct=60.0,
            rival_ceiling_pct={"tfl": 20.0},
            unit_s=5.0,
            stop_after=3,
            quiet=Quiet("ql"),
            shaping=Shaping(),
            schedule="fade",
            stage="S0-S1",
            sides="step",
        ),
        "What earns a reward",
    )
    for words in (
        "at or under 60 %",
        "the front of the hip stays at or under 20 %",
        "steps of 5 s",
        "After 3 missed",
        "A quiet waist** is a second aim, shown and not rewarded",
        "up when more than 85 %",
        "fewer than 60 %",
        "fixed line of 1.32",
        "drawn by lot",
        "protected stage",
        "trained leg stands",
    ):
        assert words in full
        assert words not in bare
    assert "asked for as well" in card(quiet=Quiet("ql", ceiling=True))


def test_without_a_ratio_no_comparison_is_claimed() -> None:
    text = card(ratio=0.0)
    assert "times as much" not in text
    assert "a set amount of work" in text


def test_an_observed_exercise_promises_no_picture() -> None:
    watched = Phase("observe", 10, "Lift.", repetition=1, block=2, role="retest")
    text = card(phases=(*rest_and_presses(), watched), hold_s=0.0)
    assert section(text, "What earns a reward").strip().startswith("Nothing: no picture")
    assert "compared" in section(text, "What earns a reward")
    assert "| Test again | Lift. | 1 × 10 s | 0:10 | no |" in section(text, "A session")


def test_the_session_is_a_table_of_parts_in_minutes() -> None:
    rows = [line for line in section(card(), "A session").splitlines() if line.startswith("|")][2:]
    assert rows == [
        "| Setting up | Rest, then press with one muscle after the other: "
        "side of the hip and front of the hip | once | 0:25 | no |",
        "| Set 1 | Lift slowly. | 2 × 10 s, hold 5 s, then 8 s rest | 0:36 | always |",
        "| **together** | | | **1:01** | |",
    ]


def test_a_fading_picture_is_told_set_by_set() -> None:
    phases = (*rest_and_presses(), *(phase for n in range(1, 6) for phase in work(n, n + 1)))
    rows = section(card(phases=phases, schedule="fade"), "A session").splitlines()
    shown = [row.split(" | ")[-1].strip(" |") for row in rows if row.startswith("| Set ")]
    assert shown == ["always", "3 of 4 times", "half the time", "1 of 4 times", "no"]


@pytest.mark.parametrize(
    ("dose_is", "words"),
    [("quoted", "Quoted from the source"), ("rebuilt", "lost its numbers"), ("proposed", "Proposed by")],
)
def test_a_dose_says_where_it_is_from_and_asks_for_a_clinician(dose_is: str, words: str) -> None:
    dose = section(card({"dose": "10 s, often", "dose_is": dose_is}), "How much")
    assert words in dose
    assert "10 s, often" in dose
    assert "Confirm with a clinician" in dose
    assert "No dose is given" in section(card(), "How much")


def test_needs_are_told_for_each_leg_and_for_each_choice() -> None:
    who = section(
        card(
            load="WB1",
            other_needs=("ABD",),
            options=(Option("band", "With a band.", ("RES",)), Option("mat", "On a mat.")),
        ),
        "Who may do it",
    )
    trained, other, _, band, mat, _ = re.findall(r"^- (.+)$", who, re.MULTILINE)
    presses = re.findall(r"^  - (.+)$", who, re.MULTILINE)
    assert all(key in trained for key in ("(ABD)", "(LONG)", "(SLS)", "full weight"))
    assert "(ABD)" in other
    assert "no weight" in other
    assert presses[0].startswith("side of the hip: pushing")
    assert presses[1].endswith("(FLEX)")
    assert "(RES)" in band
    assert "**Choice, band:** With a band." in who
    assert "nothing more" in mat
    assert "(SLS)" not in section(card(load="WB2"), "Who may do it")


def test_the_side_of_each_electrode_is_told() -> None:
    standing = section(
        card({"unverified": ["qlc"]}, rivals=("tfl", "qlc"), sides="stance", coaching={}), "Electrodes"
    )
    assert "On the other side: the waist" in standing
    assert "Place not verified" in standing
    lying = section(card(), "Electrodes")
    assert "other side" not in lying
    assert "not verified" not in lying


def test_markup_in_an_exercise_file_stays_text() -> None:
    text = card(name="A | B <b>*c*</b>")
    assert text.startswith("# X1: A \\| B \\<b\\>\\*c\\*\\</b\\>\n")
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed([]) == ""
