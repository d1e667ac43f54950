"""Simulated people in the exercises: the right one is rewarded, a cheat is named, silence is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from people_kit import (
    MOST_REPEATS,
    PEOPLE,
    PROTOCOLS,
    RATES,
    Row,
    Witness,
    complaints,
    exercise_job,
    montage_of,
    people_for,
    read,
    shortened,
    told,
)
from run_kit import Ticks
from truth_kit import benchmark

from emgfeedback.values import Event, Phase, Protocol, Reward, Shaping, Tick

people = benchmark("people")
FILES = {path.stem: path for path in PROTOCOLS}
SAMPLE = ("clamshell", "crab-walk", "mirror-one-leg-stance", "ten-by-ten")
"""Repetitions, steps, an exercise that is only watched, and one without a ratio."""
GOOD = Row("T", 250.0, "right", True, True, 10, 10, 10, 10, 10, 10, "gmed", 0)
CHEAT = replace(GOOD, person="cheat-ql", met=0, fixed=0, rewarded=0, leader="ql")
REST = replace(CHEAT, person="rest", leader="")
IMPROVER = replace(CHEAT, person="improver", met=8, rewarded=8)


def exercise(*blocks: list[Phase], rivals: tuple[str, ...] = ("tfl", "ql"), **changes: object) -> Protocol:
    """Rest, one reference per muscle, then blocks of phases, numbered from 2."""
    target = str(changes.pop("target", "gmed"))
    phases = [Phase("rest", 8, "Rest", block=1)]
    for muscle in (target, *rivals):
        phases += [
            Phase("relax", 2, "Ready", block=1),
            Phase("reference", 5, "Press", muscle=muscle, block=1),
        ]
    for number, block in enumerate(blocks, start=2):
        for phase in block:
            repetition = 1 + sum(done.repetition > 0 for done in phases)
            counts = phase.kind in ("work", "observe")
            phases.append(replace(phase, block=number, repetition=repetition if counts else 0))
    made = Protocol("T", "Test", tuple(phases), target, rivals, 2.0, 1.32, 10.0, None, "open", {})
    return replace(made, **changes)  # type: ignore[arg-type]


def repeated(n: int, kind: str = "work", seconds: float = 5.0, **asked: object) -> list[Phase]:
    return [Phase(kind, seconds, "Lift", **asked), Phase("relax", 2, "Rest")] * n  # type: ignore[arg-type]


SHAPED = exercise(
    repeated(5, "observe", role="start"),
    repeated(5),
    repeated(5),
    repeated(2, role="probe"),
    shaping=Shaping(),
)


def judged(asked: Protocol, person: str, fs_hz: float, most_repeats: int) -> list[str]:
    row = told(shortened(asked, most_repeats), person, fs_hz)
    return [f"{row}: {text}" for text in complaints(row, asked)]


def everybody(asked: Protocol, fs_hz: float = 250.0, most_repeats: int = MOST_REPEATS) -> list[str]:
    """What the program did wrong with any of the people."""
    return [line for person in people_for(asked) for line in judged(asked, person, fs_hz, most_repeats)]


@pytest.mark.parametrize("slug", SAMPLE)
def test_a_sample_of_exercises_treats_everybody_as_it_should(slug: str) -> None:
    assert not everybody(read(FILES[slug]), most_repeats=1)


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("fs_hz", RATES)
@pytest.mark.parametrize("slug", FILES)
def test_every_exercise_treats_everybody_as_it_should_at_every_rate(slug: str, fs_hz: float) -> None:
    assert not everybody(read(FILES[slug]), fs_hz, most_repeats=2)


def test_the_improver_is_rewarded_for_beating_its_own_start_and_not_by_the_fixed_line() -> None:
    row = told(SHAPED, "improver", 250.0)
    assert not complaints(row, SHAPED)
    assert (row.work, row.seen, row.fixed) == (12, 10, 0)
    assert row.rewarded >= 5


def test_without_shaping_the_improver_is_not_rewarded() -> None:
    row = told(replace(SHAPED, shaping=None), "improver", 250.0)
    assert (row.rewarded, row.met) == (0, 0)


@pytest.mark.parametrize("schedule", ["after", "alternate", "off"])
def test_every_schedule_of_feedback_keeps_its_silence(schedule: str) -> None:
    asked = exercise(repeated(2, "observe"), repeated(4), schedule=schedule)
    row = told(asked, "right", 250.0)
    assert not complaints(row, asked)
    assert row.met == 4
    assert row.rewarded == row.seen == {"after": 4, "alternate": 2, "off": 0}[schedule]


def test_repetitions_are_counted_in_steps_only_while_the_leg_stands() -> None:
    asked = exercise(repeated(3, rule="rep"), rivals=("tfl", "qlc"), sides="step")
    assert told(asked, "right", 250.0).rewarded == 3
    job = exercise_job(asked, "right", 250.0)
    unmarked = job.run([Witness(job, steps=False)])
    assert [one["met"] for one in unmarked.repetitions] == [False] * 3


def test_other_muscles_take_the_places_of_the_three() -> None:
    knee = exercise(repeated(2), target="vmo", rivals=("vl",))
    assert montage_of(knee) == {"vmo": "gmed", "vl": "tfl"}
    assert set(PEOPLE) - set(people_for(knee)) == {"cheat-ql"}
    assert [told(knee, person, 250.0).leader for person in ("right", "cheat-tfl")] == ["vmo", "vl"]


def test_a_quiet_rival_is_asked_for_by_a_ceiling_and_not_by_the_ratio() -> None:
    asked = exercise(repeated(3), ratio=0.0, rival_ceiling_pct={"tfl": 25.0})
    rows = [told(asked, person, 250.0) for person in ("right", "cheat-tfl", "cheat-ql")]
    assert [row.rewarded for row in rows] == [3, 0, 3]
    assert not [text for row in rows for text in complaints(row, asked)]


def test_a_shortened_exercise_keeps_its_blocks_and_counts_anew() -> None:
    long = exercise(repeated(9, role="start"), repeated(9), [Phase("relax", 60, "Rest"), *repeated(7)])
    short = shortened(long)
    pauses_s = sum(phase.seconds for phase in short.phases if phase.kind == "relax")
    assert pauses_s == 3 * 2 + 9 * 2 + 6 * 2 + 3 + 7 * 2
    counted = [(phase.block, phase.role, phase.repetition) for phase in short.phases if phase.repetition]
    started = [(2, "start", n) for n in range(1, 10)]
    assert counted == started + [(3, "", n) for n in range(10, 16)] + [(4, "", n) for n in range(16, 23)]
    assert shortened(SHAPED) == SHAPED


@pytest.mark.parametrize("row", [GOOD, CHEAT, replace(CHEAT, person="cheat-tfl", leader="tfl"), REST])
def test_nothing_is_said_against_a_row_that_is_as_it_should_be(row: Row) -> None:
    assert not complaints(row, SHAPED)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (replace(GOOD, finished=False), "did not reach its end"),
        (replace(GOOD, calibrated=False), "not calibrated"),
        (replace(GOOD, leaks=1), "feedback in 1 hops"),
        (replace(GOOD, rewarded=8), "80 % rewarded"),
        (replace(GOOD, seen=0, rewarded=0, met=8), "80 % rewarded"),
        (replace(GOOD, leader="tfl"), "tfl named"),
        (replace(CHEAT, rewarded=1), "10 % rewarded"),
        (replace(CHEAT, fixed=1), "fixed line met 1 times"),
        (replace(CHEAT, leader="gmed"), "gmed named"),
        (replace(CHEAT, person="cheat-tfl"), "ql named"),
        (replace(REST, rewarded=1), "10 % rewarded"),
        (replace(REST, seen=0, met=1), "10 % rewarded"),
        (replace(IMPROVER, rewarded=0), "never rewarded"),
        (replace(IMPROVER, fixed=1), "fixed line met 1 times"),
    ],
)
def test_what_goes_wrong_is_said(row: Row, says: str) -> None:
    assert any(says in text for text in complaints(row, SHAPED))


def test_without_references_nobody_is_expected_to_lead() -> None:
    peaks = replace(SHAPED, phases=tuple(p for p in SHAPED.phases if p.kind != "reference"))
    assert not complaints(replace(GOOD, leader="tfl"), peaks)
    assert not complaints(replace(REST, calibrated=False), peaks)


def test_the_improver_may_not_be_rewarded_at_the_fixed_line() -> None:
    assert not complaints(IMPROVER, SHAPED)
    assert complaints(IMPROVER, replace(SHAPED, shaping=None)) == ["80 % rewarded"]


@pytest.fixture(scope="module")
def probe_tick() -> Tick:
    """The last tick of a probe that is done right."""
    ticks = Ticks()
    exercise_job(exercise(repeated(1, role="probe")), "right", 250.0).run([ticks])
    return next(tick for tick in reversed(ticks) if tick.phase.role == "probe")


@pytest.mark.parametrize(
    "leak",
    [
        {"reward": Reward(True, True)},
        {"good_s": 0.1},
        {"events": (Event(1, "reward", {}),)},
        {"events": (Event(1, "unit", {}),)},
    ],
    ids=["rewarded", "good time", "reward event", "unit event"],
)
def test_a_leak_of_any_kind_is_counted(probe_tick: Tick, leak: dict) -> None:
    witness = Witness(exercise_job(SHAPED, "right", 250.0), steps=False)
    witness.on_tick(probe_tick)
    assert witness.leaks == 0
    witness.on_tick(replace(probe_tick, **leak))
    witness.on_tick(replace(probe_tick, phase=replace(probe_tick.phase, role="", feedback="live"), **leak))
    assert witness.leaks == 1


def test_the_table_shows_one_number_where_all_rates_agree() -> None:
    rows = [GOOD, replace(GOOD, fs_hz=125.0), replace(GOOD, fs_hz=1000.0, rewarded=9, leader="tfl"), CHEAT]
    right, cheat = people.merged(rows)
    assert right == [
        "T",
        "125 / 250 / 1000",
        "right",
        "10",
        "100 / 100 / 90",
        "gmed / gmed / tfl",
        "100",
        "0",
    ]
    assert cheat == ["T", "250", "cheat-ql", "10", "0", "ql", "0", "0"]
    watched = people.cells(replace(REST, work=0, seen=0))
    assert watched[4:] == ["–", "nobody", "–", "0"]


def test_only_what_stands_between_the_markers_is_written_anew() -> None:
    page = people.PAGE.read_text(encoding="utf-8")
    once = people.written(page, "| a |")
    assert people.written(once, "| b |") == once.replace("| a |", "| b |") != once
    assert once.partition("| a |")[0] == page.partition(people.BEGIN)[0] + people.BEGIN + "\n"
    assert once.partition(people.END)[2] == page.partition(people.END)[2] != ""


def test_the_page_calls_the_table_what_it_is() -> None:
    page = people.PAGE.read_text(encoding="utf-8")
    assert "a test of the program, not of the therapy" in page.partition(people.BEGIN)[0]
    assert all(f"`{person}`" in page for person in PEOPLE)


def test_every_exercise_stands_in_the_table() -> None:
    page = people.PAGE.read_text(encoding="utf-8").partition(people.BEGIN)[2]
    assert not [path.stem for path in PROTOCOLS if f"| {read(path).id} |" not in page]
