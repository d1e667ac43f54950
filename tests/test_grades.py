"""Amber numbers reach the operator: while they last, and at the end of the run."""

import json
import math

import pytest
import run_kit as kit

from emgfeedback.app import words
from emgfeedback.processing.readings import AMBER, RED, Reading
from emgfeedback.run.grades import LASTS, Grades, grades_to_json
from emgfeedback.sources.patient.patient import Patient
from emgfeedback.values import Phase


class Source:
    fs_measured_hz = 250.0


class Pipeline:
    """Says what it is told to have heard."""

    def __init__(self) -> None:
        self.heard = None
        self.lost = 0.0

    def clipped_ago_s(self) -> tuple[float, ...]:
        return (math.inf,) * 3

    def loss_share(self) -> float:
        return self.lost


@pytest.fixture
def graded(monkeypatch: pytest.MonkeyPatch):
    """Grades over a session, fed with the hum of the waist, in percent, grading by grading."""
    job = kit.patient_job(Patient(fs_hz=250.0, seed=1), kit.protocol([Phase("rest", 5, "Rest")]))
    pipeline = Pipeline()
    made = Grades(pipeline, job.session, Source())
    tick = job.session.step(kit.frame(5, (1.0, 1.0, 1.0)), ())
    hum = 0.0

    def readings(heard, ago):
        return [(Reading.of("hum", 0.0),), (Reading.of("hum", 0.0),), (Reading.of("hum", hum),)]

    monkeypatch.setattr("emgfeedback.run.grades.channel_readings", readings)

    def feed(pct: float, gradings: int) -> Grades:
        nonlocal hum
        hum = pct
        for _ in range(gradings * job.session.grid.hops(0.5)):
            made.on_tick(tick)
        return made

    return feed, pipeline


def test_an_amber_number_is_told_after_three_seconds_and_taken_back(graded) -> None:
    feed, _ = graded
    assert feed(18.0, LASTS - 1).now == {}
    assert feed(16.0, 1).now == {"ql": (Reading("hum", 16.0, AMBER),)}
    assert feed(2.0, 1).now == {}
    assert feed(18.0, LASTS - 1).now == {}


def test_the_worst_of_each_check_is_kept_for_the_summary(graded) -> None:
    feed, _ = graded
    feed(40.0, LASTS)
    worst = feed(12.0, LASTS).worst
    assert worst["ql"]["hum"].grade == RED
    told = grades_to_json(worst)["ql"]["hum"]
    assert (told["value"], told["words"]) == (40.0, "some mains hum: 40 %")
    json.dumps(told, allow_nan=False)


def test_a_radio_link_that_loses_samples_is_told(graded) -> None:
    feed, pipeline = graded
    pipeline.lost = 0.02
    now = feed(0.0, LASTS).now
    assert [one.check for one in now["link"]] == ["loss"]
    assert words.readings(now) == "▲ Radio link: samples lost: 2.0 %"
    assert "dongle" in words.reading_steps(now)


def test_a_clean_person_has_no_amber_hum_or_movement() -> None:
    work = kit.repetitions(2)
    outcome = kit.patient_job(Patient(fs_hz=250.0, seed=3), kit.protocol(kit.calibrating(*work))).run()
    told = {check for checks in outcome.to_json()["readings"].values() for check in checks}
    assert not told & {"hum", "movement", "loss", "clipping", "silence", "offset", "likeness"}


def test_a_noisy_rest_is_told_with_its_step() -> None:
    work = kit.repetitions(1)
    loud = Patient(fs_hz=250.0, seed=3, noise_uv=4.0)
    outcome = kit.patient_job(loud, kit.protocol(kit.calibrating(*work))).run()
    told = outcome.to_json()["readings"]["gmed"]["rest"]
    assert told["grade"] == AMBER
    assert told["value"] > 3
    assert "skin" in told["step"]
