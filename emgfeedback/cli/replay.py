"""``emgfeedback replay``: a recording again, with the same answer or rescored."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emgfeedback.cli.common import (
    AboutFile,
    display_option,
    file_options,
    json_option,
    lsl_option,
    mains_hz_of,
    mains_option,
    montage_of_file,
    pair_of_numbers,
    print_outcome,
    show,
    stopping_on_interrupt,
    window_possible,
)
from emgfeedback.cli.protocols import load_protocol
from emgfeedback.errors import UsageError
from emgfeedback.values import Chunk, Protocol, Recording, StreamInfo, Tick

if TYPE_CHECKING:
    from emgfeedback.run.job import Job

FOR_THE_EYE_S = 0.02
SETTABLE = {"ratio": float, "hold_s": float, "min_level_pct": float, "ceiling_pct": float, "rule": str}


@click.command("replay")
@click.argument("recording", type=click.Path(path_type=Path))
@click.option("--speed", help="Times real time, or max (default: 1 in the window, max without).")
@click.option("--headless", is_flag=True, help="No window.")
@click.option("--chunk", help="Samples per chunk, or whole; changes no result.")
@click.option("--protocol", help="Another exercise (name, id or file) than the recorded one.")
@click.option("--rest", help="Seconds of quiet rest to calibrate from, as A,B.")
@click.option("--reference", multiple=True, help="Seconds of reference contraction, as A,B or MUSCLE=A,B.")
@click.option("--set", "settings", multiple=True, help=f"KEY=VALUE; keys: {', '.join(SETTABLE)}.")
@click.option("--ticks", type=click.Path(path_type=Path), help="Write one row per hop to this CSV file.")
@file_options
@mains_option
@display_option
@lsl_option
@json_option
def replay_command(
    recording: Path,
    speed: str | None,
    headless: bool,
    chunk: str | None,
    protocol: str | None,
    rest: str | None,
    reference: tuple[str, ...],
    settings: tuple[str, ...],
    ticks: Path | None,
    about: AboutFile,
    mains: str | None,
    display: str,
    lsl: bool,
    as_json: bool,
) -> int:
    """Run RECORDING again: one of ours, finished or not, or a file of another program."""
    from emgfeedback.storage.opening import open_any

    pace = _pace(speed, headless)
    _check_chunk(chunk)
    opened = open_any(recording, about.import_options())
    info = montage_of_file(opened, about.montage)
    known = mains or opened.meta.get("mains_hz")
    default_hz = mains_hz_of(None)
    mains_hz = [float(known)] if known else sorted((50.0, 60.0), key=lambda hz: hz != default_hz)
    sizes = (_size(chunk, opened.info.fs_hz, pace),)
    job = _job(opened, info, protocol, mains_hz, rest, reference, _settings(settings), sizes, pace, display)
    if lsl:
        job.publish()
    return _show(job, opened, headless, ticks, as_json)


def _job(
    opened: Recording,
    info: StreamInfo,
    protocol: str | None,
    mains_hz: Sequence[float],
    rest: str | None,
    reference: tuple[str, ...],
    settings: dict[str, Any],
    sizes: Sequence[int],
    speed: float,
    display: str,
) -> Job:
    from emgfeedback.run.job import observing, recorded_calibration, recorded_protocol, replay_job
    from emgfeedback.run.offline import calibrate_from
    from emgfeedback.training.session import DEFAULT_RULE

    rule = settings.pop("rule", opened.meta.get("rule", DEFAULT_RULE))
    calibration = recorded_calibration(opened) if protocol is None else None
    doubts: list[str] = []
    exercise = load_protocol(protocol) if protocol else recorded_protocol(opened)
    if rest or reference:
        if not (rest and reference):
            raise UsageError("--rest and --reference go together; give both, as seconds A,B")
        spans = dict(_reference(text) for text in reference)
        calibration, doubts = calibrate_from(opened, info, mains_hz, pair_of_numbers(rest, "--rest"), spans)
    if exercise is None:
        exercise = observing(info, len(opened.counts) / info.fs_hz + 1)
    exercise = _fitted(replace(exercise, **settings), info)
    notch_hz = float(calibration.chain["notch_hz"]) if calibration else 0.0
    job = replay_job(
        opened,
        info,
        exercise,
        notch_hz or mains_hz[0],
        calibration=calibration,
        rule=rule,
        sizes=sizes,
        speed=speed,
        display=display,
    )
    job.warnings += doubts
    return job


def _fitted(protocol: Protocol, info: StreamInfo) -> Protocol:
    muscles = [info.channels[i].muscle for i in info.used()]
    if protocol.target not in muscles:
        raise UsageError(
            f"protocol {protocol.id} trains {protocol.target}, the montage names {', '.join(muscles)}; "
            f"add {protocol.target}=CHANNEL to --montage"
        )
    return protocol


def _show(job: Job, opened: Recording, headless: bool, ticks: Path | None, as_json: bool) -> int:
    from emgfeedback.run.ticks import TickTable

    table = TickTable(ticks, job.info) if ticks else None
    if table:
        job.sinks = (*job.sinks, table)
    try:
        if not headless and window_possible():
            return show(job, as_json, autostart=True)
        bar = ReplayBar(len(opened.counts), job.info.fs_hz)
        with stopping_on_interrupt(job), bar:
            outcome = job.run((bar,))
    finally:
        if table:
            table.close()
    outcome.received_samples = sum(end - first for first, end in opened.stretches())
    outcome.lost_samples = sum(gap.n_samples for gap in opened.gaps)
    outcome.gaps = list(opened.gaps)
    print_outcome(outcome, as_json)
    return 0


class ReplayBar:
    """A sink that shows how far a long replay is, on a terminal only."""

    def __init__(self, n_samples: int, fs_hz: float) -> None:
        from rich.console import Console
        from rich.progress import Progress

        self._progress = Progress(console=Console(stderr=True), disable=not sys.stderr.isatty())
        self._task = self._progress.add_task("replay", total=n_samples / fs_hz)
        self._fs_hz = fs_hz

    def __enter__(self) -> ReplayBar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def on_chunk(self, chunk: Chunk) -> None:
        """Advance the bar."""
        self._progress.update(self._task, completed=chunk.end_sample / self._fs_hz)

    def on_tick(self, tick: Tick) -> None:
        """Ticks do not move the bar."""


def _check_chunk(chunk: str | None) -> None:
    if chunk is None or chunk == "whole":
        return
    if not (chunk.isascii() and chunk.isdigit() and 1 <= int(chunk) <= sys.maxsize):
        raise UsageError(f"--chunk {chunk[:20]!r}: write a number of samples above 0, or whole")


def _size(chunk: str | None, fs_hz: float, pace: float) -> int:
    """Samples per chunk: what was asked for, else small for the eye and large for speed."""
    if chunk is None:
        return 1024 if math.isinf(pace) else max(1, round(FOR_THE_EYE_S * fs_hz))
    return sys.maxsize if chunk == "whole" else int(chunk)


def _pace(speed: str | None, headless: bool) -> float:
    if speed is None:
        return math.inf if headless else 1.0
    if speed == "max":
        return math.inf
    try:
        pace = float(speed)
    except ValueError:
        pace = math.nan
    if not (math.isfinite(pace) and pace > 0):
        raise UsageError(f"--speed {speed[:20]!r}: write a number above 0 (1 is real time), or max")
    return pace


def _reference(text: str) -> tuple[str, tuple[float, float]]:
    muscle, equals, span = text.rpartition("=")
    return muscle if equals else "", pair_of_numbers(span, "--reference")


def _settings(settings: tuple[str, ...]) -> dict[str, Any]:
    from emgfeedback.training.session import RULES

    values: dict[str, Any] = {}
    for text in settings:
        key, _, value = text.partition("=")
        if key not in SETTABLE:
            raise UsageError(f"--set {text[:40]!r}: the keys are {', '.join(SETTABLE)}")
        try:
            values[key] = SETTABLE[key](value)
        except ValueError:
            raise UsageError(f"--set {text[:40]!r}: write a number after {key}=") from None
        if key != "rule" and not (math.isfinite(values[key]) and values[key] > 0):
            raise UsageError(f"--set {text[:40]!r}: {key} must be above 0")
    if values.get("rule") not in (None, *RULES):
        raise UsageError(f"--set rule={values['rule'][:40]}: the rules are {', '.join(RULES)}")
    return values
