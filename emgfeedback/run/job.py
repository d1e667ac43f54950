"""One run, put together: source, pipeline, session, recorder, and the summary at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from emgfeedback.errors import InputError, SourceError
from emgfeedback.processing.bandwidth import TRUNK_MUSCLES, Grid, grid_for
from emgfeedback.processing.pipeline import Pipeline
from emgfeedback.run.grades import Grades, grades_to_json
from emgfeedback.run.loop import Queue, Recorded, Sink, Source, run
from emgfeedback.run.lsl_outlets import LslOutlets
from emgfeedback.run.outcome import Outcome, Tally, rule_to_json
from emgfeedback.run.terms import DEFAULT_TERMS, Terms
from emgfeedback.sources.replay import Replay
from emgfeedback.storage.recorder import Recorder
from emgfeedback.training.calibration import calibration_from_json, calibration_to_json, check_calibration
from emgfeedback.training.claims import claims
from emgfeedback.training.honesty import rate_words, ratio_words
from emgfeedback.training.montage import apply_montage
from emgfeedback.training.options import check_sites, mode_words
from emgfeedback.training.protocol import parse_protocol
from emgfeedback.training.session import DEFAULT_RULE, Session, tailor
from emgfeedback.values import Calibration, Command, Phase, Protocol, Recording, StreamInfo


@dataclass(slots=True)
class Job:
    """A run that is ready to go; `run` blocks until it is over and closes everything.

    ``start_recorder`` is called once the source is connected, so that a board that cannot be had leaves no
    empty recording. ``again``, where set, puts the same run together once more, after a board that could
    not be had.
    """

    source: Source
    info: StreamInfo
    protocol: Protocol
    pipeline: Pipeline
    session: Session
    commands: Queue | Recorded
    start_recorder: Callable[[], Recorder] | None = None
    recorder: Recorder | None = None
    sinks: tuple[Sink, ...] = ()
    outlets: LslOutlets | None = None
    participant: str = ""
    side: str = ""
    simulated: bool = False
    replay: bool = False
    rule: str = DEFAULT_RULE
    display: str = "rms"
    mode: str = ""
    path: str | None = None
    warnings: list[str] = field(default_factory=list)
    outcome: Outcome | None = None
    again: Callable[[], Job] | None = None
    grades: Grades = field(init=False)

    def __post_init__(self) -> None:
        self.grades = Grades(self.pipeline, self.session, self.source)

    def publish(self) -> None:
        """Offer raw samples, levels and events as LSL outlets on the local network.

        Raises
        ------
        UsageError
            Without pylsl.
        """
        self.outlets = LslOutlets(self.info, self.pipeline.grid, "emgfeedback")

    @property
    def recording_path(self) -> str | None:
        """Where the recording is, or what is being replayed."""
        return str(self.recorder.path) if self.recorder else self.path

    def run(self, extra_sinks: Sequence[Sink] = ()) -> Outcome:
        """Drive the session to its end.

        Raises
        ------
        SourceError
            The source failed for good; the recording is closed properly first.
        RecordingError
            The recording failed; its last whole record is kept.
        """
        tally = Tally(self.info, self.pipeline.grid, self.protocol.id)
        lost: SourceError | None = None
        try:
            self._prepare()
            recorder: tuple[Sink, ...] = (self.recorder,) if self.recorder else ()
            outlets: tuple[Sink, ...] = (self.outlets,) if self.outlets else ()
            sinks = (*recorder, *self.sinks, *outlets, self.grades, *extra_sinks, tally)
            run(self.source, self.pipeline, self.session, sinks, self.commands)
        except SourceError as error:
            lost = error
        finally:
            self.source.close()
        closing = self.session.close()
        tally.add_events(closing)
        self.outcome = outcome = tally.finish()
        outcome.recording = self.recording_path
        self._state_terms(outcome)
        outcome.fs_measured_hz = getattr(self.source, "fs_measured_hz", None)
        outcome.drift_ppm = getattr(self.source, "drift_ppm", None)
        outcome.warnings[:0] = [*self.warnings, *getattr(self.source, "warnings", ())]
        surplus = getattr(self.source, "rows_surplus", 0)
        if surplus:
            outcome.warnings.append(f"{surplus} rows of the board had no place in time and were left out")
        if self.outlets:
            self.outlets.log(closing)
            self.outlets.close()
        if self.recorder:
            self.recorder.log(closing)
            self.recorder.close(outcome.to_json())
        if lost:
            raise lost
        return outcome

    def _state_terms(self, outcome: Outcome) -> None:
        """Say by which rule and amplitude was judged, and what this rate can show."""
        grid = self.pipeline.grid
        outcome.rule = rule_to_json(self.rule, self.protocol.ratio, grid.fs_hz)
        window_ms = 1000 * grid.window_samples / grid.fs_hz
        outcome.amplitude = {"reward": "rms", "window_ms": window_ms, "display": self.display}
        outcome.mode = self.mode
        outcome.readings = grades_to_json(self.grades.worst)
        calibrated = outcome.reference_kind != "none"
        outcome.notes = [rate_words(grid), *filter(None, (ratio_words(grid, calibrated),))]
        outcome.notes.append(claims(outcome.reference_kind).outcome)

    def _prepare(self) -> None:
        """Connect, let the link speak to the session, and open the recording."""
        if hasattr(self.source, "on_link"):
            self.source.on_link = lambda state, cause: self.commands.post("link", state=state, cause=cause)
        sample_at = getattr(self.source, "sample_at", None)
        if sample_at and isinstance(self.commands, Queue):
            self.commands.sample_now = lambda: sample_at(time.monotonic())
        connect = getattr(self.source, "connect", None)
        if connect:
            connect()
        if getattr(self.source, "link", "") == "closed":
            raise SourceError("connecting was cancelled; nothing was recorded")
        if self.start_recorder:
            self.recorder = self.start_recorder()


def grid_of(info: StreamInfo) -> Grid:
    """The grid of a stream with its montage applied; a trunk muscle raises the low edge for all."""
    return grid_for(info.fs_hz, any(channel.muscle in TRUNK_MUSCLES for channel in info.channels))


def live_job(
    source: Source,
    montage: Mapping[str, str],
    side: str,
    protocol: Protocol,
    mains_hz: float,
    *,
    library: Path,
    meta: Mapping[str, Any],
    calibration: Calibration | None = None,
    sinks: Sequence[Sink] = (),
    display: str = "rms",
    terms: Terms = DEFAULT_TERMS,
) -> Job:
    """Put a live, recorded run together.

    Parameters
    ----------
    display : amplitude on the screen, of `processing.display.DISPLAYS`
    meta : what else the recording should remember: participant, source, seed, gain, simulated, versions
    calibration : from an earlier recording of the same chain, placement and day; skips the set-up phases
    terms : what the person may do, and in which way the exercise is done

    Raises
    ------
    UsageError
        Where the waist electrode sits on the wrong side for the exercise, or an option is unknown.
    """
    check_sites(protocol, montage)
    info = apply_montage(source.info, montage, side, protocol.target, protocol.rivals)
    meta = {"started_at": datetime.now().astimezone().isoformat(), **meta}
    today = str(meta["started_at"])
    if calibration is not None:
        check_calibration(calibration, info, grid_of(info), today)
    tailored = tailor(terms.apply(protocol), info, calibration is not None)
    job = _job(source, info, tailored, mains_hz, calibration, today, display, terms=terms)
    head = {
        **meta,
        "montage": dict(montage),
        "side": side,
        "mains_hz": mains_hz,
        "grid": _grid_to_json(job.pipeline.grid),
        "display": display,
        "terms": terms.to_json(),
        "calibration": calibration_to_json(calibration) if calibration else None,
        **_exercise_to_json(protocol),
    }
    job.start_recorder = lambda: Recorder(library, info, head)
    job.sinks = tuple(sinks)
    return _about(job, head, mode_words(protocol, info))


def _about(job: Job, meta: Mapping[str, Any], mode: str) -> Job:
    """Say on the job who and what it is about."""
    job.participant, job.side = str(meta.get("participant", "")), str(meta.get("side", ""))
    job.simulated, job.mode = bool(meta.get("simulated")), mode
    return job


def _job(
    source: Source,
    info: StreamInfo,
    protocol: Protocol,
    mains_hz: float,
    calibration: Calibration | None,
    started_at: str,
    display: str,
    rule: str = DEFAULT_RULE,
    *,
    terms: Terms,
) -> Job:
    grid = grid_of(info)
    session = Session(
        info,
        grid,
        protocol,
        mains_hz,
        calibration,
        rule,
        started_at,
        reference_kind=terms.reference_kind,
        limits=terms.limits,
        draw=terms.draw,
    )
    pipeline = Pipeline(info, grid, mains_hz, display)
    return Job(source, info, protocol, pipeline, session, Queue(), rule=rule, display=display)


def replay_job(
    recording: Recording,
    info: StreamInfo,
    protocol: Protocol,
    mains_hz: float,
    *,
    calibration: Calibration | None = None,
    rule: str = DEFAULT_RULE,
    display: str = "rms",
    sizes: Sequence[int] = (1024,),
    speed: float = float("inf"),
) -> Job:
    """Put a replay together; it obeys the recorded commands, or starts by itself where there are none."""
    meta, commands = recording.meta, recording.commands
    if not any(command.kind == "start" for command in commands):
        commands = (Command(0, "start"), *commands)
    started_at = str(meta.get("started_at", ""))
    same = protocol.text == (meta.get("protocol") or {}).get("text")
    terms = Terms.from_json(meta.get("terms") if same else None)
    tailored = tailor(terms.apply(protocol), info, calibration is not None)
    source = Replay(recording, sizes, speed)
    job = _job(source, info, tailored, mains_hz, calibration, started_at, display, rule, terms=terms)
    job.commands, job.replay = Recorded(commands), True
    job.path, job.warnings = recording.path, list(recording.warnings)
    return _about(job, meta, mode_words(protocol, info))


def recorded_protocol(recording: Recording) -> Protocol | None:
    """The protocol text that a recording carries, with the line it was run at; None for files of others."""
    kept = recording.meta.get("protocol")
    if not kept or not kept.get("text"):
        return None
    protocol = parse_protocol(kept["text"], f"protocol in {Path(recording.path).name}")
    return replace(protocol, ratio=float(recording.meta.get("ratio", protocol.ratio)))


def recorded_calibration(recording: Recording) -> Calibration | None:
    """The calibration that a recording was started with, if it was."""
    kept = recording.meta.get("calibration")
    return calibration_from_json(kept) if kept else None


def made_calibration(recording: Recording) -> Calibration:
    """The calibration to hand on to another run: the last one made in a recording, or the one it used.

    Raises
    ------
    InputError
        When the recording has none.
    """
    for event in reversed(recording.events):
        if event.kind == "calibration" and "refused" not in event.data:
            return calibration_from_json(event.data)
    used = recorded_calibration(recording)
    if used is None:
        raise InputError(
            f"{recording.path}: no calibration was completed in this recording; "
            "choose one whose rest and reference phases were finished"
        )
    return used


def observing(info: StreamInfo, seconds: float) -> Protocol:
    """A protocol that only watches, for recordings that have none."""
    muscles = [info.channels[i].muscle for i in info.used()]
    phase = Phase("observe", seconds, "Watch", repetition=1)
    return Protocol(
        id="observe",
        name="Observe",
        phases=(phase,),
        target=muscles[0],
        rivals=tuple(muscles[1:]),
        hold_s=3.0,
        ratio=1.32,
        min_level_pct=10.0,
        ceiling_pct=None,
        sides="open",
        coaching={},
    )


def _exercise_to_json(protocol: Protocol) -> dict[str, Any]:
    return {
        "task": protocol.id,
        "protocol": {"id": protocol.id, "text": protocol.text},
        "ratio": protocol.ratio,
        "rule": DEFAULT_RULE,
    }


def _grid_to_json(grid: Grid) -> dict[str, Any]:
    return {
        "hop_samples": grid.hop_samples,
        "window_samples": grid.window_samples,
        "band_hz": list(grid.band_hz),
        "verdict": grid.verdict,
    }
