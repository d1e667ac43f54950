"""What a repetition gives: censored medians, and whether a held effort tired."""

import math

import numpy as np
import pytest
from run_kit import Ticks, calibrating, patient_job, protocol
from scipy import signal

from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.processing.filters import design_bandpass
from emgfeedback.sources.patient import Patient
from emgfeedback.training.lift import Lift
from emgfeedback.training.repetition import Repetition, censored
from emgfeedback.training.reward import Hold
from emgfeedback.values import Calibration, Dominance, Frame, Phase, Reward

NAN, INF = math.nan, math.inf
GRID = grid_for(1000.0, trunk=True)
CALIBRATION = Calibration(
    np.full(3, 2.0), np.full(3, 0.2), np.full(3, 100.0), np.full(3, 6.0), "submaximal", (1, 1, 1), {}
)
AT_WORK = Reward(True, False)


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [((0.3, 0.1, 0.5), 0.3), ((NAN, 1.0, INF), INF), ((NAN, -INF, 0.2), -INF), ((NAN, -INF, INF), NAN)],
)
def test_a_ratio_that_is_only_bounded_counts_on_its_side_of_the_median(ratio, expected) -> None:
    assert censored(*ratio) == pytest.approx(expected, nan_ok=True)


def test_a_silent_rival_does_not_make_the_median_smaller() -> None:
    done = Repetition(
        Phase("work", 10.0, "Lift", repetition=1), 0, 1.32, Hold(50, 100), Hold(50, 100), Lift(GRID)
    )
    for ratio in [(0.5, 0.3, 0.7)] * 4 + [(NAN, 1.5, INF)] * 5:
        who = Dominance(
            0.6, 0.5, 0.7, *ratio[:2], 0.9, "gmed", True, ratio[2], (ratio[0],), (ratio[1],), (ratio[2],)
        )
        done.add(
            Frame(20, np.full(3, 100.0), np.full(3, 10.0), np.zeros(3, np.uint8), np.zeros(3)),
            50.0,
            who,
            AT_WORK,
            True,
        )
    told = done.summary(GRID, ["tfl"], CALIBRATION, 1.32)
    assert told["margin_median_ln"] is None
    assert told["ratio_median_ln"] == {"tfl": None}


def held(slower: float, kept: bool) -> dict:
    """A steady effort of 13 s at 1000 Hz whose frequencies fall to ``slower`` of what they were."""
    rng = np.random.default_rng(5)
    n = 13_000
    pace = np.cumsum(np.linspace(1.0, slower, n))
    white = rng.standard_normal(n + 2000)
    shaped = signal.sosfilt(signal.butter(2, (50.0, 150.0), "bandpass", fs=1000.0, output="sos"), white)[
        2000:
    ]
    emg_uv = np.interp(pace, np.arange(n), shaped)
    band_uv = signal.sosfilt(design_bandpass(1000.0, GRID.band_hz), emg_uv)
    band_uv *= 50.0 / band_uv.std()
    done, hop = (
        Repetition(
            Phase("work", 10.0, "Lift", repetition=1), 0, 1.32, Hold(50, 100), Hold(50, 100), Lift(GRID)
        ),
        GRID.hop_samples,
    )
    who = Dominance(0.6, 0.5, 0.7, 0.5, 0.3, 0.9, "gmed", True, 0.7, (0.5,), (0.3,), (0.7,))
    for i in range(n // hop):
        part = band_uv[i * hop : (i + 1) * hop]
        power_uv2 = np.full(3, float(np.square(part).mean()))
        samples = np.tile(part[:, None], 3) if kept else None
        frame = Frame(20, power_uv2, np.sqrt(power_uv2), np.zeros(3, np.uint8), np.zeros(3), band_uv=samples)
        done.add(frame, 50.0, who, AT_WORK, True)
    told = done.summary(GRID, ["tfl"], CALIBRATION, 1.32)["fatigue"]
    assert told is not None
    return told


def test_a_falling_spectrum_is_called_fatigue_where_the_samples_are_kept() -> None:
    told = held(0.75, kept=True)
    assert told["may_be_fatigue"]
    assert told["frequency_change_ln"] == pytest.approx(math.log(0.75), abs=0.15)


def test_a_steady_spectrum_is_not() -> None:
    assert not held(1.0, kept=True)["may_be_fatigue"]


def test_without_samples_the_frequency_is_off_and_says_why() -> None:
    told = held(0.75, kept=False)
    assert told["frequency_change_ln"] is None
    assert "recording" in told["frequency_off"]


@pytest.mark.parametrize(("fs_hz", "measured"), [(250.0, False), (1000.0, True)])
def test_a_session_keeps_the_samples_of_an_effort_from_500_hz_on(fs_hz: float, measured: bool) -> None:
    ticks = Ticks()
    work = Phase("work", 14.0, "Lift", repetition=1)
    patient_job(Patient("taught", fs_hz, seed=3, n_channels=3), protocol(calibrating(work))).run((ticks,))
    (told,) = [event.data["fatigue"] for tick in ticks for event in tick.events if event.kind == "repetition"]
    assert (told["frequency_change_ln"] is not None) is measured
    assert bool(told["frequency_off"]) is not measured
