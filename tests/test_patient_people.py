"""The people of the exercises: one does it right, one improves slowly, and all know other muscles."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from patient_kit import tick

from emgfeedback.sources.patient import MUSCLES, SCRIPTS, Patient
from emgfeedback.sources.patient.script import ALIASES, BYSTANDER
from emgfeedback.values import Phase

GMED, TFL, QL = range(3)
FIXED_LINE, QUIETEST_CEILING = 1.32, 0.20


def given_in(script: str, phase: Phase, seed: int = 0) -> dict[str, float]:
    return dict(SCRIPTS[script].levels("running", phase, seed))


def lift(repetition: int, role: str = "", kind: str = "work") -> Phase:
    return Phase(kind, 10.0, "Lift", repetition=repetition, role=role)


def ratio(levels: dict[str, float]) -> float:
    return levels["gmed"] / max(levels["tfl"], levels["ql"])


@pytest.mark.parametrize(
    ("asked", "answers"), [("qlc", "ql"), ("vmo", "gmed"), ("vl", "tfl"), ("lt", "gmed"), ("ut", "tfl")]
)
@pytest.mark.parametrize("kind", ["reference", "test"])
def test_a_muscle_of_another_montage_is_answered_by_one_of_the_three(
    kind: str, asked: str, answers: str
) -> None:
    levels = given_in("right", Phase(kind, 5.0, "Press", muscle=asked))
    assert levels.pop(answers) == 1.0
    assert set(levels.values()) == {BYSTANDER}


def test_a_contraction_beside_the_montage_moves_none_of_the_three() -> None:
    for muscle in ("brace", "extension"):
        assert set(given_in("right", Phase("test", 5.0, "Brace", muscle=muscle)).values()) == {BYSTANDER}


def test_an_alias_stands_for_a_muscle_the_person_has_and_hides_none() -> None:
    assert set(ALIASES.values()) <= set(MUSCLES)
    assert not set(ALIASES) & set(MUSCLES)


@pytest.mark.parametrize("kind", ["work", "observe"])
def test_a_repetition_is_lifted_for_two_thirds_of_its_phase_and_lowered_again(kind: str) -> None:
    patient = Patient("right", 250.0)
    patient.on_tick(tick(0, 0, kind, repetition=1, rule="rep"))
    gmed = patient.truth(0, 2500)[:, GMED]
    up = np.flatnonzero(gmed > 0.25)
    assert 0.35 < up[0] / 250 < 0.75
    assert np.array_equal(up, np.arange(up[0], up[-1] + 1))
    assert len(up) / 250 == pytest.approx(6.5, abs=0.05)
    assert not gmed[up[-1] + 60 :].any()


@pytest.mark.parametrize("kind", ["work", "observe"])
def test_a_hold_is_held_to_the_end(kind: str) -> None:
    patient = Patient("right", 250.0)
    patient.on_tick(tick(0, 0, kind, repetition=1))
    assert patient.truth(2499, 2500)[0, GMED] == 0.5


def test_a_repetition_that_is_broken_off_is_lowered_at_once() -> None:
    patient = Patient("right", 250.0)
    patient.on_tick(tick(0, 0, "work", repetition=1, rule="rep"))
    patient.on_tick(tick(500, 0, "work", repetition=1, rule="rep", state="locked"))
    assert not patient.truth(500 + 210, 2500).any()


def test_a_rehearsed_repetition_is_lowered_too() -> None:
    patient = Patient("right")
    patient.rehearse([Phase("work", 10.0, "Lift", repetition=1, rule="rep"), Phase("relax", 5.0, "Rest")])
    assert patient.truth(1500, 1501)[0, GMED] == 0.5
    assert not patient.truth(round(250 * (0.45 + 6.5 + 0.25)), 3750).any()


def test_who_does_it_right_stays_under_the_quietest_ceiling_for_a_rival() -> None:
    levels = given_in("right", lift(1))
    assert max(levels["tfl"], levels["ql"]) < 0.6 * QUIETEST_CEILING
    assert ratio(levels) > 2 * FIXED_LINE
    assert levels["gmed"] < 0.6


def test_the_improver_begins_at_0_41_and_stays_there_for_the_whole_start_block() -> None:
    for kind in ("work", "observe"):
        ratios = [ratio(given_in("improver", lift(n, "start", kind), seed=3)) for n in range(1, 200)]
        assert math.exp(np.mean(np.log(ratios))) == pytest.approx(0.41, rel=0.02)
        assert np.std(np.log(ratios)) == pytest.approx(0.04, rel=0.2)


def test_the_improver_gets_better_slowly_and_stays_under_the_fixed_line() -> None:
    ratios = np.array(
        [[ratio(given_in("improver", lift(n), seed)) for n in range(1, 61)] for seed in range(40)]
    )
    mean_ln = np.log(ratios).mean(axis=0)
    assert np.all(np.diff(mean_ln[:20:5]) > 0.05)
    assert mean_ln[0] < math.log(0.5)
    assert mean_ln[-1] == pytest.approx(math.log(0.9), abs=0.03)
    assert ratios.max() < 1.1 < FIXED_LINE


@given(st.integers(1, 300), st.integers(0, 50), st.sampled_from(["", "start", "probe", "retest"]))
def test_the_improver_is_led_by_the_waist_and_works_within_every_gate(n: int, seed: int, role: str) -> None:
    levels = given_in("improver", lift(n, role), seed)
    assert 0.2 < levels["gmed"] < 0.5
    assert 0.2 < levels["tfl"] < 0.9 * levels["ql"] < 0.7
    assert levels == given_in("improver", lift(n, role), seed)
