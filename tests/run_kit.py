"""Short ways to run a simulated person through a session in sample time, without a disk."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from emgfeedback.processing.pipeline import Pipeline
from emgfeedback.run.job import Job, grid_of
from emgfeedback.run.loop import Queue
from emgfeedback.sources.patient.patient import Patient
from emgfeedback.training.montage import apply_montage
from emgfeedback.training.session import Session, tailor
from emgfeedback.values import RIVAL, TARGET, Channel, Chunk, Frame, Phase, Protocol, StreamInfo, Tick

MUSCLES = ("gmed", "tfl", "ql")
LSB_UV = 4.5 / (2**23 - 1) / 24 * 1e6


def stream(fs_hz: float = 250.0, muscles: Sequence[str] = MUSCLES) -> StreamInfo:
    """Target first, then rivals, on the right side."""
    channels = tuple(
        Channel(f"EMG {i}", muscle, "right", TARGET if i == 1 else RIVAL)
        for i, muscle in enumerate(muscles, start=1)
    )
    return StreamInfo(fs_hz, channels, "test board", LSB_UV)


def protocol(phases: Sequence[Phase], hold_s: float = 3.0, **changes: object) -> Protocol:
    """A HOLD protocol of these phases, training gmed against tfl and ql."""
    made = Protocol("T", "Test", tuple(phases), "gmed", ("tfl", "ql"), hold_s, 1.32, 10.0, None, "open", {})
    return replace(made, **changes)  # type: ignore[arg-type]


def calibrating(*work: Phase) -> list[Phase]:
    """Rest and one reference per muscle, then ``work``."""
    opening = [Phase("rest", 10, "Rest")]
    for muscle in MUSCLES:
        opening += [Phase("relax", 2, "Ready"), Phase("reference", 5, "Press", muscle=muscle)]
    return [*opening, Phase("relax", 3, "Rest"), *work]


def repetitions(n: int, work_s: float = 10.0, relax_s: float = 3.0) -> list[Phase]:
    """Work and relax, n times."""
    pairs = [
        (Phase("work", work_s, "Lift", repetition=i + 1), Phase("relax", relax_s, "Rest")) for i in range(n)
    ]
    return [phase for pair in pairs for phase in pair]


class Ticks(list[Tick]):
    """A sink that keeps every tick."""

    def on_chunk(self, chunk: Chunk) -> None:
        pass

    def on_tick(self, tick: Tick) -> None:
        self.append(tick)


def patient_job(patient: Patient, exercise: Protocol, mains_hz: float = 50.0) -> Job:
    """A job without a recorder; the person listens to the session."""
    info = apply_montage(patient.info, {m: m for m in MUSCLES}, "right", "gmed", ("tfl", "ql"))
    exercise = tailor(exercise, info, calibrated=False)
    grid = grid_of(info)
    job = Job(
        patient,
        info,
        exercise,
        Pipeline(info, grid, mains_hz),
        Session(info, grid, exercise, mains_hz),
        Queue(),
    )
    job.sinks = (patient,)
    job.commands.post("start")
    return job


def frame(end_sample: int, envelope_uv: Sequence[float], quality: Sequence[int] = (0, 0, 0)) -> Frame:
    """A hop whose power is that of its envelope."""
    envelope = np.array(envelope_uv, dtype=float)
    return Frame(end_sample, envelope**2, envelope, np.array(quality, np.uint8), np.zeros(len(envelope)))
