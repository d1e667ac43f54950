"""Pain, vetoes and permissions inside a session."""

import pytest
from run_kit import protocol, repetitions
from session_kit import AT_REST, TAUGHT, TODAY, UNTAUGHT, Bench

from emgfeedback.training.permissions import LOCKED, Grant, Limits, no_limits, unlock
from emgfeedback.values import Command, Phase

FREE = no_limits("A. Smith", TODAY)
NEEDS = protocol(repetitions(2), needs=("ABD", "RES"))
GRANT = {"who": "A. Smith", "why": "week 9", "until": "2026-12-01"}


def test_pain_stops_everything_until_a_clinician_has_looked() -> None:
    bench = Bench(protocol(repetitions(2)))
    bench.run(2.0, TAUGHT)
    assert bench.command("pain").state == "locked"
    for asked in ("start", "resume", "skip", "pause", "repeat"):
        assert bench.command(asked).state == "locked"
    bench.command("pain", score=6)
    assert bench.run(60.0, TAUGHT)[-1].state == "locked"
    assert [event["score"] for event in bench.events("pain")] == [None, 6.0]
    assert bench.command("acknowledge").state == "locked", "nobody said who"
    assert bench.command("acknowledge", who="A. Smith").state == "paused"
    assert bench.command("resume").phase.repetition == 1
    done = bench.run(10.5, TAUGHT)
    assert any(tick.reward.rewarded for tick in done)
    assert [event["void"] for event in bench.events("repetition")] == ["pain", ""]


def test_pain_may_come_before_the_start_and_while_the_board_is_lost() -> None:
    bench = Bench(protocol(repetitions(1)))
    bench.run(1.0, TAUGHT)
    bench.command("link", state="lost")
    assert bench.command("pain").state == "locked"
    bench.command("acknowledge", who="A. Smith")
    assert bench.command("resume").phase.repetition == 1


def test_after_pain_the_phase_may_be_skipped_and_the_session_stopped() -> None:
    bench = Bench(protocol(repetitions(2)))
    bench.run(1.0, TAUGHT)
    bench.command("pain")
    bench.command("acknowledge", who="A. Smith")
    bench.command("skip")
    assert bench.command("resume").phase.kind == "relax"
    bench.command("pain")
    assert bench.command("stop").state == "done"


@pytest.mark.parametrize("score", [11, -1, "a lot", None, True, float("nan")])
def test_a_score_that_is_none_is_not_kept(score: object) -> None:
    bench = Bench()
    bench.command("pain", score=score)
    assert bench.events("pain") == [{"score": None}]


def test_a_veto_voids_the_running_repetition_and_takes_its_reward() -> None:
    bench = Bench(protocol(repetitions(2)))
    bench.run(1.0, TAUGHT)
    bench.command("veto", why="rolled back")
    ticks = bench.run(9.5, TAUGHT)
    assert not any(tick.reward.rewarded for tick in ticks)
    (done,) = bench.events("repetition")
    assert (done["void"], done["rewarded"]) == ("veto: rolled back", False)


def test_a_veto_in_mid_repetition_can_be_taken_back_after_it() -> None:
    bench = Bench(protocol(repetitions(2)))
    bench.run(1.0, TAUGHT)
    bench.command("veto", why="rolled back")
    bench.run(9.5, TAUGHT)
    bench.command("veto", repetition=1, undo=True)
    bench.command("veto", repetition=1, undo=True)
    assert [(event["repetition"], event["undo"]) for event in bench.events("veto")] == [(1, False), (1, True)]


def test_a_veto_after_the_fact_names_the_last_repetition_or_an_earlier_one() -> None:
    bench = Bench(protocol(repetitions(3)))
    bench.run(28.0, TAUGHT)
    bench.run(10.0, AT_REST)
    bench.command("veto", why="leaned")
    bench.command("veto", repetition=1, why="hip flexed")
    bench.command("veto", repetition=1, why="hip flexed", undo=True)
    bench.command("veto", repetition=17, why="leaned")
    told = [(event["repetition"], event["undo"]) for event in bench.events("veto")]
    assert told == [(3, False), (1, False), (1, True)]


def test_a_repetition_void_by_the_board_is_not_made_whole_by_undoing_a_veto() -> None:
    bench = Bench(protocol(repetitions(2)))
    bench.run(1.0, TAUGHT)
    bench.command("link", state="lost")
    bench.command("veto", repetition=1, undo=True)
    assert bench.events("veto") == []


def test_work_that_is_not_permitted_passes_without_being_asked_for() -> None:
    bench = Bench(NEEDS, limits=Limits(unlock(LOCKED, Grant(key="ABD", **GRANT))))
    ticks = bench.run(30.0, TAUGHT)
    assert {tick.reward.withheld for tick in ticks if tick.phase.kind == "work"} == {"locked"}
    assert not any(tick.reward.rewarded for tick in ticks)
    assert bench.events("repetition") == []
    assert bench.events("locked")[0]["missing"] == ["RES"]


def test_an_unlock_with_who_why_and_until_opens_the_phase_it_was_missing_for() -> None:
    bench = Bench(NEEDS, limits=Limits(unlock(LOCKED, Grant(key="ABD", **GRANT))))
    bench.run(2.0, TAUGHT)
    bench.command("unlock", key="RES", **GRANT)
    assert any(tick.reward.rewarded for tick in bench.run(10.0, TAUGHT))
    assert bench.events("unlock") == [{"key": "RES", **GRANT, "leg": "trained"}]


@pytest.mark.parametrize(
    "wrong", [{"who": ""}, {"until": "2026-11-19"}, {"until": "soon"}, {"key": "JUMP"}, {"why": ""}]
)
def test_an_unlock_that_lacks_something_opens_nothing(wrong: dict) -> None:
    bench = Bench(NEEDS, limits=Limits(unlock(LOCKED, Grant(key="ABD", **GRANT))))
    bench.command("unlock", **{"key": "RES", **GRANT, **wrong})
    assert not any(tick.reward.good for tick in bench.run(9.0, TAUGHT))
    assert bench.events("unlock")[0]["refused"]


def test_the_other_leg_has_its_own_permissions() -> None:
    other = protocol(repetitions(1), other_needs=("LONG",))
    bench = Bench(other, limits=Limits(FREE, LOCKED))
    assert bench.run(2.0, TAUGHT)[-1].reward.withheld == "locked"
    bench.command("unlock", key="LONG", leg="other", **GRANT)
    assert any(tick.reward.good for tick in bench.run(2.0, TAUGHT))


def test_a_reference_that_is_locked_is_left_out_and_the_session_peak_takes_its_place() -> None:
    phases = [
        Phase("rest", 10, "Rest"),
        Phase("reference", 5, "Press", muscle="gmed", needs=("RES",)),
        Phase("reference", 5, "Press", muscle="tfl", needs=("FLEX",)),
        Phase("reference", 5, "Hike", muscle="ql"),
        *repetitions(2),
    ]
    limits = Limits(unlock(LOCKED, Grant(key="RES", **GRANT)))
    bench = Bench(protocol(phases), calibrated=False, limits=limits)
    bench.run(10.0, AT_REST)
    bench.run(10.0, (100.0, 100.0, 100.0))
    bench.run(13.0, TAUGHT)
    assert [event["muscle"] for event in bench.events("locked")] == ["tfl"]
    assert bench.events("calibration")[-1]["reference_kind"] == "session_peak"


def test_a_protected_stage_has_a_ceiling_and_effort_over_it_is_not_rewarded() -> None:
    protected = Limits(no_limits("A. Smith", TODAY).__class__(FREE.grants, "full", "S0"), FREE)
    bench = Bench(protocol(repetitions(1)), limits=protected)
    assert bench.events("ceiling") == [{"pct": 120.0, "cause": "protected stage"}]
    ticks = bench.run(5.0, (130.0, 20.0, 20.0))
    assert ticks[-1].reward.withheld == "ceiling"


def test_a_command_of_nonsense_changes_nothing() -> None:
    bench, calm = (Bench(protocol(repetitions(1))) for _ in range(2))
    wrong = {"repetition": "x", "names": 3, "level": "x", "ratio": "x", "index": 2.5, "leg": 7}
    for kind in ("veto", "unlock", "tweak", "helps", "acknowledge", "ratio", "repeat", "no such command"):
        for data in ({}, wrong):
            bench.hop([Command(0, kind, data)])
            calm.hop()
    bench.command("veto", undo=True)
    calm.hop()
    assert [t.reward for t in bench.run(4.0, TAUGHT)] == [t.reward for t in calm.run(4.0, TAUGHT)]


def test_untaught_people_are_not_rewarded_by_being_unlocked() -> None:
    bench = Bench(NEEDS, limits=Limits(FREE, FREE))
    assert not any(tick.reward.rewarded for tick in bench.run(26.0, UNTAUGHT))
