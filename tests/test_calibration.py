"""Calibration that can be trusted: what is rest, which trial counts, what may be said, when it dies."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from run_kit import calibrating, frame, protocol, stream
from session_kit import AT_REST, GRID, INFO, REST_UV, TAUGHT, WORK, Bench
from session_kit import calibration as given_calibration

from emgfeedback.errors import CalibrationError
from emgfeedback.processing.bandwidth import grid_for, statistical_bandwidth_hz
from emgfeedback.training.calibration import (
    Calibrator,
    SessionPeak,
    calibration_from_json,
    calibration_to_json,
    chain_of,
    check_calibration,
)
from emgfeedback.training.claims import change_from_start, claims, student_975
from emgfeedback.training.session import Session
from emgfeedback.values import Command, Frame, Phase

DATED = replace(given_calibration(), made_at="2026-11-20T09:30:00+01:00")


def press(muscle: int, rms_uv: float = 100.0) -> list[float]:
    return [rms_uv if i == muscle else 4.0 for i in range(3)]


def hops(levels_uv: Sequence[float], lag_uv2: np.ndarray | None = None) -> list[Frame]:
    made = [frame(5 * (i + 1), (level,) * 3) for i, level in enumerate(levels_uv)]
    return [replace(one, lag_uv2=lag_uv2) for one in made]


def rested(levels_uv: Sequence[float], lag_uv2: np.ndarray | None = None) -> Calibrator:
    calibrator = Calibrator(INFO, GRID)
    for one in hops(levels_uv, lag_uv2):
        calibrator.add_rest(one)
    return calibrator


def tried(calibrator: Calibrator, levels_uv: Sequence[float], lag_uv2: np.ndarray | None = None) -> None:
    for muscle in ("gmed", "tfl", "ql"):
        for one in hops(levels_uv, lag_uv2):
            calibrator.add_reference(one, muscle)
        calibrator.end_reference(muscle)


def noise(level_uv: float, n: int, seed: int = 1) -> np.ndarray:
    """Windows of a resting muscle: the envelope of Gaussian noise scatters by 12 % at 250 Hz."""
    return level_uv * (1 + 0.12 * np.random.default_rng(seed).standard_normal(n))


def test_plain_noise_is_rest_at_any_seed() -> None:
    assert not [seed for seed in range(200) if rested(noise(2.0, 500, seed)).rest_doubt()]


def test_a_rest_with_a_move_in_it_is_refused_and_the_lowest_fifth_is_never_the_level() -> None:
    moved = np.concatenate([noise(2.0, 450), np.full(50, 15.0)])
    doubt = rested(moved).rest_doubt()
    assert "gmed was restless, 5.1 µV on average and 1." in doubt
    assert rested(moved).rest_power_uv2()[0] == pytest.approx(np.mean(moved**2))


def test_a_steadily_tense_muscle_is_no_rest_either() -> None:
    assert "gmed stays at 40.0 µV, at most 30 µV is rest" in rested([40.0] * 200).rest_doubt()


def test_too_little_clean_rest_is_said_with_its_seconds() -> None:
    assert "was clean for 1.0 s, 2 s are needed" in rested([2.0] * 50).rest_doubt()


def test_a_session_asks_for_the_rest_again_and_calibrates_once_it_was_one() -> None:
    bench = Bench(protocol(calibrating(WORK)), calibrated=False)
    bench.run(8.0, AT_REST)
    bench.run(2.1, (30.0,) * 3)
    (asked,) = bench.events("calibration")
    assert "restless" in asked["refused"]
    assert (asked["repeat"], asked["index"]) == (True, 0)
    assert bench.session.setup.rest_power_uv2 == ()
    bench.hop([Command(0, "repeat")], AT_REST)
    assert bench.ticks[-1].phase.kind == "rest"
    bench.run(10.0, AT_REST)
    assert bench.ticks[-1].phase.kind == "relax"
    for i in range(3):
        bench.run(2.0, AT_REST)
        bench.run(5.0, press(i))
    bench.run(1.0, AT_REST)
    made = calibration_from_json(bench.events("calibration")[-1])
    assert made.rest_uv == pytest.approx(REST_UV)


def test_a_rest_that_is_done_again_later_makes_a_new_calibration_and_the_work_goes_on() -> None:
    bench = Bench(protocol(calibrating(WORK)), calibrated=False)
    bench.run(10.0, AT_REST)
    for i in range(3):
        bench.run(2.0, AT_REST)
        bench.run(5.0, press(i))
    bench.run(5.0, AT_REST)
    assert bench.ticks[-1].phase.kind == "work"
    bench.hop([Command(0, "repeat", {"index": 0})], (3.0,) * 3)
    assert bench.events("repetition")[-1]["void"] == "repeat"
    bench.run(10.0, (3.0,) * 3)
    assert bench.ticks[-1].phase.kind == "work"
    made = [calibration_from_json(data) for data in bench.events("calibration")]
    assert [one.rest_uv[0] for one in made] == pytest.approx([2.0, 3.0])


@pytest.mark.parametrize("index", [-1, 1, 99, None, "rest"])
def test_only_a_phase_of_the_set_up_that_was_begun_can_be_done_again(index: object) -> None:
    bench = Bench(protocol(calibrating(WORK)), calibrated=False)
    bench.run(11.0, AT_REST)
    assert bench.hop([Command(0, "repeat", {"index": index})]).phase.kind == "relax"


def test_the_best_trial_counts_and_two_that_lie_apart_ask_for_another() -> None:
    bench = Bench(protocol(calibrating(WORK)), calibrated=False)
    bench.run(10.0, AT_REST)
    bench.run(2.0, AT_REST)
    bench.run(5.0, press(0, 80.0))
    bench.hop([Command(0, "repeat", {"index": 2})], AT_REST)
    bench.run(5.0, press(0, 100.0))
    (asked,) = bench.events("trial")
    assert asked == {"muscle": "gmed", "rms_uv": 100.0, "spread_pct": pytest.approx(20.0), **asked}
    assert (asked["repeat"], asked["index"]) == (True, 2)
    bench.hop([Command(0, "repeat")], AT_REST)
    bench.run(5.0, press(0, 93.0))
    assert len(bench.events("trial")) == 1


def test_only_the_middle_three_seconds_of_a_trial_count() -> None:
    bench = Bench(protocol(calibrating(WORK)), calibrated=False)
    bench.run(12.0, AT_REST)
    bench.run(0.9, press(0, 900.0))
    bench.run(3.2, press(0, 100.0))
    bench.run(0.9, press(0, 900.0))
    assert bench.events("reference") == [{"muscle": "gmed", "rms_uv": pytest.approx(100.0)}]


def test_the_pipeline_listens_while_rest_and_references_are_measured_and_not_in_between() -> None:
    bench = Bench(protocol(calibrating(WORK)), calibrated=False)
    listened = {"rest": set(), "reference": set(), "relax": set(), "work": set()}
    for _ in range(2000):
        listened[bench.ticks[-1].phase.kind].add(bench.session.setup.listen)
        tick = bench.hop()
        if tick.phase_left_s == 0 or bench.session.finished:  # the next hop belongs to another phase
            bench.hop()
        if bench.session.finished:
            break
    assert listened == {"rest": {"rest", "last"}, "reference": {"effort"}, "relax": {""}, "work": {""}}


def test_degrees_of_freedom_are_the_smaller_of_lag_products_and_scatter() -> None:
    model = 2 * statistical_bandwidth_hz(GRID) * GRID.hop_s
    lags = np.array([1.0, 0.5, 0.0])[:, np.newaxis] * np.full(3, 100.0**2)
    steady, wobbly = [100.0] * 150, [100.0 * math.sqrt(1.9), 100.0 * math.sqrt(0.1)] * 75
    for levels, heard, expected in (
        (steady, None, model),
        (steady, lags, 5 / (1 + 2 * 0.25)),
        (wobbly, lags, 2 / 0.81),
        (wobbly, None, 2 / 0.81),
    ):
        calibrator = rested([2.0] * 200, heard)
        tried(calibrator, levels, heard)
        made = calibrator.calibration("submaximal", chain_of(INFO, GRID, 0.0))
        assert made.dof == pytest.approx([expected] * 3, rel=0.01)


def test_whitening_is_measured_where_the_pipeline_was_listened_to() -> None:
    decay = np.array([1.0, 0.6, 0.3, 0.1, 0.0, 0.0, 0.0])[:, np.newaxis]
    calibrator = rested([2.0] * 200, decay * np.full(3, 4.0))
    tried(calibrator, [100.0] * 150, decay * np.full(3, 1e4))
    made = calibrator.calibration("submaximal", chain_of(INFO, GRID, 0.0))
    assert [len(taps) for taps in made.whitening] == [7, 7, 7]
    assert calibration_from_json(calibration_to_json(made)).whitening == made.whitening
    deaf = rested([2.0] * 200)
    tried(deaf, [100.0] * 150)
    assert deaf.calibration("submaximal", chain_of(INFO, GRID, 0.0)).whitening == ((), (), ())


def test_the_date_and_the_kind_of_a_calibration_are_those_of_its_session() -> None:
    bench = Bench(protocol(calibrating(WORK)), calibrated=False)
    dated = {"started_at": "2026-11-20T09:30:00", "placement": "b", "reference_kind": "mvic"}
    bench.session = Session(INFO, GRID, bench.session.protocol, 50.0, **dated)
    bench.hop([Command(0, "start")])
    bench.run(10.0, AT_REST)
    for i in range(3):
        bench.run(2.0, AT_REST)
        bench.run(5.0, press(i))
    (data,) = bench.events("calibration")
    assert (data["made_at"], data["chain"]["placement"]) == ("2026-11-20T09:30:00", "b")
    assert data["reference_kind"] == "mvic"


def test_a_calibration_of_today_and_here_is_taken() -> None:
    check_calibration(DATED, INFO, GRID, "2026-11-20")


@pytest.mark.parametrize(
    ("made", "today", "placement", "fs_hz", "why"),
    [
        (DATED, "2026-11-21", "", 250.0, "was made on 2026-11-20 and today is 2026-11-21; calibrate again"),
        (replace(DATED, made_at=""), "2026-11-20", "", 250.0, "has no date"),
        (DATED, "2026-11-20", "b", 250.0, "belongs to the placement '' and the electrodes now sit as 'b'"),
        (DATED, "2026-11-20", "", 1000.0, "another chain: fs_hz was 250.0 and is 1000.0"),
    ],
)
def test_a_calibration_dies_with_its_day_its_placement_and_its_chain(
    made, today: str, placement: str, fs_hz: float, why: str
) -> None:
    info, grid = stream(fs_hz), grid_for(fs_hz, trunk=True)
    with pytest.raises(CalibrationError, match=why):
        check_calibration(made, info, grid, today, placement)


def test_a_calibration_from_before_placements_had_names_is_one_of_the_unnamed_placement() -> None:
    chain = {key: value for key, value in DATED.chain.items() if key != "placement"}
    check_calibration(replace(DATED, chain=chain), INFO, GRID, "2026-11-20")


def test_a_session_without_references_is_scored_in_percent_of_its_own_peak() -> None:
    lift = [Phase("observe", 10.0, "Lift", repetition=i + 1) for i in range(2)]
    bench = Bench(protocol([Phase("rest", 10.0, "Rest"), *lift]), calibrated=False)
    bench.run(10.0, AT_REST)
    assert math.isnan(bench.run(10.0, (80.0, 40.0, 40.0))[5].level_pct[0])
    (made,) = bench.events("calibration")
    assert made["reference_kind"] == "session_peak"
    assert made["reference_uv"] == pytest.approx([80.0, 40.0, 40.0])
    tick = bench.run(5.0, (60.0, 40.0, 20.0))[-1]
    assert tick.level_pct == pytest.approx([75, 100, 50], abs=0.2)


def test_the_session_peak_is_the_highest_clean_window_of_a_second_at_250_hz() -> None:
    peak = SessionPeak(GRID, 1)
    quality = [(0, 50.0)] * 50 + [(0, 500.0)] * 25 + [(1, 900.0)] * 50 + [(0, 60.0)] * 50
    for flag, level in quality:
        peak.add(frame(5, (level,), (flag,)))
    assert peak.power_uv2[0] == pytest.approx((50.0**2 + 500.0**2) / 2)
    fast = SessionPeak(grid_for(1000.0, trunk=True), 1)
    for _ in range(25):
        fast.add(frame(20, (50.0,), (0,)))
    assert fast.power_uv2[0] == pytest.approx(50.0**2)


def test_words_follow_the_kind_of_reference() -> None:
    assert (claims("mvic").verb, claims("mvic").unit) == ("dominates", "%MVIC")
    assert claims("mvic").bands_allowed
    for kind, unit in (("submaximal", "%RVC"), ("session_peak", "% of session peak"), ("none", "µV")):
        said = claims(kind)
        assert (said.verb, said.unit, said.bands_allowed, said.trend_allowed) == ("leads", unit, False, False)
    assert "start block" in claims("submaximal").outcome
    assert claims("something new") == claims("none")


def done(block: int, tfl: float | None, ql: float | None, void: str = "") -> dict:
    return {"block": block, "ratio_median_ln": {"tfl": tfl, "ql": ql}, "void": void}


def test_the_outcome_is_the_change_from_the_own_start_block_with_an_interval() -> None:
    before = [done(1, value, -0.9) for value in (0.1, 0.2, 0.3)]
    after = [done(2, value, None) for value in (0.7, 0.8, 0.9)]
    changes = change_from_start([*before, *after, done(2, 99.0, 99.0, "lost")])
    change, low, high = changes["tfl"]
    assert change == pytest.approx(0.6)
    half = 2.776 * math.sqrt(2 * 0.01 / 3)
    assert (low, high) == pytest.approx((0.6 - half, 0.6 + half), rel=1e-3)
    assert set(changes) == {"tfl"}
    assert change_from_start(before) == {}
    assert math.isnan(change_from_start([done(1, 0.1, 0.1), *after])["tfl"][1])


@pytest.mark.parametrize("factor", [(1.0, 1.0, 1.0), (0.5, 2.0, 1.3)])
def test_references_cancel_in_the_outcome(factor: Sequence[float]) -> None:
    phases = [Phase("observe", 4.0, "Lift", repetition=1), Phase("work", 4.0, "Lift", repetition=2)]
    bench = Bench(protocol(phases))
    reference_uv = np.full(3, 100.0) * factor
    bench.session._use(replace(given_calibration(), reference_uv=reference_uv))
    bench.run(4.0, (30.0, 40.0, 50.0))
    bench.run(4.0, TAUGHT)
    changes = change_from_start(bench.events("repetition"))
    assert [done["block"] for done in bench.events("repetition")] == [1, 2]
    assert changes["tfl"][0] == pytest.approx(math.log(60 / 20) - math.log(30 / 40), abs=0.01)
    assert changes["ql"][0] == pytest.approx(math.log(60 / 20) - math.log(30 / 50), abs=0.01)


def test_student_t_is_that_of_the_tables() -> None:
    for dof, value in ((1, 12.706), (4.9, 2.776), (10, 2.228), (15, 2.131), (30, 2.042), (1000, 1.962)):
        assert student_975(dof) == pytest.approx(value, rel=1e-3)
