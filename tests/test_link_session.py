"""A board that goes away in the middle of a hold: the session survives, and the record tells all of it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from run_kit import MUSCLES

from emgfeedback.run.job import (
    Job,
    live_job,
    made_calibration,
    recorded_calibration,
    recorded_protocol,
    replay_job,
)
from emgfeedback.sources.brainflow import open_brainflow
from emgfeedback.sources.patient import Patient
from emgfeedback.sources.virtual_cyton import Faults, Outage, Stall, VirtualCyton, available
from emgfeedback.storage.recording import open_recording
from emgfeedback.training.protocol import parse_protocol
from emgfeedback.values import Calibration, Chunk, Recording

pytestmark = pytest.mark.skipif(not available(), reason="this system has no pseudo-terminal")

FS_HZ = 250.0
SET_UP = [("rest", 6, ""), *(("reference", 5, muscle) for muscle in MUSCLES)]


def text(work_s: int) -> str:
    """A HOLD protocol whose set-up a calibration makes unnecessary."""
    lines = ['schema = 1\nid = "LINK"\nname = "Link"\ntarget = "gmed"\nrivals = ["tfl", "ql"]']
    lines.append('[reward]\nrule = "hold"\nhold_s = 6\n[[block]]')
    for kind, seconds, muscle in [*SET_UP, ("work", work_s, ""), ("relax", 1, "")]:
        lines.append(f'[[block.phase]]\nkind = "{kind}"\nseconds = {seconds}\ncue = "{kind}"')
        lines += [f'muscle = "{muscle}"'] if muscle else []
    return "\n".join(lines) + "\n"


def job_of(source: object, library: Path, sinks: Sequence[object], calibration: Calibration | None) -> Job:
    montage = {muscle: str(i) for i, muscle in enumerate(MUSCLES, start=1)}
    return live_job(
        source,  # type: ignore[arg-type]
        montage,
        "right",
        parse_protocol(text(8), "link.toml"),
        50.0,
        library=library,
        meta={"participant": "T1", "source": "test", "simulated": True},
        calibration=calibration,
        sinks=sinks,  # type: ignore[arg-type]
    )


def through_brainflow(
    library: Path, calibration: Calibration | None, faults: Faults, speed: float = 1.0
) -> tuple[Job, Recording]:
    """One session through BrainFlow's driver; the person listens to the session."""
    person = Patient("taught", seed=4, n_channels=8)
    with VirtualCyton(person.next_counts, speed=speed, faults=faults, link=library / "board") as cyton:
        job = job_of(open_brainflow(f"cyton:{cyton.port}"), library, (person,), calibration)
        job.commands.post("start")
        job.run()
    assert job.recorder
    return job, open_recording(job.recorder.path)


@pytest.fixture(scope="module")
def calibration(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    """Made by the same person on the same board, faster than real time."""
    _, recording = through_brainflow(tmp_path_factory.mktemp("set-up"), None, Faults(), speed=6.0)
    return made_calibration(recording)


@pytest.mark.parametrize(
    ("faults", "fewest_lost", "most_lost"),
    [
        (Faults(outages=(Outage(4.0, 4.0),)), 4.0, 9.0),
        pytest.param(Faults(stalls=(Stall(4.0, 2.0, late=False),)), 2.0, 2.0, marks=pytest.mark.full),
        (Faults(stalls=(Stall(4.0, 2.0, late=True),)), 0.0, 0.0),
    ],
    ids=["unplugged for 4 s", "2 s lost", "2 s late"],
)
def test_a_board_away_in_mid_hold_voids_the_repetition_and_the_session_goes_on_by_itself(
    tmp_path: Path, calibration: Calibration, faults: Faults, fewest_lost: float, most_lost: float
) -> None:
    job, recording = through_brainflow(tmp_path, calibration, faults)
    outcome = job.outcome
    assert outcome
    first, second = outcome.repetitions
    assert first["void"]
    assert not first["rewarded"]
    assert first["good_s"] > 1.0
    assert not second["void"]
    assert second["rewarded"]
    assert fewest_lost * FS_HZ <= outcome.lost_samples <= most_lost * FS_HZ
    assert sum(gap.n_samples for gap in recording.gaps) == outcome.lost_samples
    assert len(recording.counts) == outcome.received_samples + outcome.lost_samples
    links = [dict(command.data)["state"] for command in recording.commands if command.kind == "link"]
    assert links[0] in ("stalled", "lost")
    assert links[-1] == "streaming"
    again = replay_job(
        recording,
        recording.info,
        recorded_protocol(recording),
        50.0,
        calibration=recorded_calibration(recording),
        sizes=(7,),
    ).run()
    assert (again.ticks_sha256, again.events_sha256) == (outcome.ticks_sha256, outcome.events_sha256)


class Marker:
    """A sink that marks the newest sample whenever another second of signal has arrived."""

    def __init__(self, job: Job) -> None:
        self._job, self._next = job, 1000
        self.true_samples: list[int] = []

    def on_chunk(self, chunk: Chunk) -> None:
        if chunk.end_sample > self._next:
            self._next = chunk.end_sample + 250
            self.true_samples.append(chunk.end_sample - 1)
            self._job.commands.post("mark")

    def on_tick(self, tick: object) -> None:
        pass


def test_a_mark_carries_the_sample_that_was_being_taken(tmp_path: Path, calibration: Calibration) -> None:
    person = Patient("taught", seed=4, n_channels=8)
    with VirtualCyton(person.next_counts) as cyton:
        job = job_of(open_brainflow(f"cyton:{cyton.port}"), tmp_path, (person,), calibration)
        marker = Marker(job)
        job.commands.post("start")
        job.run((marker,))
    assert job.recorder
    marks = [c.data["at_sample"] for c in open_recording(job.recorder.path).commands if c.kind == "mark"]
    late = np.array(marks) - np.array(marker.true_samples[: len(marks)])
    assert len(late) > 2
    assert -5 <= np.median(late) < 250, "given after its sample has arrived, on a busy machine up to a second"


def test_the_accelerometer_is_recorded_beside_the_muscles(tmp_path: Path, calibration: Calibration) -> None:
    _, recording = through_brainflow(tmp_path, calibration, Faults())
    kinds = [channel.kind for channel in recording.info.channels]
    assert kinds == ["EMG"] * 8 + ["ACCEL"] * 3
    g = recording.counts[500:510][:, 8:] * recording.info.channels[8].lsb
    assert 0.5 < float((g**2).sum(axis=1).mean()) ** 0.5 < 1.5
