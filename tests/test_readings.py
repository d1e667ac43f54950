"""Numbers and words behind the flags: graded by the project's table, and said so that one can act."""

from __future__ import annotations

import math

import numpy as np
import pytest
from run_kit import LSB_UV, stream

from emgfeedback.processing.advice import CHECKS, FLAGS, flag_advice, reading_words
from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.processing.listening import Heard
from emgfeedback.processing.pipeline import Pipeline
from emgfeedback.processing.readings import (
    LIMITS,
    Reading,
    calibration_readings,
    channel_readings,
    contact_readings,
    link_readings,
)
from emgfeedback.values import COUNT_MAX, Chunk, Quality


@pytest.mark.parametrize(
    ("check", "good", "amber", "red"),
    [
        ("rest of reference", 9, 12, 26),
        ("signal to noise", 21, 15, 11),
        ("hum", 9, 20, 31),
        ("offset", 49, 60, 81),
        ("movement", 0.9, 3, 6),
        ("silence", 0.6, 0.4, 0.2),
        ("likeness", 0.2, 0.5, 0.8),
        ("contact", 9, 30, 60),
        ("loss", 0, 0.5, 1.5),
        ("rate", 0.5, 2, 4),
    ],
)
def test_each_number_is_graded_as_in_the_table(check: str, good: float, amber: float, red: float) -> None:
    grades = [Reading.of(check, value).grade for value in (good, amber, red)]
    assert grades == ["good", "amber", "red"]


def test_what_is_not_known_is_not_called_bad() -> None:
    assert all(limit.grade(math.nan) == "good" for limit in LIMITS.values())


def test_a_running_pipeline_gives_its_numbers() -> None:
    rng, t = np.random.default_rng(4), np.arange(3000) / 250
    emg_uv = rng.standard_normal((3000, 3)) * 20
    emg_uv[:, 0] += 12 * np.sin(2 * np.pi * 50 * t)
    emg_uv[:, 1] += 0.6 * COUNT_MAX * LSB_UV
    emg_uv[:, 2] = 0.5 * emg_uv[:, 1] - 0.3 * COUNT_MAX * LSB_UV + emg_uv[:, 2]
    emg_uv[2000, 2] = COUNT_MAX * LSB_UV
    pipeline = Pipeline(stream(), grid_for(250.0, trunk=True), 50.0)
    counts = np.rint(emg_uv / LSB_UV).astype(np.int32)
    list(pipeline.frames(Chunk.from_counts(0, counts[:990], LSB_UV)))
    list(pipeline.frames(Chunk.from_counts(1000, counts[1000:], LSB_UV)))
    assert pipeline.loss_share() == pytest.approx(10 / 2500)
    assert pipeline.clipped_ago_s() == (math.inf, math.inf, pytest.approx(4.0, abs=0.03))
    rows = channel_readings(pipeline.heard, pipeline.clipped_ago_s())
    grades = [{reading.check: reading.grade for reading in row} for row in rows]
    assert [grades[0][check] for check in ("movement", "offset", "silence", "clipping")] == ["good"] * 4
    assert grades[0]["hum"] == "amber"
    assert grades[1]["offset"] == "amber"
    assert grades[1]["likeness"] == grades[2]["likeness"] == "amber"
    assert grades[2]["clipping"] == "amber"


def test_calibration_contact_and_link_are_graded_too() -> None:
    assert [r.grade for r in calibration_readings(2.0, 100.0)] == ["good", "good", "good"]
    assert [r.grade for r in calibration_readings(4.0, 14.0)] == ["amber", "red", "red"]
    assert len(calibration_readings(2.0, math.nan)) == 1
    assert [r.grade for r in contact_readings(8.0, 30.0)] == ["amber", "red"]
    assert [r.grade for r in link_readings(0.02, 251.0, 250.0)] == ["red", "good"]


def test_every_flag_and_every_number_has_words_for_person_and_operator() -> None:
    assert set(FLAGS) == set(Quality)
    assert set(CHECKS) == set(LIMITS)
    for advice in (*FLAGS.values(), *CHECKS.values()):
        assert len(advice.title.split()) <= 3
        assert len(advice.patient.split()) <= 12
        assert advice.patient.endswith(".")
        assert advice.step.endswith(".")


def test_the_gravest_flag_speaks_and_a_clean_channel_is_silent() -> None:
    both = flag_advice(Quality.SETTLING | Quality.OFF)
    assert both is not None
    assert both.title == "electrode off"
    assert flag_advice(0) is None


def test_a_number_is_said_with_its_unit() -> None:
    assert reading_words(Reading.of("hum", 18.2)) == "some mains hum: 18 %"
    assert reading_words(Reading.of("likeness", 0.456)) == "channels alike: 0.46 r"


@pytest.mark.parametrize(
    ("correlation", "likeness", "grade"),
    [(0.04, 0.0, "good"), (0.5, 0.0, "amber"), (0.9, 0.2, "amber"), (0.9, 0.8, "red")],
)
def test_likeness_is_good_where_nothing_is_alike(correlation: float, likeness: float, grade: str) -> None:
    quiet = np.full(1, 5.0), *(np.zeros(1) for _ in range(3))
    heard = Heard(*quiet, np.full(1, correlation), np.full(1, likeness))
    (readings,) = channel_readings(heard, (math.inf,))
    assert {one.check: one.grade for one in readings}["likeness"] == grade
