"""What must hold between the values of an exercise file, each told with its line and what to write."""

import pytest
from protocol_kit import EXAMPLE, changed, lesson

from emgfeedback.errors import ProtocolError
from emgfeedback.training.protocol import parse_protocol


def mistakes(text: str) -> list[str]:
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(text, "x.toml")
    return str(caught.value).splitlines()


OPTION = '\n[[option]]\nname = "band"\ntext = "With a band."\n'
START = 'role = "start"\n'
WORK = 'kind = "work"\nseconds = 12'

PLAIN = [
    ('["vl"]', '["vl"]\nwatch = ["vl"]', '6: "vl" is the target or a rival and watched; remove it from w'),
    ('["vl"]', '["vl"]\nwatch = ["rf", "rf"]', '6: "rf" stands twice in watch; write it once'),
    ('["vl"]', '["vl"]\nunverified = ["rf"]', '6: "rf" is not recorded; write one of vmo, vl'),
    ('["vl"]', '["vl"]\ndose_is = "quoted"', "6: dose_is stands without a dose; write dose = or remove it"),
    ('["vl"]', '["vl"]\ndose = "ten"\ndose_is = "sure"', '7: dose_is = "sure" is not known; write "quoted"'),
    ('["vl"]', '["vl"]\nstage = "S3-S1"', '6: stage = "S3-S1" goes backwards; write "S1-S3"'),
    ('["vl"]', '["vl"]\nload = "WB3"', '6: load = "WB3" is not known; write "NWB", "PWB", "WB2", "WB1" or'),
    ('["vl"]', '["vl"]\nother_needs = ["RUN"]', '6: other_needs entry 1 = "RUN" is not known; write a list'),
    ('["vl"]', '["vl"]\nnotes = ["' + "a" * 121 + '"]', "6: notes entry 1 = "),
    ('["vl"]', '["vl"]\nlabel = "x"', "6: key label does not belong here; write it under [[block]]"),
    ("hold_s = 3", "hold_s = 3\nratio = 0.19", "10: [reward]: ratio = 0.19 is below 0.2; write how many"),
    ("hold_s = 3", "hold_s = 3\nunit_s = 0.05", "10: [reward]: unit_s = 0.05 is below 0.1; write the good"),
    ("hold_s = 3", "hold_s = 3\nunit_s = 4", "10: [reward]: unit_s = 4 is longer than the longest hold, 3 s"),
    ("hold_s = 3", "unit_s = 2", "7: [reward]: hold_s is missing; write hold_s = 3"),
    (
        "hold_s = 3",
        "hold_s = 3\nstop_after = 21",
        "10: [reward]: stop_after = 21 is above 20; write how many",
    ),
    (
        "hold_s = 3",
        "hold_s = 3\n[reward.rival_ceiling_pct]\nrf = 25",
        "11: [reward.rival_ceiling_pct]: rf is not a rival; write a level for vl",
    ),
    (
        "hold_s = 3",
        "hold_s = 3\nrival_ceiling_pct.vl = 0",
        "10: [reward.rival_ceiling_pct]: vl = 0 is below 1; write levels in % of reference",
    ),
    ('"hold"', '"rep"', '9: [reward]: hold_s has no meaning with rule = "rep"; remove it'),
    (
        "hold_s = 3",
        "hold_s = 3\n[quiet]\nmuscle = 'rf'",
        '11: [quiet]: muscle = "rf" is not a rival; write o',
    ),
    ("hold_s = 3", "hold_s = 3\n[quiet]\nmuscle = 'vl'", "10: tries = 5 of 3 repetitions leave none to com"),
    (
        "hold_s = 3",
        "hold_s = 3\n[quiet]\nmuscle = 'vl'\ntries = 3",
        "12: [quiet]: tries = 3 of 3 repetitions leave none to compare; write more repetitions",
    ),
    ("hold_s = 3", "hold_s = 3\n[shaping]", '10: [shaping] needs a start block; write role = "start" in a b'),
    ("hold_s = 3", "hold_s = 3\n[shaping]\nstep_ln = 0", "11: [shaping]: step_ln = 0 is below 0.01; write a"),
    (
        "hold_s = 3",
        'hold_s = 3\n[feedback]\nschedule = "fade"',
        '11: [feedback]: schedule = "fade" with one block of work, which is seen in full; write two',
    ),
    (
        "hold_s = 3",
        'hold_s = 3\n[feedback]\nschedule = "faded"',
        '11: [feedback]: schedule = "faded" is not known; write "always", "fade", "alternate", "after", '
        '"off" or "sham"; did you mean "fade"?',
    ),
    ("repeat = 3", 'repeat = 3\nrole = "set"', '32: block 2: role = "set" is not known; write "start"'),
    ("repeat = 3", f'repeat = 3\nlabel = "{"x" * 61}"', '32: block 2: label = "xxx'),
    ("repeat = 3", "repeat = 3\nhold_s = 9", '36: phase 4 "work": seconds = 8 is shorter than hold_s = 9; w'),
    ("repeat = 3", 'rule = "rep"\nhold_s = 2', '32: block 2: hold_s has no meaning with rule = "rep"; write'),
    ('kind = "rest"', 'kind = "baseline"', '18: phase 2 "reference": stands before the rest is measured;'),
    (
        'kind = "relax"',
        'kind = "baseline"',
        '40: phase 5 "baseline": seconds = 4 is too short to measure; wr',
    ),
]


@pytest.mark.parametrize(("old", "new", "told"), PLAIN)
def test_each_is_told_with_its_line_and_what_to_write(old: str, new: str, told: str) -> None:
    told_now = mistakes(changed((old, new)))
    assert [line for line in told_now if line.startswith(f"x.toml: line {told}")], told_now


TAUGHT = [
    (
        ("[shaping]", "[shaping]\ntop_ratio = 1.2"),
        "[shaping]: top_ratio = 1.2 is below ratio = 1.32; write 1",
    ),
    (("hold_s = 3", "hold_s = 3\nratio = 2.5"), "[shaping]: top_ratio = 2 is below ratio = 2.5; write 2.5"),
    (("hold_s = 3", "hold_s = 3\nratio = 0"), "[shaping] needs a ratio; write ratio = 1.32 in [reward], or"),
    (
        ("[shaping]", "[shaping]\nharder_above_pct = 50"),
        "[shaping]: easier_below_pct = 60 is not below harder_above_pct = 50; write less",
    ),
    ((START, 'role = "probe"\n'), "[shaping] needs a start block; write role = "),
    (
        (START, ""),
        'block 5: role = "retest" without a start block to compare with; write one with role = "st',
    ),
    (('"retest"', '"start"'), 'block 5: role = "start" comes after a block with work; write it before that'),
    (
        ("[[block]]\nlabel", f"[[block]]\n{START}label"),
        'block 3: role = "start" stands twice; write role = "r',
    ),
    (('"observe"', '"work"'), 'phase 5 "work": kind = "work" in a start block; write "observe" or "relax"'),
    (('"observe"', '"relax"'), 'block 2: role = "start" without an observe phase; write kind = "observe"'),
    (
        ('"retest"\nrepeat = 5', '"retest"\nrepeat = 4'),
        'block 5: role = "retest" with 4 repetitions; write 5 or more, such as repeat = 5',
    ),
    (
        (WORK, 'kind = "relax"\nseconds = 12'),
        '[feedback]: schedule = "fade" with one block of work, which is',
    ),
    (
        ("[[block]]\n[[block", "[[block]]\nhold_s = 3\n[[block"),
        "block 1: hold_s has no meaning in a block with",
    ),
]


@pytest.mark.parametrize(("change", "told"), TAUGHT)
def test_what_teaches_must_fit_together(change: tuple[str, str], told: str) -> None:
    told_now = mistakes(lesson(change))
    assert [line for line in told_now if told in line], told_now


def test_a_start_block_may_have_a_hold_of_its_own_to_be_scored_by() -> None:
    assert parse_protocol(lesson((START, f"{START}hold_s = 6\n")), "x.toml").phases[4].hold_s == 6.0


def observed(*more: tuple[str, str]) -> str:
    """Return the lesson as one that is only watched."""
    plain = [('"hold"\nhold_s = 3', '"observe"'), ("[shaping]\n", ""), ('"fade"', '"always"')]
    text = lesson(*plain, ("hold_s = 10\n", "")).replace('"work"', '"observe"')
    return changed(*more, text=text)


OBSERVED = [
    (("[feedback]", "[shaping]\n[feedback]"), '[shaping] has no meaning with rule = "observe"; remove it'),
    (('"always"', '"off"'), '[feedback]: schedule = "off" has no meaning with rule = "observe"; remove it'),
    (('"observe"', '"observe"\nstop_after = 2'), "[reward]: stop_after has no meaning with rule = "),
    (('"observe"', '"observe"\nunit_s = 2'), "[reward]: unit_s has no meaning without a hold; remove it"),
    (
        ('muscle = "ql"', 'muscle = "ql"\nceiling = true'),
        "[quiet]: ceiling = true has no meaning with rule =",
    ),
    (("repeat = 4", 'repeat = 4\nrule = "rep"'), "block 3: rule has no meaning where the reward has rule = "),
]


@pytest.mark.parametrize(("change", "told"), OBSERVED)
def test_what_is_only_watched_has_nothing_to_reward(change: tuple[str, str], told: str) -> None:
    assert parse_protocol(observed(), "x.toml").repetitions == 18
    (line,) = mistakes(observed(change))
    assert told in line


def test_an_observed_exercise_observes_and_does_not_work() -> None:
    plain = ('"hold"\nhold_s = 3', '"observe"')
    (line,) = mistakes(changed(plain))
    assert line.startswith(
        'x.toml: line 33: phase 4 "work": a work phase needs rule = "hold" or "rep"; write'
    )
    (line,) = mistakes(changed(plain, ('kind = "work"', 'kind = "relax"')))
    assert line.startswith(
        'x.toml: line 8: [reward]: rule = "observe" without an observe phase; write kind ='
    )
    assert parse_protocol(changed(plain, ('"work"', '"baseline"')), "x.toml").repetitions == 0


def test_a_repetition_has_no_hold_and_needs_a_second() -> None:
    rep = changed(('"hold"\nhold_s = 3', '"rep"'))
    assert parse_protocol(rep, "x.toml").phases[3].rule == "rep"
    (line,) = mistakes(rep.replace("seconds = 8", "seconds = 0.9"))
    assert line.endswith("seconds = 0.9 is too short for a repetition; write 1 or more")
    (line,) = mistakes(rep.replace("repeat = 3", 'repeat = 3\nrule = "hold"'))
    assert line.startswith("x.toml: line 31: block 2: hold_s is missing; write hold_s = 3")
    (line,) = mistakes(rep.replace('rule = "rep"', 'rule = "rep"\nunit_s = 2'))
    assert line.endswith("unit_s has no meaning without a hold; remove it")


def test_an_exercise_of_repetitions_needs_its_references_as_one_of_holds_does() -> None:
    rep = changed(('"hold"\nhold_s = 3', '"rep"'), ('muscle = "vl"', 'muscle = "vmo"'))
    assert 'no reference of "vl" stands before it' in mistakes(rep)[0]


def test_options_have_names_of_their_own() -> None:
    (line,) = mistakes(EXAMPLE + OPTION + OPTION)
    assert line == 'x.toml: line 48: option 2: name = "band" stands twice; write another name'
    (line,) = mistakes(EXAMPLE + OPTION.replace("band", "A band"))
    assert line.startswith('x.toml: line 44: option 1: name = "A band" cannot be used; write small letters')
    (line,) = mistakes(EXAMPLE + OPTION + 'need = ["RES"]\n')
    assert line == "x.toml: line 46: option 1: unknown key need; did you mean needs?"


@pytest.mark.parametrize(
    "change",
    [
        ('muscle = "ql"\n', "muscle = 3\n"),
        ('role = "start"', "role = 3"),
        ('rule = "hold"', 'rule = "hodl"'),
        ("hold_s = 10", 'hold_s = "10"'),
        ('schedule = "fade"', "schedule = 1"),
        ('rivals = ["tfl", "ql"]', 'rivals = ["tfl", "qk"]'),
        ("[shaping]", "[shaping]\ntop_ratio = -1"),
    ],
)
def test_one_mistake_does_not_cause_another(change: tuple[str, str]) -> None:
    assert len(mistakes(lesson(change))) == 1
