"""Which repetitions are seen: schedules, the seeded draw, and what both kinds gave."""

import math

import numpy as np
import pytest

from emgfeedback.training.schedule import SeenAndQuiet, scheduled, seen_and_quiet
from emgfeedback.values import Phase, Protocol


def protocol(schedule: str, *sets: int, role: str = "") -> Protocol:
    """Observed start block, sets of so many repetitions with relax phases, and a probe block at the end."""
    blocks = [("observe", 2, "start"), *(("work", n, role) for n in sets), ("work", 3, "probe")]
    phases, number = [Phase("rest", 10.0, "Rest")], 0
    for block, (kind, n, its_role) in enumerate(blocks, start=1):
        for _ in range(n):
            number += 1
            phases.append(
                Phase(kind, 10.0, "Lift", repetition=number, block=block, role=its_role, hold_s=3.0)
            )
            phases.append(Phase("relax", 10.0, "Ease off", block=block))
    limits = {"min_level_pct": 10.0, "ceiling_pct": None, "sides": "open", "coaching": {}}
    return Protocol("X", "x", tuple(phases), "gmed", ("tfl",), 3.0, 1.32, schedule=schedule, **limits)


def draw(seed: int):
    return lambda block: np.random.default_rng([seed, block])


def told(made: Protocol) -> list[list[str]]:
    """Feedback of the work phases, set by set, without the probe block."""
    works = [phase for phase in made.phases if phase.kind == "work" and phase.role != "probe"]
    return [[p.feedback for p in works if p.block == block] for block in sorted({p.block for p in works})]


def test_fading_shows_100_75_50_25_and_0_percent() -> None:
    sets = told(scheduled(protocol("fade", 8, 8, 8, 8, 8, 8), draw(1)))
    assert [block.count("live") for block in sets] == [8, 6, 4, 2, 0, 0]
    assert {feedback for block in sets for feedback in block} == {"live", "off"}


@pytest.mark.parametrize(("n", "seen"), [(1, [1, 1, 1, 0, 0]), (3, [3, 2, 2, 1, 0]), (10, [10, 8, 5, 3, 0])])
def test_parts_of_a_repetition_are_rounded_to_the_nearest_half_up(n: int, seen: list[int]) -> None:
    sets = told(scheduled(protocol("fade", *[n] * 5), draw(1)))
    assert [block.count("live") for block in sets] == seen


def test_the_same_seed_draws_the_same_repetitions_and_another_seed_others() -> None:
    asked = protocol("fade", 10, 10, 10, 10)
    assert scheduled(asked, draw(7)) == scheduled(asked, draw(7))
    assert len({str(told(scheduled(asked, draw(seed)))) for seed in range(20)}) == 20


def test_every_repetition_of_a_fading_set_is_seen_as_often_as_any_other() -> None:
    asked = protocol("fade", 4, 4, 4)
    shown = np.mean(
        [np.array(told(scheduled(asked, draw(seed)))[2]) == "live" for seed in range(400)], axis=0
    )
    assert np.abs(shown - 0.5).max() < 4 * math.sqrt(0.25 / 400)


def test_a_set_keeps_its_draw_when_another_set_is_made_longer() -> None:
    first, second = (told(scheduled(protocol("fade", n, 8, 8), draw(3))) for n in (8, 5))
    assert first[1:] == second[1:]


def test_each_set_has_a_draw_of_its_own() -> None:
    asked = protocol("fade", *[12] * 4)
    made = told(scheduled(asked, draw(2)))
    shared = told(scheduled(asked, lambda block: np.random.default_rng(2)))
    quarters = [{i for i, feedback in enumerate(block) if feedback == "live"} for block in (made[2], made[3])]
    nested = [
        {i for i, feedback in enumerate(block) if feedback == "live"} for block in (shared[2], shared[3])
    ]
    assert nested[1] < nested[0]
    assert not quarters[1] < quarters[0]


def test_alternate_shows_every_other_repetition_over_all_sets() -> None:
    sets = told(scheduled(protocol("alternate", 3, 4), draw(1)))
    assert sets == [["live", "off", "live"], ["off", "live", "off", "live"]]


@pytest.mark.parametrize(
    ("schedule", "feedback"), [("always", "live"), ("after", "after"), ("off", "off"), ("sham", "sham")]
)
def test_the_other_schedules_are_the_same_throughout(schedule: str, feedback: str) -> None:
    assert told(scheduled(protocol(schedule, 2, 3), draw(1))) == [[feedback] * 2, [feedback] * 3]


@pytest.mark.parametrize("schedule", ["always", "fade", "alternate", "after", "off", "sham"])
@pytest.mark.parametrize("role", ["start", "probe", "retest"])
def test_a_block_with_a_role_has_no_feedback_and_takes_no_step_of_the_schedule(schedule, role) -> None:
    made = scheduled(protocol(schedule, 2, 2, role=role), draw(1))
    assert {phase.feedback for phase in made.phases if phase.kind == "work"} == {"off"}


def test_nothing_but_the_feedback_of_work_phases_changes() -> None:
    asked = protocol("off", 2, 2)
    made = scheduled(asked, draw(1))
    for before, after in zip(asked.phases, made.phases, strict=True):
        same = all(
            getattr(before, name) == getattr(after, name) for name in ("kind", "seconds", "repetition")
        )
        assert same
        assert before.kind == "work" or before == after


def repetition(feedback: str, margin_ln: float | None, role: str = "", void: str = "") -> dict:
    return {"feedback": feedback, "role": role, "margin_median_ln": margin_ln, "void": void}


def test_seen_and_quiet_repetitions_are_told_apart() -> None:
    done = [
        *(repetition("live", margin) for margin in (0.5, 0.7, 0.9)),
        *(repetition("off", margin) for margin in (0.1, 0.2)),
        repetition("after", 0.6),
        repetition("sham", 9.0),
        repetition("off", -9.0, role="start"),
        repetition("off", 9.0, role="probe"),
        repetition("live", 9.0, void="rolled back"),
        repetition("off", None),
    ]
    assert seen_and_quiet(done) == SeenAndQuiet(3, 0.7, 3, 0.2)


def test_without_quiet_repetitions_there_is_no_margin_of_theirs() -> None:
    assert seen_and_quiet([repetition("live", 0.3)]) == SeenAndQuiet(1, 0.3, 0, None)
    assert seen_and_quiet([]) == SeenAndQuiet(0, None, 0, None)
