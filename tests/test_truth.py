"""Simulated truth: what the program says against what the simulated person did."""

import math

import numpy as np
import pytest
from run_kit import MUSCLES, Ticks, calibrating, patient_job, protocol, repetitions

from emgfeedback.run.job import grid_of, observing, replay_job
from emgfeedback.run.offline import calibrate_from
from emgfeedback.sources.patient import Patient, steady
from emgfeedback.training.montage import apply_montage
from emgfeedback.values import Quality

MONTAGE = {muscle: muscle for muscle in MUSCLES}
LEVELS = (
    {"gmed": 0.6, "tfl": 0.3, "ql": 0.2},
    {"gmed": 0.25, "tfl": 0.31, "ql": 0.6},
    {"gmed": 0.4, "tfl": 0.1, "ql": 0.4},
)


@pytest.mark.parametrize("fs_hz", [250.0, 1000.0])
@pytest.mark.parametrize("levels", LEVELS)
def test_steady_work_is_measured_within_3_points_of_share_and_5_percent_of_level(
    fs_hz: float, levels: dict
) -> None:
    known = steady(levels, 30.0, fs_hz, seed=4, reference_s=30.0)
    info = apply_montage(known.info, MONTAGE, "right", "gmed", ("tfl", "ql"))
    seconds = {name: (a / fs_hz, b / fs_hz) for name, (a, b) in known.references.items()}
    rest = (known.rest[0] / fs_hz, known.rest[1] / fs_hz)
    made, doubts = calibrate_from(known.recording, info, [50.0], rest, seconds)
    assert not doubts
    ticks = Ticks()
    replay_job(known.recording, info, observing(info, 200.0), 50.0, calibration=made).run((ticks,))
    inside = [
        t for t in ticks if known.work[0] + grid_of(info).window_samples < t.frame.end_sample <= known.work[1]
    ]
    measured = np.sqrt(np.mean([t.level_pct**2 for t in inside], axis=0))
    assert measured == pytest.approx([100 * levels[m] for m in MUSCLES], rel=0.05)
    share = np.median([t.dominance.share for t in inside])
    assert share == pytest.approx(levels["gmed"] / sum(levels.values()), abs=0.03)


def rewarded(
    script: str, seed: int, minutes: float, hold_s: float = 3.0, **options: object
) -> tuple[int, Ticks]:
    """Rewards of a person working in 10 s repetitions for so long, at 250 Hz."""
    n = math.ceil(minutes * 60 / 10)
    patient = Patient(script, seed=seed, **{"crosstalk": 0.0, **options})
    exercise = protocol(calibrating(*repetitions(n, 10.0, 0.02)), hold_s)
    ticks = Ticks()
    outcome = patient_job(patient, exercise).run((ticks,))
    assert len(outcome.repetitions) == n
    assert not outcome.warnings
    return outcome.rewards, ticks


@pytest.mark.parametrize("script", ["rest", "equal", "pair"])
def test_ten_minutes_of_rest_or_of_equal_muscles_earn_no_hold(script: str) -> None:
    assert rewarded(script, 11, 10.0)[0] == 0


@pytest.mark.full
@pytest.mark.parametrize("fs_hz", [200.0, 250.0, 1000.0])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("script", ["rest", "equal", "pair"])
def test_no_seed_and_no_rate_earns_a_hold_at_rest_or_at_equality(
    script: str, seed: int, fs_hz: float
) -> None:
    assert rewarded(script, seed, 10.0, fs_hz=fs_hz)[0] == 0


def test_at_rest_hardly_any_hop_is_good() -> None:
    ticks = rewarded("rest", 3, 5.0)[1]
    work = [tick for tick in ticks if tick.phase.kind == "work"]
    assert sum(tick.reward.good for tick in work) <= 0.001 * len(work)


@pytest.mark.parametrize("how", ["detached-rail", "detached-mains", "detached-quiet"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_tfl_electrode_that_fell_off_never_earns_a_reward_and_is_named(how: str, seed: int) -> None:
    rewards, ticks = rewarded(how, seed, 3.0, hold_s=1.0)
    assert rewards == 0
    late = [tick for tick in ticks if tick.phase.repetition > 1 and tick.phase.kind == "work"]
    named = [
        tick.frame.quality[1] & (Quality.RAILED | Quality.OFF | Quality.MAINS | Quality.FLAT) for tick in late
    ]
    assert np.mean([bool(bits) for bits in named]) > 0.95


@pytest.mark.parametrize("fs_hz", [125.0, 200.0, 250.0, 500.0, 1000.0, 1600.0])
def test_a_taught_person_is_rewarded_and_an_untaught_one_is_not_at_any_rate(fs_hz: float) -> None:
    exercise = protocol(calibrating(*repetitions(4)))
    outcome = patient_job(Patient("learner", fs_hz, seed=5), exercise).run()
    assert [done["rewarded"] for done in outcome.repetitions] == [False, False, True, True]
    assert outcome.repetitions[0]["leader"] == "ql"
    assert outcome.repetitions[3]["leader"] == "gmed"


def test_hum_at_rest_turns_the_notch_on_by_an_event_and_the_session_goes_on() -> None:
    ticks = Ticks()
    job = patient_job(Patient("taught", seed=2, mains_uv=8.0), protocol(calibrating(*repetitions(2))))
    outcome = job.run((ticks,))
    setups = [event.data for tick in ticks for event in tick.events if event.kind == "setup"]
    assert setups[0]["notch_hz"] == 50.0
    assert setups[0]["cause"] == "hum at rest"
    assert outcome.rewards == 2
