"""What the session does while its board is stalled or lost: void, wait, count down, go on."""

import pytest
from run_kit import calibrating, protocol, repetitions
from session_kit import AT_REST, TAUGHT, WORK, Bench

from emgfeedback.values import Command, Quality


def link(state: str, cause: str = "board lost") -> Command:
    return Command(0, "link", {"state": state, "cause": cause})


def test_a_lost_board_voids_the_repetition_waits_and_starts_it_again_after_five_seconds() -> None:
    bench = Bench(protocol(repetitions(2)))
    bench.run(2.0, TAUGHT)
    assert bench.hop([link("lost")], TAUGHT).state == "waiting"
    (void,) = bench.events("repetition")
    assert (void["void"], void["rewarded"], void["repetition"]) == ("board lost", False, 1)
    waiting = bench.run(20.0, TAUGHT)[-1]
    assert (waiting.state, waiting.phase_left_s, waiting.good_s) == ("waiting", 5.0, 0.0)
    bench.hop([link("streaming")], TAUGHT)
    assert bench.run(2.0, TAUGHT)[-1].phase_left_s == pytest.approx(5.0 - 2.02)
    bench.run(3.0, TAUGHT)
    again = bench.ticks[-1]
    assert (again.state, again.phase.kind, again.phase.repetition) == ("running", "work", 1)
    bench.run(10.0, TAUGHT)
    assert bench.events("reward") == [{"repetition": 1}]


def test_a_second_loss_during_the_countdown_waits_for_the_board_again() -> None:
    bench = Bench()
    bench.hop([link("lost"), link("streaming")], TAUGHT)
    bench.run(2.0, TAUGHT)
    bench.hop([link("lost")], TAUGHT)
    assert bench.run(20.0, TAUGHT)[-1].state == "waiting"
    assert len(bench.events("repetition")) == 1


def test_hops_with_lost_samples_do_not_count_down_and_scattered_ones_cannot_stop_the_count() -> None:
    bench = Bench()
    bench.hop([link("stalled"), link("streaming")], TAUGHT)
    bench.run(2.0, TAUGHT, quality=Quality.GAP)
    assert bench.run(2.9, TAUGHT)[-1].phase_left_s == pytest.approx(5.0 - 0.02 - 2.9)
    for _ in range(8):
        bench.run(0.02, TAUGHT, quality=Quality.GAP)
        bench.run(0.3, TAUGHT, quality=Quality.SETTLING)
    assert bench.ticks[-1].state == "running"


def test_a_full_hold_before_the_loss_stays_and_the_session_goes_on_behind_it() -> None:
    bench = Bench(protocol(repetitions(2)))
    bench.run(5.0, TAUGHT)
    bench.hop([link("lost"), link("streaming")], TAUGHT)
    bench.run(5.0, TAUGHT)
    assert bench.events("repetition")[0]["void"] == ""
    assert bench.ticks[-1].phase.kind == "relax"


def test_the_operator_can_go_on_at_once_or_stop_while_waiting() -> None:
    bench = Bench()
    bench.hop([link("lost")], TAUGHT)
    assert bench.hop([Command(0, "resume")], TAUGHT).state == "waiting", "nothing to go on with yet"
    bench.hop([link("streaming")], TAUGHT)
    assert bench.hop([Command(0, "resume")], TAUGHT).state == "running"
    bench.hop([link("lost")], TAUGHT)
    assert bench.hop([Command(0, "stop")], TAUGHT).state == "done"
    assert len(bench.events("repetition")) == 2


def test_a_reference_cut_by_a_loss_is_taken_again_from_its_beginning() -> None:
    bench = Bench(protocol(calibrating(WORK)), calibrated=False)
    bench.run(9.98, AT_REST)
    bench.run(2.0, AT_REST)
    bench.run(2.5, (30.0, 4.0, 4.0))
    bench.hop([link("lost"), link("streaming")], AT_REST)
    bench.run(4.98, AT_REST)
    bench.run(5.0, (100.0, 4.0, 4.0))
    assert bench.events("reference") == [{"muscle": "gmed", "rms_uv": pytest.approx(100.0)}]


def test_a_pause_is_not_disturbed_by_the_link() -> None:
    bench = Bench()
    bench.hop([Command(0, "pause")], TAUGHT)
    assert bench.hop([link("lost"), link("streaming")], TAUGHT).state == "paused"
