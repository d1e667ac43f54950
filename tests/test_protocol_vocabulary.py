"""What the keys of an exercise file become: blocks, roles, rules, teaching, loads and options."""

from dataclasses import fields
from typing import get_args

import pytest
from protocol_kit import EXAMPLE, LESSON, changed, lesson

from emgfeedback.processing.bandwidth import TRUNK_MUSCLES
from emgfeedback.training.permissions import KEYS, LOADS
from emgfeedback.training.placement import NEIGHBOURS
from emgfeedback.training.protocol import parse_protocol
from emgfeedback.training.protocol_tables import ShapingTable
from emgfeedback.training.protocol_words import MUSCLES, Load, Muscle, Need
from emgfeedback.values import Option, Phase, Protocol, Quiet, Shaping


def parsed(text: str) -> Protocol:
    return parse_protocol(text, "x.toml")


def of_kind(protocol: Protocol, kind: str) -> list[Phase]:
    return [phase for phase in protocol.phases if phase.kind == kind]


def test_the_codes_of_files_are_those_of_the_rest_of_the_program() -> None:
    assert set(get_args(Need)) == set(KEYS)
    assert set(get_args(Load)) == set(LOADS)
    assert get_args(Muscle) == tuple(MUSCLES)
    assert set(MUSCLES) >= TRUNK_MUSCLES
    assert not set(MUSCLES) & set(NEIGHBOURS)


def test_an_old_file_means_what_it_meant() -> None:
    protocol = parsed(EXAMPLE)
    assert protocol == Protocol(
        "X1", "Example", protocol.phases, "vmo", ("vl",), 3.0, 1.32, 10.0, None, "open", {},
        provenance="not clinician-reviewed", text=EXAMPLE,
    )  # fmt: skip
    assert protocol.phases[3] == Phase(
        "work", 8.0, "Press and hold.", repetition=1, block=2, rule="hold", hold_s=3.0
    )


def test_blocks_are_numbered_as_they_are_written_and_give_their_role_and_label() -> None:
    protocol = parsed(LESSON)
    told = [(phase.block, phase.role, phase.label) for phase in protocol.phases]
    assert list(dict.fromkeys(told)) == [
        (1, "", ""),
        (2, "start", "Your way"),
        (3, "", "First set"),
        (4, "", "Longer"),
        (5, "retest", ""),
    ]
    assert [phase.repetition for phase in protocol.phases if phase.repetition] == list(range(1, 19))


def test_a_block_may_have_a_hold_of_its_own() -> None:
    holds = [(phase.rule, phase.hold_s) for phase in of_kind(parsed(LESSON), "work")]
    assert holds == [("hold", 3.0)] * 4 + [("hold", 10.0)] * 4
    assert parsed(LESSON).hold_s == 3.0


def test_repetitions_first_and_then_a_hold() -> None:
    mixed = lesson(
        ('rule = "hold"\nhold_s = 3', 'rule = "rep"'), ("hold_s = 10", 'rule = "hold"\nhold_s = 10')
    )
    protocol = parsed(mixed)
    assert [(p.rule, p.hold_s) for p in of_kind(protocol, "work")] == [("rep", 0.0)] * 4 + [
        ("hold", 10.0)
    ] * 4
    assert [(p.rule, p.hold_s) for p in of_kind(protocol, "observe")] == [("rep", 0.0)] * 10
    assert protocol.hold_s == 0.0
    back = parsed(lesson(("hold_s = 10", 'rule = "rep"')))
    assert [(p.rule, p.hold_s) for p in of_kind(back, "work")] == [("hold", 3.0)] * 4 + [("rep", 0.0)] * 4


def test_only_exercise_has_a_hold_and_an_observed_one_has_none() -> None:
    assert all(not phase.hold_s for phase in parsed(LESSON).phases if not phase.repetition)
    observed = changed(
        ('rule = "hold"\nhold_s = 3', 'rule = "observe"'), ('kind = "work"', 'kind = "observe"')
    )
    assert {(p.rule, p.hold_s) for p in of_kind(parsed(observed), "observe")} == {("hold", 0.0)}


def test_needs_of_a_phase_stay_with_the_phase() -> None:
    text = changed(
        ("rivals", 'needs = ["ABD"]\nrivals'), ('muscle = "vl"', 'muscle = "vl"\nneeds = ["RES", "ROLL"]')
    )
    protocol = parsed(text)
    assert protocol.needs == ("ABD",)
    assert [phase.needs for phase in protocol.phases[:4]] == [(), (), ("RES", "ROLL"), ()]


def test_both_legs_have_needs_and_loads_and_options_ask_for_more() -> None:
    top = 'load = "WB1"\nneeds = ["SLS"]\nother_load = "PWB"\nother_needs = ["LONG"]\n'
    option = '\n[[option]]\nname = "toes-down"\ntext = "Toes down."\nneeds = ["IR"]\nother_needs = ["ER"]\n'
    plain = '\n[[option]]\nname = "wall"\ntext = "Beside a wall."\n'
    protocol = parsed(changed(("rivals", top + "rivals")) + option + plain)
    assert (protocol.load, protocol.needs) == ("WB1", ("SLS",))
    assert (protocol.other_load, protocol.other_needs) == ("PWB", ("LONG",))
    assert protocol.options == (
        Option("toes-down", "Toes down.", ("IR",), ("ER",)),
        Option("wall", "Beside a wall."),
    )


def test_teaching_tables_become_values_with_their_defaults() -> None:
    protocol = parsed(LESSON)
    assert (protocol.schedule, protocol.shaping, protocol.quiet) == ("fade", Shaping(), Quiet("ql"))
    assert (parsed(EXAMPLE).schedule, parsed(EXAMPLE).shaping, parsed(EXAMPLE).quiet) == (
        "always",
        None,
        None,
    )
    own = lesson(
        ("[shaping]", "[shaping]\nabove_ln = 0.1\nstep_ln = 0.2\nharder_above_pct = 90\ntop_ratio = 3"),
        ('muscle = "ql"\n', 'muscle = "tfl"\npercentile = 30\ntries = 4\nceiling = true\n'),
        ('"fade"', '"sham"'),
    )
    protocol = parsed(own)
    assert protocol.shaping == Shaping(0.1, 0.2, 90.0, 60.0, 3.0)
    assert protocol.quiet == Quiet("tfl", 30.0, 4, True)
    assert protocol.schedule == "sham"


def test_defaults_stand_once_in_the_file_and_once_in_the_values_and_agree() -> None:
    assert Shaping(**ShapingTable().model_dump()) == Shaping()
    assert [field.name for field in fields(Shaping)] == list(ShapingTable.model_fields)
    protocol = parsed(EXAMPLE)
    for field in fields(Protocol):
        if field.name in (
            "load",
            "other_load",
            "schedule",
            "unit_s",
            "stop_after",
            "watch",
            "notes",
            "options",
        ):
            assert getattr(protocol, field.name) == field.default, field.name


def test_the_reward_knows_steps_misses_ceilings_and_no_ratio() -> None:
    reward = "hold_s = 3\nratio = 0\nunit_s = 1.5\nstop_after = 3\nceiling_pct = 60\n"
    protocol = parsed(changed(("hold_s = 3\n", f"{reward}[reward.rival_ceiling_pct]\nvl = 25\n")))
    assert (protocol.ratio, protocol.unit_s, protocol.stop_after) == (0.0, 1.5, 3)
    assert (protocol.ceiling_pct, protocol.rival_ceiling_pct) == (60.0, {"vl": 25.0})


def test_watched_muscles_may_have_a_reference_and_notes_stand_on_the_screen() -> None:
    text = changed(
        ('rivals = ["vl"]', 'rivals = ["vl"]\nwatch = ["rf", "bf"]\nunverified = ["rf"]\nnotes = ["Look."]'),
        ('muscle = "vl"', 'muscle = "rf"\ncue = "Press."\n[[block.phase]]\nkind = "reference"\nseconds = 5\n'
         'muscle = "vl"'),
    )  # fmt: skip
    protocol = parsed(text)
    assert (protocol.watch, protocol.rivals, protocol.notes) == (("rf", "bf"), ("vl",), ("Look.",))
    assert [phase.muscle for phase in of_kind(protocol, "reference")] == ["vmo", "rf", "vl"]


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_baseline_stands_before_or_after_and_is_no_repetition(where: str) -> None:
    baseline = '[[block]]\n[[block.phase]]\nkind = "baseline"\nseconds = 10\ncue = "Lie quietly."\n\n'
    text = changed(("[[block]]\n", baseline + "[[block]]\n")) if where == "before" else EXAMPLE + baseline
    (phase,) = of_kind(parsed(text), "baseline")
    assert (phase.repetition, phase.block) == (0, 1 if where == "before" else 3)
    assert parsed(text).repetitions == 3


def test_a_start_block_may_be_short_and_a_probe_needs_no_start() -> None:
    assert parsed(lesson(("repeat = 5", "repeat = 2"))).repetitions == 15
    assert parsed(lesson(('role = "retest"\nrepeat = 5', 'role = "probe"'))).phases[-1].role == "probe"


def test_stages_and_doses_are_kept_in_the_text() -> None:
    text = changed(("rivals", 'stage = "S1-S2"\ndose = "ten"\ndose_is = "quoted"\nrivals'))
    assert parsed(text).stage == "S1-S2"
    assert 'dose_is = "quoted"' in parsed(text).text
