"""The exercise files, each against its row of the catalogue's table (sections 6 and 7)."""

import re
import tomllib
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from exercise_rows import ALL_ROWS, OTHERS, REP, ROWS, VARIANTS, Row

from emgfeedback.training.protocol import parse_protocol
from emgfeedback.values import Phase, Protocol

DRAWER = Path(__file__).resolve().parent.parent / "protocols"
TEXTS = {file.stem: file.read_text(encoding="utf-8") for file in sorted(DRAWER.glob("*.toml"))}
BY_ID = {row.id: row for row in ALL_ROWS}

DOIS = {
    *("10.1016/j.jelekin.2010.05.009", "10.1123/jsr.2018-0340", "10.2519/jospt.2015.5888"),
    *("10.4085/306-20", "10.13066/kspm.2017.12.3.59", "10.12674/ptk.2023.30.1.68"),
    *("10.7759/cureus.43523", "10.1589/jpts.31.687", "10.1016/j.jelekin.2020.102438"),
}
"""Those that the reference pages give for the papers of the catalogue."""

PAPERS = {
    "E01": ("Cynn 2006", "Distefano 2009"),
    "E02": ("Physical Therapy Korea 31(2):123", "Baik 2021", "Lee 2013"),
    "E03": ("Cynn 2006", "Aoyagi 2019"),
    "E04": ("Selkowitz 2013", "Distefano 2009"),
    "E08": ("Berry 2015", "Selkowitz 2013", "Lewis 2018"),
    "E09": ("10.1123/jsr.2018-0340",),
    "E11": ("10.12674/ptk.2023.30.1.68",),
    "E17": ("10.1123/jsr.2018-0340",),
    "V01": ("Cynn 2006",),
    "V02": ("10.1016/j.jelekin.2010.05.009",),
    "V03": ("10.13066/kspm.2017.12.3.59",),
    "V04": ("10.7759/cureus.43523",),
    "V05": ("Physical Therapy Korea 31(2):123",),
}

QUOTED = {
    "E01": ("10 s", "dozens", "morning", "afternoon", "evening"),
    "E04": ("1 min", "20 min", "morning, noon and night", "never a default after surgery"),
    "E12": ("40 to 60 s",),
    "E12open": ("40 to 60 s",),
    "E15": ("12 to 24 inches", "never a default after surgery"),
    "E19": ("shallow", "deeper"),
    "E26": ("5 s", "10 to 15", "2 to 3 times a day"),
}

PROMISES = re.compile(
    r"\b(cure[sd]?\b|heal|fix|treat|prevent|guarantee|proven\b|strength|stronger|relie[fv]|improve)",
    re.IGNORECASE,
)

ONE_LEGGED = [row for row in ALL_ROWS if {row.load, row.other_load} & {"WB1", "DYN"}]

every_row = pytest.mark.parametrize("row", ALL_ROWS, ids=lambda row: row.id)


@cache
def sheet_of(row: Row) -> dict[str, Any]:
    return tomllib.loads(TEXTS[row.slug])


@cache
def protocol_of(row: Row) -> Protocol:
    return parse_protocol(TEXTS[row.slug], f"{row.slug}.toml")


def blocks(protocol: Protocol, kind: str) -> list[list[Phase]]:
    """Return the phases of a kind, block by block."""
    phases = [phase for phase in protocol.phases if phase.kind == kind]
    return [list(group) for _, group in groupby(phases, key=lambda phase: phase.block)]


def test_the_drawer_holds_a_file_for_every_row_and_no_id_twice() -> None:
    ids = {slug: tomllib.loads(text)["id"] for slug, text in TEXTS.items()}
    assert ids == {row.slug: row.id for row in ALL_ROWS} | OTHERS
    assert len({id_.casefold() for id_ in ids.values()}) == len(ids)
    assert len(ROWS) == 30


@every_row
def test_a_file_asks_of_each_leg_what_the_table_asks(row: Row) -> None:
    protocol = protocol_of(row)
    assert (protocol.id, protocol.stage, protocol.sides) == (row.id, row.stage, row.sides)
    assert (protocol.load, protocol.other_load) == (row.load, row.other_load)
    assert set(protocol.needs) == set(row.needs.split())
    assert set(protocol.other_needs) == set(row.other_needs.split())
    added = {o.name: (" ".join(o.needs), " ".join(o.other_needs)) for o in protocol.options}
    assert added == row.options


@every_row
def test_the_waist_is_recorded_on_the_side_the_exercise_needs(row: Row) -> None:
    protocol = protocol_of(row)
    waist = "ql" if row.sides == "open" else "qlc"
    assert protocol.rivals == (tuple(row.rivals.split()) or ("tfl", waist))
    assert protocol.target == {"K01": "vmo", "K02": "lt"}.get(row.id, "gmed")
    assert protocol.watch == (("qlc",) if row.id == "E20" else ())


@every_row
def test_the_sets_ask_for_the_rule_the_holds_and_the_ratio_of_the_table(row: Row) -> None:
    protocol = protocol_of(row)
    sets = blocks(protocol, "work")
    assert [(one[0].rule, one[0].hold_s if one[0].rule == "hold" else REP) for one in sets] == [
        ("rep", REP) if hold == REP else ("hold", hold) for hold in row.sets
    ]
    assert protocol.ratio == row.ratio
    if not row.sets:
        assert sheet_of(row)["reward"]["rule"] == "observe"
    floors = {"S01": 30.0, "S03": 40.0}
    assert protocol.min_level_pct == floors.get(row.id, 10.0)


@every_row
def test_blocks_that_are_compared_hold_five_repetitions_without_feedback(row: Row) -> None:
    compared = [one for one in blocks(protocol_of(row), "observe") if one[0].role]
    assert tuple(one[0].role for one in compared) == row.roles
    assert all(len(one) >= 5 for one in compared)
    exercised = [phase for phase in protocol_of(row).phases if phase.kind == "work"]
    assert not any(phase.role for phase in exercised)


@every_row
def test_a_file_says_what_a_person_needs_to_know(row: Row) -> None:
    sheet = sheet_of(row)
    keys = ("position", "landmark", "equipment", "steps", "progression", "load", "stage")
    assert all(sheet[key] for key in keys)
    assert any(step.startswith("Stop at once") for step in sheet["steps"])
    assert sheet["provenance"]["review"] == "not clinician-reviewed"
    catalogued = row.id[:3] in sheet["provenance"]["source"]
    assert catalogued == (row.id[0] not in "SK")
    assert "ratio" in sheet["reward"] or not row.sets


@every_row
def test_each_rival_has_a_line_of_its_own(row: Row) -> None:
    protocol = protocol_of(row)
    if row.id == "E10":
        assert not protocol.coaching
        return
    assert set(protocol.coaching) == set(protocol.rivals)
    assert len(set(protocol.coaching.values())) == len(protocol.rivals)


def test_only_who_may_extend_the_hip_is_told_to_take_the_leg_back() -> None:
    told = {
        row.id
        for row in ALL_ROWS
        for line in protocol_of(row).coaching.values()
        if re.search(r"\bleg (further )?(back|behind)|\bheel back", line)
    }
    assert told == {"E02", "E03", "V05"}
    assert all("EXT" in protocol_of(BY_ID[id_]).needs for id_ in told)


@every_row
def test_cues_fit_on_a_screen_and_sets_into_a_session(row: Row) -> None:
    protocol = protocol_of(row)
    assert all(len(phase.cue) <= 60 for phase in protocol.phases)
    assert all(len(line) <= 60 for line in protocol.coaching.values())
    assert sum(phase.seconds for phase in protocol.phases) < 45 * 60
    for one in blocks(protocol, "work"):
        assert one[0].label
        assert len(one) <= 10
        assert all(phase.seconds > phase.hold_s for phase in one if phase.rule == "hold")
        assert all(5 <= phase.seconds <= 6 for phase in one if phase.rule == "rep")


@every_row
def test_rest_and_one_press_for_each_recorded_muscle_come_first(row: Row) -> None:
    protocol = protocol_of(row)
    assert protocol.phases[0].kind == "rest"
    pressed = {phase.muscle: phase.needs for phase in protocol.phases if phase.kind == "reference"}
    if row.id == "E10":
        assert not pressed
        return
    assert tuple(pressed) == (protocol.target, *protocol.rivals, *protocol.watch)
    if row.id[0] != "K":
        assert all(
            needs == {"gmed": ("RES",), "tfl": ("FLEX",)}.get(muscle, ()) for muscle, needs in pressed.items()
        )


@pytest.mark.parametrize("row", ONE_LEGGED, ids=lambda row: row.id)
def test_who_stands_on_one_leg_has_lain_down_before_and_has_a_rail(row: Row) -> None:
    sheet, protocol = sheet_of(row), protocol_of(row)
    assert any("Lie down first" in step for step in sheet["steps"])
    assert any("rail" in step for step in sheet["steps"])
    assert "SLS" in (protocol.needs if row.load in ("WB1", "DYN") else protocol.other_needs)
    assert any(phase.kind == "relax" and phase.cue == "Stand up, hold the rail." for phase in protocol.phases)


@every_row
def test_a_dose_says_what_it_is_and_a_quoted_one_is_the_sources(row: Row) -> None:
    sheet = sheet_of(row)
    assert sheet.get("dose_is", "") == row.dose_is
    assert bool(sheet.get("dose")) == bool(row.dose_is)
    assert all(part in sheet["dose"] for part in QUOTED.get(row.id, ()))


def test_only_doses_of_the_sources_are_called_quoted() -> None:
    stated = {row.id for row in ALL_ROWS if row.dose_is in ("quoted", "rebuilt")}
    assert stated == set(QUOTED)


@pytest.mark.parametrize("slug", TEXTS)
def test_no_file_promises_a_benefit(slug: str) -> None:
    assert not PROMISES.search(TEXTS[slug])
    assert TEXTS[slug].isascii()


@pytest.mark.parametrize("word", ["cures", "Healing", "fixed", "guaranteed", "strengthens", "relief"])
def test_a_promise_would_be_seen(word: str) -> None:
    assert PROMISES.search(f"This {word} the hip.")


@every_row
def test_papers_are_those_of_the_catalogue_and_no_doi_is_invented(row: Row) -> None:
    papers = "; ".join(sheet_of(row)["provenance"].get("papers", []))
    assert all(named in papers for named in PAPERS.get(row.id, ()))
    assert set(re.findall(r"10\.\d{4,}/\S+?(?=[,;]|$)", papers)) <= DOIS


def test_the_clam_and_the_wall_press_build_up_in_units_and_end_after_three_misses() -> None:
    for id_ in ("E04", "E12", "E12open"):
        protocol = protocol_of(BY_ID[id_])
        assert (protocol.unit_s, protocol.stop_after) == (5.0, 3)
    assert protocol_of(BY_ID["E05"]).stop_after == 0


def test_the_contraction_is_found_with_feedback_that_fades_and_a_waist_that_is_watched() -> None:
    protocol = protocol_of(BY_ID["E03"])
    assert protocol.schedule == "fade"
    assert protocol.quiet is not None
    quiet = (protocol.quiet.muscle, protocol.quiet.percentile, protocol.quiet.tries, protocol.quiet.ceiling)
    assert quiet == ("ql", 40.0, 5, False)
    assert sum(len(one) for one in blocks(protocol, "work")) == 20
    assert {phase.hold_s for one in blocks(protocol, "work") for phase in one} == {3.0}


def test_shaping_begins_with_a_start_block_and_goes_up_to_two_to_one() -> None:
    shaped = {row.id for row in ALL_ROWS if protocol_of(row).shaping}
    assert shaped == {"E01", "E02", "E03"}
    for id_ in shaped:
        shaping = protocol_of(BY_ID[id_]).shaping
        assert shaping is not None
        assert (shaping.above_ln, shaping.step_ln, shaping.top_ratio) == (0.10, 0.10, 2.0)
        assert (shaping.harder_above_pct, shaping.easier_below_pct) == (85.0, 60.0)
        kinds = [phase.role or phase.kind for phase in protocol_of(BY_ID[id_]).phases if phase.repetition]
        assert kinds[0] == "start"


def test_the_belt_press_is_gentle_and_can_be_done_without_a_lift() -> None:
    protocol = protocol_of(BY_ID["E26"])
    assert protocol.ceiling_pct == 120.0
    assert sum(len(one) for one in blocks(protocol, "work")) == 12
    assert {phase.seconds for phase in protocol.phases if phase.cue == "Let go slowly."} == {4.0}
    assert "ABD" not in protocol.needs


def test_the_deadlift_is_scored_without_the_waist_and_says_so() -> None:
    protocol = protocol_of(BY_ID["E20"])
    assert "Scored on side of hip against front of hip only." in protocol.notes


@pytest.mark.parametrize("id_", ["E13", "E18b"])
def test_an_unverified_electrode_place_is_told(id_: str) -> None:
    assert sheet_of(BY_ID[id_])["unverified"] == ["qlc"]
    assert any("unverified" in note for note in protocol_of(BY_ID[id_]).notes)


@pytest.mark.parametrize("id_", ["E08", "E16"])
def test_steps_are_scored_in_the_stance_of_the_recorded_leg_only(id_: str) -> None:
    notes = protocol_of(BY_ID[id_]).notes
    assert any("Only the time in which the recorded leg stands" in note for note in notes)


@pytest.mark.parametrize("ids", [("E12", "E12open"), ("E17", "E17stance")])
def test_two_recordings_of_one_exercise_say_which_leg_and_swap_the_needs(ids: tuple[str, str]) -> None:
    one, two = (protocol_of(BY_ID[id_]) for id_ in ids)
    assert (set(one.needs), one.load) == (set(two.other_needs), two.other_load)
    assert (set(two.needs), two.load) == (set(one.other_needs), one.other_load)
    assert all(any("Recorded: the" in note for note in p.notes) for p in (one, two))


def test_quiet_levels_frame_the_rolling_and_the_goal() -> None:
    for id_ in ("E10", "S03"):
        kinds = [phase.kind for phase in protocol_of(BY_ID[id_]).phases]
        first, last = kinds.index("baseline"), len(kinds) - 1 - kinds[::-1].index("baseline")
        exercised = [i for i, kind in enumerate(kinds) if kind in ("work", "observe")]
        assert first < exercised[0] <= exercised[-1] < last


def test_ten_by_ten_asks_for_relaxed_helpers_instead_of_a_ratio() -> None:
    protocol = protocol_of(BY_ID["S01"])
    assert dict(protocol.rival_ceiling_pct) == {"tfl": 25.0, "ql": 25.0}
    work = [phase.seconds for phase in protocol.phases if phase.kind == "work"]
    rest = [phase.seconds for phase in protocol.phases if phase.block == 2 and phase.kind == "relax"]
    assert (work, rest) == ([10.0] * 10, [10.0] * 10)


def test_the_classes_of_hold_stay_within_their_seconds() -> None:
    spans = [(0.2, 3), (3, 120), (120, 300)]
    for one, (least, most) in zip(blocks(protocol_of(BY_ID["S02"]), "work"), spans, strict=True):
        assert all(least <= phase.hold_s <= phase.seconds <= most for phase in one)


def test_the_tweak_fades_from_level_three_to_none_two_sets_each() -> None:
    labels = [one[0].label for one in blocks(protocol_of(BY_ID["R06"]), "observe")]
    assert [label[:7] for label in labels[1:]] == [f"Level {level}" for level in (3, 3, 2, 2, 1, 1, 0, 0)]


def test_the_helps_go_from_three_to_one_and_the_end_is_plain() -> None:
    labels = [one[0].label for one in blocks(protocol_of(BY_ID["R07"]), "observe")]
    assert labels == ["Three helps", "Two helps", "One help", "Plain, at the end"]


@pytest.mark.parametrize("row", VARIANTS, ids=lambda row: row.id)
def test_a_variant_says_for_which_rival_it_is_tried(row: Row) -> None:
    notes = protocol_of(row).notes
    assert row.id == "V02" or any(re.match("Try this when .* leads", note) for note in notes)
