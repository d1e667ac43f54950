"""Live equals replay, bit for bit: through the virtual Cyton and BrainFlow, and in sample time."""

import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from run_kit import MUSCLES

from emgfeedback.run.job import Job, live_job, made_calibration, recorded_protocol, replay_job
from emgfeedback.run.outcome import Outcome
from emgfeedback.run.terms import Terms
from emgfeedback.sources.brainflow import open_brainflow
from emgfeedback.sources.patient import Patient
from emgfeedback.sources.virtual_cyton import VirtualCyton, available
from emgfeedback.storage.recording import open_recording
from emgfeedback.values import Chunk, Recording, StreamInfo, Tick

TEXT = """
schema = 1
id = "LR"
name = "Live and replay"
target = "gmed"
rivals = ["tfl", "ql"]
[reward]
rule = "hold"
hold_s = 1.0
"""
PHASES = [("rest", 6, ""), *(("reference", 5, muscle) for muscle in MUSCLES)]
WORK = [("work", 4, ""), ("relax", 1, "")] * 3


def protocol_text() -> str:
    """A protocol of 36 s in the file format, since a recording carries the text."""
    blocks = ["[[block]]"]
    for kind, seconds, muscle in (*PHASES, *WORK):
        blocks.append(f'[[block.phase]]\nkind = "{kind}"\nseconds = {seconds}\ncue = "{kind}"')
        if muscle:
            blocks.append(f'muscle = "{muscle}"')
    return TEXT + "\n".join(blocks) + "\n"


def live(source: object, library: Path, *, sinks: Sequence[object] = (), **options: object) -> Job:
    from emgfeedback.training.protocol import parse_protocol

    montage = {muscle: str(i) for i, muscle in enumerate(MUSCLES, start=1)}
    return live_job(
        source,  # type: ignore[arg-type]
        montage,
        "right",
        parse_protocol(protocol_text(), "test.toml"),
        50.0,
        library=library,
        meta={"participant": "T1", "version": "test", "source": "test", "seed": 1, "simulated": True},
        sinks=sinks,  # type: ignore[arg-type]
        **options,  # type: ignore[arg-type]
        terms=Terms(limits=None),
    )


def replayed(recording: Recording, sizes: Sequence[int] = (1024,), speed: float = math.inf) -> Outcome:
    exercise = recorded_protocol(recording)
    assert exercise is not None
    return replay_job(recording, recording.info, exercise, 50.0, sizes=sizes, speed=speed).run()


def same(one: Outcome, other: Outcome) -> bool:
    return (one.ticks, one.ticks_sha256, one.events_sha256, one.rewards, one.repetitions) == (
        other.ticks,
        other.ticks_sha256,
        other.events_sha256,
        other.rewards,
        other.repetitions,
    )


class Operator:
    """A sink that posts commands when the stream has come so far, as a hand on the keys would."""

    def __init__(self, job: Job, acts: Sequence[tuple[float, str, dict]]) -> None:
        self._job, self._acts = job, list(acts)

    def on_chunk(self, chunk: Chunk) -> None:
        pass

    def on_tick(self, tick: Tick) -> None:
        while self._acts and tick.frame.end_sample >= self._acts[0][0] * self._job.info.fs_hz:
            _, kind, data = self._acts.pop(0)
            self._job.commands.post(kind, **data)


class Unplugger(Operator):
    """A sink that closes the source when the stream has come so far."""

    def __init__(self, job: Job, at_s: float) -> None:
        super().__init__(job, [])
        self._at_s = at_s

    def on_tick(self, tick: Tick) -> None:
        if tick.frame.end_sample > self._at_s * self._job.info.fs_hz:
            self._job.source.close()


class Choppy:
    """A source with a gap in it, and with chunks of any size."""

    def __init__(self, patient: Patient, sizes: Sequence[int], gap: tuple[int, int] | None) -> None:
        self.info: StreamInfo = patient.info
        self._patient, self._sizes, self._gap = patient, sizes, gap
        self._closed = False

    def __iter__(self) -> Iterator[Chunk]:
        first = 0
        for size in itertools.cycle(self._sizes):
            if self._closed:
                return
            counts = self._patient.next_counts(size)
            places = np.arange(first, first + size)
            kept = ~((places >= self._gap[0]) & (places < self._gap[1])) if self._gap else places >= 0
            for run in np.split(np.flatnonzero(kept), np.flatnonzero(np.diff(np.flatnonzero(kept)) > 1) + 1):
                if len(run):
                    yield Chunk.from_counts(first + int(run[0]), counts[run], self.info.lsb_uv)
            first += size

    def close(self) -> None:
        self._closed = True


ACTS = [
    (22.0, "pause", {}),
    (23.5, "resume", {}),
    (24.0, "ratio", {"ratio": 1.1}),
    (27.0, "skip", {}),
    (28.0, "mark", {"text": "leg further back"}),
]


@pytest.fixture
def busy_session(tmp_path: Path) -> tuple[Outcome, Recording]:
    """A live run with pause, skip, a changed line, a mark, a gap, and a stop in mid-record."""
    patient = Patient("taught", seed=8, n_channels=4)
    job = live(Choppy(patient, (13, 1, 40), (7000, 7333)), tmp_path, sinks=(patient,))
    job.commands.post("start")
    outcome = job.run((Operator(job, [*ACTS, (31.137, "stop", {})]),))
    return outcome, open_recording(job.recorder.path)


@pytest.mark.parametrize("sizes", [(1,), (7,), (50,), (10**9,), (3, 500, 11)])
def test_a_busy_session_replays_bit_for_bit_in_any_chunks(busy_session: tuple, sizes: tuple) -> None:
    outcome, recording = busy_session
    assert outcome.lost_samples == 333
    assert same(replayed(recording, sizes), outcome)


def test_a_paced_replay_is_the_same_too(busy_session: tuple) -> None:
    outcome, recording = busy_session
    assert same(replayed(recording, (25,), speed=50.0), outcome)


def test_another_line_gives_another_answer(busy_session: tuple) -> None:
    outcome, recording = busy_session
    changed = {**recording.meta, "ratio": 3.0}
    other = Recording(
        recording.info,
        recording.counts,
        recording.events,
        recording.commands,
        recording.gaps,
        changed,
        recording.path,
    )
    assert replayed(other).ticks_sha256 != outcome.ticks_sha256


def test_a_source_that_ends_in_mid_repetition_reports_it_and_the_replay_does_too(tmp_path: Path) -> None:
    patient = Patient("taught", seed=8, n_channels=4)
    job = live(Choppy(patient, (50,), None), tmp_path, sinks=(patient,))
    job.commands.post("start")
    outcome = job.run((Unplugger(job, 24.0),))
    assert len(outcome.repetitions) == 1
    assert outcome.repetitions[0]["good_s"] > 0.5
    assert same(replayed(open_recording(job.recorder.path)), outcome)


def test_a_calibration_is_handed_on_to_a_session_without_set_up(tmp_path: Path) -> None:
    first = live(Patient("taught", seed=3), tmp_path)
    first.sinks = (first.source,)  # type: ignore[assignment]
    first.commands.post("start")
    first.run()
    given = made_calibration(open_recording(first.recorder.path))
    person = Patient("taught", seed=4)
    job = live(person, tmp_path, sinks=(person,), calibration=given)
    assert {phase.kind for phase in job.protocol.phases} == {"work", "relax"}
    job.commands.post("start")
    outcome = job.run()
    assert outcome.rewards == 3
    recording = open_recording(job.recorder.path)
    from emgfeedback.run.job import recorded_calibration

    again = replay_job(
        recording,
        recording.info,
        recorded_protocol(recording),
        50.0,
        calibration=recorded_calibration(recording),
    ).run()
    assert same(again, outcome)


@given(
    sizes=st.lists(st.integers(1, 600), min_size=1, max_size=4),
    gap=st.one_of(st.none(), st.tuples(st.integers(1, 8000), st.integers(1, 4000))),
    acts=st.lists(
        st.tuples(
            st.floats(0, 34, allow_nan=False),
            st.sampled_from(["pause", "resume", "skip", "stop", "start", "ratio", "mark"]),
        ),
        max_size=6,
    ),
)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_operator_and_the_line_do_the_replay_is_the_same(
    tmp_path: Path, sizes: list[int], gap: tuple[int, int] | None, acts: list[tuple[float, str]]
) -> None:
    patient = Patient("learner", seed=5)
    job = live(Choppy(patient, sizes, gap and (gap[0], sum(gap))), tmp_path, sinks=(patient,))
    job.commands.post("start")
    stop = [(35.5, "stop", {})]
    plan = sorted(
        [(at_s, kind, {"ratio": 1 + at_s / 10}) for at_s, kind in acts] + stop, key=lambda act: act[0]
    )
    outcome = job.run((Operator(job, plan),))
    assert same(replayed(open_recording(job.recorder.path), (77,)), outcome)


@pytest.mark.skipif(not available(), reason="this system has no pseudo-terminal for the virtual Cyton")
def test_live_through_brainflow_with_loss_pause_and_a_changed_line_replays_bit_for_bit(
    tmp_path: Path,
) -> None:
    patient = Patient("taught", seed=6, n_channels=8)
    lost = set(range(3000, 3100)) | {500}
    with VirtualCyton(patient.next_counts, speed=6.0, drop=lost.__contains__) as cyton:
        job = live(open_brainflow(f"cyton:{cyton.port}"), tmp_path, sinks=(patient,))
        job.commands.post("start")
        outcome = job.run((Operator(job, [*ACTS, (30.333, "stop", {})]),))
    assert outcome.lost_samples == 101
    recording = open_recording(job.recorder.path)
    assert sum(end - first for first, end in recording.stretches()) == outcome.received_samples
    for sizes in ((1,), (7,), (50,), (10**9,)):
        assert same(replayed(recording, sizes), outcome)
