"""Session and reward: what a hold is, what withholds it, and what reaches the log."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_kit import calibrating, frame, protocol, repetitions, stream
from session_kit import AT_REST, GRID, INFO, REFERENCE_UV, REST_UV, TAUGHT, UNTAUGHT, WORK, Bench, calibration

from emgfeedback.errors import CalibrationError
from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.training.calibration import (
    calibration_from_json,
    calibration_to_json,
    check_chain,
    levels_pct,
)
from emgfeedback.training.dominance import Dominator
from emgfeedback.training.reward import Hold
from emgfeedback.training.session import tailor
from emgfeedback.values import Command, Phase, Quality


def test_a_hold_of_good_time_is_rewarded_once() -> None:
    bench = Bench()
    bench.run(9.9, TAUGHT)
    assert bench.events("reward") == [{"repetition": 1}]
    assert sum(tick.reward.rewarded for tick in bench.ticks) == 1
    first = next(tick for tick in bench.ticks if tick.reward.rewarded)
    assert first.good_s == pytest.approx(3.0)


def test_an_untaught_lift_earns_nothing_and_names_the_waist() -> None:
    bench = Bench()
    bench.run(10.0, UNTAUGHT)
    (done,) = bench.events("repetition")
    assert (done["good_s"], done["rewarded"], done["leader"]) == (0.0, False, "ql")
    assert done["share_median"] == pytest.approx(25 / 115, abs=0.01)
    assert done["margin_median_ln"] == pytest.approx(math.log(25 / 60), abs=0.02)


def test_off_time_pauses_the_hold_and_does_not_empty_it() -> None:
    bench = Bench()
    bench.run(2.5, TAUGHT)
    bench.run(1.5, UNTAUGHT)
    assert not bench.events("reward")
    bench.run(1.2, TAUGHT)
    assert bench.events("reward")


def test_two_seconds_off_in_a_row_end_the_attempt_and_keep_its_time() -> None:
    bench = Bench()
    bench.run(2.5, TAUGHT)
    bench.run(2.4, UNTAUGHT)
    bench.run(2.5, TAUGHT)
    assert bench.ticks[-1].good_s < 2.6
    bench.run(3.0, UNTAUGHT)
    (done,) = bench.events("repetition")
    assert not done["rewarded"]
    assert 4.0 < done["good_s"] < 5.0
    assert 2.0 < done["longest_s"] < 2.6


def test_the_end_of_the_work_phase_ends_the_attempt_and_reports_partial_time() -> None:
    bench = Bench(protocol(repetitions(2, work_s=2.0, relax_s=0.5)))
    bench.run(2.5, TAUGHT)
    bench.run(2.5, TAUGHT)
    assert [done["rewarded"] for done in bench.events("repetition")] == [False, False]
    assert all(1.0 < done["good_s"] <= 2.0 for done in bench.events("repetition"))


@given(goods=st.lists(st.booleans(), max_size=60), goal=st.integers(1, 5), patience=st.integers(1, 4))
def test_a_hold_counts_like_its_definition(goods: list[bool], goal: int, patience: int) -> None:
    hold = Hold(goal, patience)
    given = [hold.add(good) for good in goods]
    collected = off = 0
    expected = []
    for good in goods:
        if any(expected):
            expected.append(False)
            continue
        off = 0 if good else off + 1
        collected = collected + good if off < patience else 0
        expected.append(good and collected == goal)
    assert given == expected


@pytest.mark.parametrize("flag", [flag for flag in Quality])
def test_any_flag_on_a_used_channel_withholds_the_reward_and_says_why(flag: Quality) -> None:
    bench = Bench()
    ticks = bench.run(9.0, TAUGHT, quality=flag)
    assert not any(tick.reward.good or tick.reward.rewarded for tick in ticks)
    assert ticks[-1].reward.withheld == "quality:tfl"
    assert not ticks[-1].dominance.measurable
    assert {"tfl": [flag.name.lower()]} in bench.events("quality")


@pytest.mark.parametrize(
    ("envelope_uv", "why"),
    [
        ((2.5, 0.0, 0.0), "gate"),
        ((9.0, 2.0, 2.0), "gate"),
        ((12.0, 2.0, 2.0), ""),
        ((60.0, 20.0, 55.0), "ratio"),
        ((60.0, 55.0, 20.0), "ratio"),
        (TAUGHT, ""),
    ],
)
def test_gate_and_ratio_are_both_needed(envelope_uv: tuple, why: str) -> None:
    bench = Bench()
    assert bench.run(3.0, envelope_uv)[-1].reward.withheld == why


def test_effort_over_the_ceiling_is_not_good() -> None:
    bench = Bench(protocol([WORK], ceiling_pct=50.0))
    assert bench.run(2.0, (60.0, 2.0, 2.0))[-1].reward.withheld == "ceiling"
    assert bench.run(2.0, (40.0, 2.0, 2.0))[-1].reward.good


def test_an_observe_phase_counts_good_time_and_rewards_nothing() -> None:
    bench = Bench(protocol([Phase("observe", 6.0, "Watch", repetition=1)]))
    bench.run(6.0, TAUGHT)
    (done,) = bench.events("repetition")
    assert (done["rewarded"], bench.events("reward")) == (False, [])
    assert done["good_s"] == pytest.approx(done["longest_s"])
    assert done["good_s"] > 5.0


def test_without_a_calibration_nothing_is_good_and_levels_are_unknown() -> None:
    bench = Bench(calibrated=False)
    tick = bench.run(5.0, TAUGHT)[-1]
    assert np.isnan(tick.level_pct).all()
    assert tick.reward.withheld == "uncalibrated"


def test_pause_freezes_the_phase_and_the_hold() -> None:
    bench = Bench()
    before = bench.run(1.0, TAUGHT)[-1]
    bench.hop([Command(0, "pause")], TAUGHT)
    paused = bench.run(5.0, TAUGHT)[-1]
    assert (paused.state, paused.phase_left_s, paused.good_s) == (
        "paused",
        before.phase_left_s,
        before.good_s,
    )
    resumed = bench.hop([Command(0, "resume")], TAUGHT)
    assert resumed.phase_left_s == pytest.approx(before.phase_left_s - 0.02)


def test_skip_leaves_the_phase_and_reports_it_and_stop_ends_all() -> None:
    bench = Bench(protocol(repetitions(2)))
    bench.run(1.0, TAUGHT)
    assert bench.hop([Command(0, "skip")]).phase.kind == "relax"
    bench.hop([Command(0, "skip")])
    bench.run(1.0, TAUGHT)
    assert bench.hop([Command(0, "stop")]).state == "done"
    assert bench.session.finished
    assert [done["repetition"] for done in bench.events("repetition")] == [1, 2]


def test_a_changed_line_is_an_event_with_a_cause_and_the_fixed_line_is_scored_beside_it() -> None:
    bench = Bench()
    bench.hop([Command(0, "ratio", {"ratio": 5.0})], TAUGHT)
    bench.run(10.0, TAUGHT)
    assert bench.events("ratio") == [{"from": 1.32, "to": 5.0, "cause": "operator"}]
    (done,) = bench.events("repetition")
    assert done["good_s"] == 0.0
    assert done["fixed_line_s"] > 9.0


@pytest.mark.parametrize("data", [{}, {"ratio": 0.0}, {"ratio": math.nan}, {"ratio": 1e9}])
def test_a_line_that_makes_no_sense_is_logged_and_not_taken(data: dict) -> None:
    bench = Bench()
    bench.hop([Command(0, "ratio", data)])
    assert bench.session.ratio == 1.32
    assert bench.events("command")[-1]["kind"] == "ratio"


def test_every_obeyed_command_is_an_event_with_its_sample() -> None:
    bench = Bench()
    bench.hop([Command(0, "mark", {"text": "leg further back"})])
    event = bench.ticks[-1].events[0]
    assert (event.sample, event.kind) == (10, "command")
    assert event.data == {"kind": "mark", "data": {"text": "leg further back"}}


def test_phases_last_whole_hops_and_start_where_the_one_before_ended() -> None:
    bench = Bench(protocol(repetitions(2, work_s=2.0, relax_s=1.0)))
    bench.run(5.98, AT_REST)
    assert [done["start_s"] for done in bench.events("repetition")] == [0.0, 3.0]
    assert bench.session.finished


def test_a_gap_is_one_event_with_its_length() -> None:
    bench = Bench()
    bench.run(1.0, TAUGHT)
    bench.run(2.0, (math.nan,) * 3, Quality.GAP)
    for tick in bench.ticks[-100:]:
        assert not tick.reward.good
    lost = [frame(5 * (len(bench.ticks) + 1 + i), (math.nan,) * 3, (Quality.GAP,) * 3) for i in range(100)]
    ticks = [bench.session.step(one, ()) for one in lost]
    back = bench.session.step(frame(lost[-1].end_sample + 5, TAUGHT), ())
    (gap,) = [event for event in back.events if event.kind == "gap"]
    assert gap.data["missing_s"] == pytest.approx(2.0)
    assert not any(tick.reward.good for tick in ticks)


def test_levels_take_rest_out_in_power_and_are_not_clipped() -> None:
    levels = levels_pct(np.array([2.0, 100.0, 150.0]), calibration())
    assert levels[0] == 0.0
    assert levels[1] == pytest.approx(100.0)
    assert levels[2] == pytest.approx(100 * math.sqrt((150**2 - 4) / (100**2 - 4)))


def test_a_calibration_survives_json_exactly() -> None:
    before = calibration(2.0 / 3, 100 / 7)
    after = calibration_from_json(calibration_to_json(before))
    assert calibration_to_json(after) == calibration_to_json(before)
    assert after.rest_uv.tobytes() == before.rest_uv.tobytes()


def test_a_calibration_of_another_chain_is_refused_with_what_differs() -> None:
    with pytest.raises(CalibrationError, match=r"fs_hz was 250\.0 and is 1000\.0"):
        check_chain(calibration(), stream(1000.0), grid_for(250.0, trunk=False))


def test_the_session_calibrates_itself_from_rest_and_references() -> None:
    bench = Bench(protocol(calibrating(WORK)), calibrated=False)
    bench.run(9.98, AT_REST)
    for i in range(3):
        bench.run(2.0, AT_REST)
        bench.run(5.0, [100.0 if c == i else 4.0 for c in range(3)])
    made = calibration_from_json(bench.events("calibration")[0])
    assert made.rest_uv == pytest.approx(REST_UV)
    assert made.reference_uv == pytest.approx(REFERENCE_UV)
    assert bench.session.setup.rest_power_uv2 == pytest.approx((4.0,) * 3)


def test_a_weak_reference_is_refused_with_a_sentence_and_there_is_no_reward() -> None:
    bench = Bench(protocol(calibrating(WORK)), calibrated=False)
    bench.run(9.98, AT_REST)
    for i in range(3):
        bench.run(2.0, AT_REST)
        bench.run(5.0, [7.0 if c == i else 2.0 for c in range(3)])
    assert "gmed reached 3.5 times its rest level" in bench.events("calibration")[0]["refused"]
    bench.run(3.0, AT_REST)
    assert not any(tick.reward.good for tick in bench.run(9.0, TAUGHT))


def test_dominance_names_the_leader_and_its_bounds_hold_the_value() -> None:
    judge = Dominator(INFO, GRID, calibration())
    for envelope, leader in ((TAUGHT, "gmed"), (UNTAUGHT, "ql"), ((25.0, 60.0, 30.0), "tfl")):
        who = judge(np.array(envelope))
        assert who.leader == leader
        assert who.share_low < who.share < who.share_high
        assert who.margin_low_ln < who.margin_ln
        others = [value for value in envelope[1:]]
        assert who.margin_ln == pytest.approx(math.log(envelope[0] / max(others)), abs=0.02)


def test_nothing_is_measured_while_every_muscle_rests() -> None:
    who = Dominator(INFO, GRID, calibration())(np.array(AT_REST))
    assert not who.measurable
    assert who.leader == ""
    assert math.isnan(who.share)


def test_a_silent_rival_gives_no_ratio_but_a_bound_and_never_blows_up() -> None:
    who = Dominator(INFO, GRID, calibration())(np.array([60.0, 0.0, 0.0]))
    assert who.share == pytest.approx(1.0)
    assert math.isnan(who.margin_ln)
    assert math.log(1.32) < who.margin_low_ln < math.log(60 / 1)
    bench = Bench()
    bench.run(10.0, (60.0, 0.0, 0.0))
    assert bench.events("repetition")[0]["margin_median_ln"] is None


def test_the_drawn_level_is_that_of_the_display_estimator() -> None:
    bench = Bench()
    assert bench.hop((), TAUGHT).display_pct is None
    shown = replace(frame(20, TAUGHT), display_uv=np.array([100.0, 2.0, 51.0]))
    tick = bench.session.step(shown, ())
    assert tick.display_pct == pytest.approx(levels_pct(shown.display_uv, calibration()))
    assert tick.level_pct[0] == pytest.approx(60, abs=0.1)


def test_one_rival_is_enough_and_others_are_only_watched() -> None:
    info = stream(muscles=("gmed", "tfl"))
    exercise = tailor(protocol(calibrating(WORK)), info, calibrated=False)
    assert exercise.rivals == ("tfl",)
    assert [phase.muscle for phase in exercise.phases if phase.kind == "reference"] == ["gmed", "tfl"]
