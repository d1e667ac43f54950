"""Options, readings and print-outs that several commands share."""

from __future__ import annotations

import functools
import json
import locale
import math
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from emgfeedback.errors import InputError, UsageError
from emgfeedback.values import OTHER, Chunk, Protocol, Recording, StreamInfo, Tick

if TYPE_CHECKING:
    from emgfeedback.run.job import Job
    from emgfeedback.run.outcome import Outcome
    from emgfeedback.storage.importers import ImportOptions

Function = TypeVar("Function", bound=Callable[..., Any])

STOP_WITHIN_S = 1.0
_COUNTRIES = "US CA MX BR CO VE PE EC KR TW PH SA GT HN NI CR PA CU DO PR SV BS BZ GY SR LR"
MAINS_60_HZ = frozenset(_COUNTRIES.split())
MAINS_60_HZ_WINDOWS = frozenset(
    {"United States", "Canada", "Mexico", "Brazil", "Korea", "Taiwan", "Philippines"}
)
"""Countries with 60 Hz mains (IEC World Plugs), by code, and as Windows writes them."""


def json_option(command: Function) -> Function:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")(command)


@dataclass(frozen=True, slots=True)
class AboutFile:
    """What the user says of a file that may not say it itself."""

    montage: str | None
    fs_hz: float | None
    unit: str | None
    delimiter: str | None
    decimal: str | None
    board: str | None

    def import_options(self) -> ImportOptions:
        """What importers want to know."""
        from emgfeedback.storage.importers import ImportOptions

        if self.fs_hz is not None and not (math.isfinite(self.fs_hz) and self.fs_hz > 0):
            raise UsageError(f"--fs {self.fs_hz:g}: write the sampling rate in Hz, for example --fs 1000")
        return ImportOptions(
            fs_hz=self.fs_hz,
            unit=self.unit,
            delimiter=self.delimiter,
            decimal=self.decimal,
            board=self.board,
        )


FILE_OPTIONS = (
    click.option("--montage", help="Channels of the muscles: gmed=1,tfl=2,ql=3, or a montage file."),
    click.option("--fs", "fs_hz", type=float, help="Sampling rate in Hz, where the file does not say."),
    click.option("--unit", help="Unit of the values: uV, mV or V."),
    click.option("--delimiter", help="What separates columns: a character, or comma, semicolon, tab, space."),
    click.option("--decimal", help="Decimal sign of a text file: . or ,"),
    click.option("--board", help="BrainFlow board of a raw BrainFlow file, such as GANGLION."),
)


def file_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what files of others may not say by themselves; the command gets it as ``about``."""

    @functools.wraps(command)
    def gathered(**values: Any) -> Any:
        about = AboutFile(**{field.name: values.pop(field.name) for field in fields(AboutFile)})
        return command(about=about, **values)

    for option in reversed(FILE_OPTIONS):
        option(gathered)
    return gathered


def lsl_option(command: Function) -> Function:
    """Add ``--lsl``."""
    words = "Offer raw, levels and events as LSL streams, open to everybody on the local network."
    return click.option("--lsl", is_flag=True, help=words)(command)


DISPLAY_NAMES = ("rms", "bayes", "whitened", "bayes-whitened")


def display_option(command: Function) -> Function:
    """Add ``--display``."""
    words = "Amplitude that the screen draws (default: rms); reward and report are by RMS always."
    return click.option("--display", type=click.Choice(DISPLAY_NAMES), default="rms", help=words)(command)


def mains_option(command: Function) -> Function:
    """Add ``--mains``."""
    choice = click.Choice(["50", "60"])
    return click.option("--mains", type=choice, help="Mains frequency in Hz (default: by country).")(command)


def positive_seconds(seconds: float | None) -> float | None:
    """Refuse negative, zero and endless durations."""
    if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
        raise UsageError(f"--seconds {seconds:g}: write a number above 0, for example --seconds 60")
    return seconds


def mains_hz_of(mains: str | None) -> float:
    """The mains frequency asked for, else that of the country in the user's locale, else 50 Hz."""
    if mains:
        return float(mains)
    settings = (os.environ.get(name) for name in ("LC_ALL", "LC_MONETARY", "LANG"))
    chosen = next(filter(None, settings), None) or locale.getlocale()[0] or ""
    country = chosen.partition("_")[2].partition(".")[0]
    return 60.0 if country.upper() in MAINS_60_HZ or country in MAINS_60_HZ_WINDOWS else 50.0


def read_montage(text: str) -> dict[str, str]:
    """A montage from the command line, or from a file where one is named."""
    from emgfeedback.training.montage import parse_montage, parse_montage_file

    path = Path(text)
    if "=" in text or path.suffix.lower() != ".toml":
        return parse_montage(text)
    try:
        return parse_montage_file(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"montage file {path}: cannot be read ({error}); give a TOML file") from None


def montage_for(info: StreamInfo, text: str | None, protocol: Protocol) -> dict[str, str]:
    """The montage asked for, else channels named like the muscles, else the first channels in order."""
    if text:
        return read_montage(text)
    from emgfeedback.training.options import OTHER_WAIST

    muscles = (protocol.target, *protocol.rivals, *protocol.watch)
    names = {channel.name.casefold() for channel in info.channels}
    named = {muscle: muscle for muscle in muscles if muscle in names}
    if protocol.target in named and len(named) > 1 and not (set(muscles) - set(named)) & set(OTHER_WAIST):
        return named
    return {muscle: str(i + 1) for i, muscle in enumerate(muscles[: len(info.channels)])}


def montage_of_file(recording: Recording, text: str | None) -> StreamInfo:
    """The stream of a recording with its own montage, or with the one asked for."""
    from emgfeedback.training.montage import apply_montage

    if text is None:
        if recording.info.used():
            return recording.info
        names = ", ".join(f"{i}: {c.name}" for i, c in enumerate(recording.info.channels[:12], start=1))
        raise UsageError(
            f"{Path(recording.path).name}: which channel is which muscle? Add for example "
            f"--montage gmed=1,tfl=2,ql=3; the file has {names}"
        )
    montage = read_montage(text)
    target = "gmed" if "gmed" in montage else next(iter(montage))
    rivals = [muscle for muscle in montage if muscle != target]
    side = str(recording.meta.get("side") or "right")
    channels = (replace(channel, muscle="", side="", role=OTHER) for channel in recording.info.channels)
    bare = replace(recording.info, channels=tuple(channels))
    return apply_montage(bare, montage, side, target, rivals)


def pair_of_numbers(text: str, option: str) -> tuple[float, float]:
    """Read ``A,B``."""
    try:
        first, second = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"{option} {text[:40]!r}: write two numbers, for example {option} 2,8") from None
    return first, second


def default_library() -> Path:
    """Where recordings go unless ``--library`` says otherwise."""
    import platformdirs

    return platformdirs.user_documents_path() / "emgfeedback"


def print_json(data: Mapping[str, Any]) -> None:
    """Print one JSON object; what is not a number becomes null."""
    from emgfeedback.storage.journal import plain

    click.echo(json.dumps(plain(data), ensure_ascii=False, indent=2))


class PhaseLines:
    """A sink that prints a line for each phase and repetition, to stderr."""

    def __init__(self, protocol: Protocol, fs_hz: float) -> None:
        self._protocol, self._fs_hz = protocol, fs_hz

    def on_chunk(self, chunk: Chunk) -> None:
        """Samples make no lines."""

    def on_tick(self, tick: Tick) -> None:
        """Turn events into lines."""
        for event in tick.events:
            words = self._words(event.kind, event.data)
            if words:
                click.echo(f"{event.sample / self._fs_hz:7.1f} s  {words}", err=True)

    def _words(self, kind: str, data: Mapping[str, Any]) -> str:
        if kind == "phase":
            phase = self._protocol.phases[data["index"]]
            of = f" {phase.repetition} of {self._protocol.repetitions}" if phase.repetition else ""
            muscle = f" {phase.muscle}" if phase.muscle else ""
            return f"{phase.kind}{muscle}{of}, {phase.seconds:g} s: {phase.cue}"
        if kind == "repetition":
            return "         " + repetition_line(data)
        if kind == "gap":
            return f"{data['missing_s']:.2f} s of signal were lost"
        if kind == "calibration" and "refused" in data:
            return f"not calibrated: {data['refused']}"
        return ""


def repetition_line(data: Mapping[str, Any]) -> str:
    """One repetition in words; ``data`` is that of a ``repetition`` event."""
    share = data["share_median"]
    words = f"good {data['good_s']:.1f} s, longest {data['longest_s']:.1f} s"
    words += (
        f", share {100 * share:.0f} %, {data['leader']} led" if share is not None else ", no effort measured"
    )
    if data["void"]:
        return f"{words} - void: {data['void']}"
    if data["rewarded"]:
        return f"{words} - rewarded"
    quiet = data["role"] or f"quiet{', line met' if data['met'] else ''}"
    return words if data["feedback"] in ("live", "after") else f"{words} - {quiet}"


def lesson_lines(data: Mapping[str, Any]) -> Iterator[str]:
    """Rewards, quiet repetitions, the display line and the retests of a session, in words."""
    whole = [one for one in data["repetitions"] if not one["void"]]
    told = [one for one in whole if one["feedback"] in ("live", "after")]
    quiet = [one for one in whole if one not in told and not one["role"]]
    yield f"rewards: {data['rewards']} of {len(told)} repetitions with feedback"
    if quiet:
        yield f"quiet: {sum(bool(one['met']) for one in quiet)} of {len(quiet)} met the line unaided"
    lines = [f"{line['ratio']:.2f}" for line in data["lines"]]
    if lines:
        fixed = sum(bool(one["met_fixed"]) for one in whole)
        yield f"line: {', '.join(lines)} : 1; {fixed} met the fixed {data['rule']['ratio']:g} : 1"
    for one in data["retests"]:
        what = one["tweak"] or one["label"] or one["role"]
        yield f"{what}: {one['words']}"


def print_outcome(outcome: Outcome, as_json: bool) -> None:
    """Print the summary of a run."""
    data = outcome.to_json()
    if as_json:
        print_json(data)
        return
    click.echo(f"{data['protocol']}: {data['seconds']:.1f} s at {data['fs_hz']:g} Hz", nl=False)
    click.echo(
        f", band {data['band_hz'][0]:g}-{data['band_hz'][1]:g} Hz, {data['lost_samples']} samples lost"
    )
    for number, repetition in enumerate(data["repetitions"], start=1):
        click.echo(f"  {number}: {repetition_line(repetition)}")
    for line in lesson_lines(data):
        click.echo(line)
    for muscle, flags in data["quality"].items():
        click.echo(f"  {muscle}: " + ", ".join(f"{flag} {seconds:.1f} s" for flag, seconds in flags.items()))
    for whose, checks in data["readings"].items():
        for reading in checks.values():
            click.echo(f"  {whose}, {reading['grade']}: {reading['words']}. {reading['step']}", err=True)
    for note in (*data["locked"], *data["warnings"], *data["notes"]):
        click.echo(f"note: {note}", err=True)
    if data["recording"]:
        click.echo(f"recording: {data['recording']}")


@contextmanager
def stopping_on_interrupt(job: Job) -> Iterator[None]:
    """Let Ctrl-C stop the session at the next hop; a source that gives no hop within a second is closed."""

    def stop(*_: object) -> None:
        job.commands.post("stop")
        impatience = threading.Timer(STOP_WITHIN_S, job.source.close)
        impatience.daemon = True
        impatience.start()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def run_headless(job: Job, seconds: float | None, as_json: bool, sinks: Sequence[Any] = ()) -> None:
    """Start, run to the end with a line per phase, and print the summary."""
    job.commands.post("start")
    if seconds is not None:
        job.commands.post("stop", not_before=round(seconds * job.info.fs_hz))
    with stopping_on_interrupt(job):
        outcome = job.run((PhaseLines(job.protocol, job.info.fs_hz), *sinks))
    print_outcome(outcome, as_json)


def show_or_run(
    job: Job, headless: bool, seconds: float | None, as_json: bool, autostart: bool = False
) -> int:
    """Open the window where there is a display; else, or when asked, run without one."""
    if headless or not window_possible():
        run_headless(job, seconds, as_json)
        return 0
    if seconds is not None:
        job.commands.post("stop", not_before=round(seconds * job.info.fs_hz))
    return show(job, as_json, autostart or seconds is not None)


def show(job: Job, as_json: bool, autostart: bool) -> int:
    """Show a run in the window, and print its summary as JSON where asked; returns the exit code."""
    from emgfeedback.app.main import open_window

    code = open_window(job, autostart=autostart)
    if as_json and job.outcome:
        print_outcome(job.outcome, as_json)
    return code


def window_possible() -> bool:
    """Whether a window can open here; if not, say why on stderr."""
    from emgfeedback.app.main import why_no_window

    reason = why_no_window()
    if reason:
        click.echo(f"running without a window: {reason}", err=True)
    return not reason
