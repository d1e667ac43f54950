"""``emgfeedback virtual-cyton``: a Cyton without hardware, and with whatever fault is wanted."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from emgfeedback.cli.common import AboutFile, file_options, json_option, positive_seconds, print_json
from emgfeedback.cli.protocols import load_protocol
from emgfeedback.errors import InputError, UsageError
from emgfeedback.values import ACCEL, COUNT_MAX, EMG

if TYPE_CHECKING:
    from emgfeedback.sources.virtual_cyton import AccelFeed, Faults, Feed, Resistors
    from emgfeedback.storage.importers import ImportOptions

Function = TypeVar("Function", bound=Callable[..., Any])
Value = TypeVar("Value")

CYTON_HZ, CYTON_LSB_UV = 250.0, 4.5 / COUNT_MAX / 24 * 1e6
ACCEL_HZ, ACCEL_LSB_G = 25.0, 0.000125

LAST_WORDS_S = 2.0
"""Time given to a reader to read the end of a file."""

OHM_UNITS = {"k": 1e3, "m": 1e6}

SPAN = {"multiple": True, "metavar": "CH,FROM_S[,TO_S]"}
FAULT_OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--loss", {"type": float, "metavar": "PERCENT", "help": "Packets that the radio loses."}),
    ("--burst", {"multiple": True, "metavar": "AT_S,N", "help": "N packets in a row are lost."}),
    ("--garbage", {"type": float, "metavar": "PERCENT", "help": "Packets that come damaged."}),
    ("--garbage-kinds", {"metavar": "KIND,…", "help": "Some of bit, footer, cut, junk (default: all)."}),
    ("--batch-ms", {"type": float, "help": "Packets arrive in batches: 16 is the timer of the USB chip."}),
    ("--jitter-ms", {"type": float, "help": "Each arrival is later by up to this time."}),
    ("--ppm", {"type": float, "help": "How much faster the board's clock runs."}),
    (
        "--stall",
        {"multiple": True, "metavar": "AT_S,SECONDS[,late|lost]", "help": "Nothing comes; then all, or not."},
    ),
    ("--unplug", {"multiple": True, "metavar": "AT_S[,SECONDS]", "help": "The port vanishes, and returns."}),
    ("--rail", {**SPAN, "help": "A channel at the end of its range."}),
    ("--flat", {**SPAN, "help": "A channel that is still."}),
    ("--lead-off", {**SPAN, "help": "A channel with an electrode off."}),
    ("--resistors", {"metavar": "FILE|CH:P/N,…", "help": "Electrodes in ohm: 1:5k/20k,2:50k/50k."}),
    ("--mains", {"type": float, "default": 50.0, "show_default": True, "help": "Hum of a loose electrode."}),
    ("--daisy", {"is_flag": True, "help": "16 channels at half the rate."}),
    ("--silent", {"is_flag": True, "help": "Take commands and never answer."}),
    ("--off", {"is_flag": True, "help": "Only the dongle is there."}),
    (
        "--refuse",
        {
            "is_flag": False,
            "flag_value": "xz~",
            "default": "",
            "metavar": "[xz~]",
            "help": "Refuse commands.",
        },
    ),
    ("--slow-stop-ms", {"type": float, "help": "Stream on for so long when stopped."}),
    ("--slow-reset-s", {"type": float, "help": "Boot for so long after a reset."}),
    ("--seed", {"type": int, "default": 1, "show_default": True, "help": "Another course of chance."}),
)


def fault_options(command: Function) -> Function:
    """Add all that can go wrong; the command gets it as ``**faults``."""
    for name, settings in reversed(FAULT_OPTIONS):
        command = click.option(name, **settings)(command)
    return command


@click.command("virtual-cyton")
@click.option("--input", "file", type=click.Path(path_type=Path), help="Recording to stream.")
@click.option(
    "--patient", "script", help="Script of the simulated person, or key=value,… (default: learner)."
)
@click.option("--seconds", type=float, help="End after this time.")
@click.option("--link", type=click.Path(path_type=Path), help="A name for the port that stays.")
@click.option(
    "--truth", type=click.Path(path_type=Path), help="Write the fate of every packet, a JSON object a line."
)
@fault_options
@file_options
@json_option
def virtual_cyton_command(
    file: Path | None,
    script: str | None,
    seconds: float | None,
    link: Path | None,
    truth: Path | None,
    about: AboutFile,
    as_json: bool,
    **faults: Any,
) -> None:
    """Be an OpenBCI Cyton: print a port, and stream a file or a simulated person to its reader.

    The person rests, presses and lifts by the clock of the demo protocol, from the moment streaming starts.
    What goes wrong, and when, is said on stderr. Times count seconds of streaming; options with a time may be
    given several times.
    """
    from emgfeedback.sources.virtual_cyton import VirtualCyton

    positive_seconds(seconds)
    wrong = read_faults(faults)
    accel = None
    if file is not None:
        feed, accel = file_feed(file, about.import_options(), wrong)
    else:
        feed = _patient_feed(script or "learner", wrong)
    with VirtualCyton(feed, faults=wrong, link=link, truth_file=truth, next_accel=accel, tell=_tell) as cyton:
        if as_json:
            print_json({"port": cyton.port, "device": cyton.device})
        else:
            click.echo(cyton.port)
        end_s = time.monotonic() + (seconds if seconds is not None else math.inf)
        while time.monotonic() < end_s and not cyton.ended.wait(0.2):
            pass
        if cyton.ended.is_set():
            cyton.drained(LAST_WORDS_S)


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)


def read_faults(options: Mapping[str, Any]) -> Faults:
    """Gather the faults asked for on the command line.

    Raises
    ------
    UsageError
        A value that cannot be read, or cannot be.
    """
    from emgfeedback.sources.virtual_cyton import GARBAGE, Burst, ChannelFault, Faults, Outage, Stall

    def channels(name: str) -> tuple[ChannelFault, ...]:
        def read(channel: str, from_s: str, to_s: str = "inf") -> ChannelFault:
            return ChannelFault(int(channel), float(from_s), float(to_s))

        return _each(options[name], f"--{name.replace('_', '-')} 2,5,10", read)

    kinds = options["garbage_kinds"]
    return Faults(
        loss_pct=options["loss"] or 0.0,
        bursts=_each(options["burst"], "--burst 10,300", lambda at_s, n: Burst(float(at_s), int(n))),
        garbage_pct=options["garbage"] or 0.0,
        garbage_kinds=tuple(kinds.split(",")) if kinds is not None else GARBAGE,
        batch_s=(options["batch_ms"] or 0.0) / 1000,
        jitter_s=(options["jitter_ms"] or 0.0) / 1000,
        clock_ppm=options["ppm"] or 0.0,
        stalls=_each(
            options["stall"],
            "--stall 10,2,late",
            lambda at_s, length_s, how="late": Stall(float(at_s), float(length_s), _is_late(how)),
        ),
        outages=_each(
            options["unplug"],
            "--unplug 10,4",
            lambda at_s, length_s="inf": Outage(float(at_s), float(length_s)),
        ),
        railed=channels("rail"),
        flat=channels("flat"),
        lead_off=channels("lead_off"),
        resistors=read_resistors(options["resistors"]) if options["resistors"] else (),
        mains_hz=options["mains"],
        daisy=options["daisy"],
        silent=options["silent"],
        off=options["off"],
        refused=options["refuse"],
        slow_stop_s=(options["slow_stop_ms"] or 0.0) / 1000,
        slow_reset_s=options["slow_reset_s"] or 0.0,
        seed=options["seed"],
    )


def _each(texts: tuple[str, ...], example: str, read: Callable[..., Value]) -> tuple[Value, ...]:
    """Read ``A,B,…`` as often as it was given."""
    values = []
    for text in texts:
        try:
            values.append(read(*text.split(",")))
        except (TypeError, ValueError, KeyError):
            option = example.partition(" ")[0]
            raise UsageError(f"{option} {text[:40]!r}: write for example {example}") from None
    return tuple(values)


def _is_late(word: str) -> bool:
    return {"late": True, "lost": False}[word]


def read_resistors(text: str) -> tuple[Resistors, ...]:
    """Electrodes from ``CH:P/N,…`` (ohm, or kilo-ohm as 5k), or from a file with one such entry a line.

    Raises
    ------
    UsageError
        An entry that cannot be read.
    InputError
        A file that cannot be read.
    """
    from emgfeedback.sources.virtual_cyton import Resistors

    if ":" not in text or Path(text).is_file():
        try:
            text = Path(text).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise InputError(
                f"--resistors {text[:80]}: no such text file; write 1:5k/20k, or name a file of such lines"
            ) from None
    entries = [entry.partition("#")[0].strip() for line in text.splitlines() for entry in line.split(",")]
    found = []
    for entry in filter(None, entries):
        try:
            channel, pins = entry.split(":")
            p_ohm, n_ohm = (_ohm(pin) for pin in pins.split("/"))
            found.append(Resistors(int(channel), p_ohm, n_ohm))
        except ValueError:
            raise UsageError(
                f"--resistors {entry[:40]!r}: write channel:P/N in ohm, for example 1:5k/20k"
            ) from None
    return tuple(found)


def _ohm(text: str) -> float:
    text = text.strip().lower()
    factor = OHM_UNITS.get(text[-1:], 1.0)
    return float(text.rstrip("km")) * factor


def _patient_feed(script: str, faults: Faults) -> Feed:
    from emgfeedback.sources.patient.address import parse_patient

    fs_hz = CYTON_HZ / faults.packets_per_row
    tail = script if "=" in script else f"script={script}"
    patient = parse_patient(tail, n_channels=faults.n_channels, fs_hz=fs_hz)
    if patient.info.fs_hz != fs_hz:
        raise UsageError(f"--patient {script[:40]!r}: this board has {fs_hz:g} Hz; leave out fs=")
    patient.rehearse(load_protocol("demo").phases)
    return patient.next_counts


def file_feed(file: Path, options: ImportOptions, faults: Faults) -> tuple[Feed, AccelFeed | None]:
    """Feed the first channels of a recording as counts of a Cyton at gain 24, and its accelerometer if any.

    Raises
    ------
    InputError
        A recording at another rate than the board's.
    """
    from emgfeedback.storage.opening import open_any

    recording = open_any(file, options)
    fs_hz = CYTON_HZ / faults.packets_per_row
    if recording.info.fs_hz != fs_hz:
        raise InputError(
            f"{file.name}: recorded at {recording.info.fs_hz:g} Hz; this board streams {fs_hz:g} Hz, "
            "choose a recording of that rate"
        )
    kinds = [channel.kind for channel in recording.info.channels]
    emg = [column for column, kind in enumerate(kinds) if kind == EMG][: faults.n_channels]
    accel = [column for column, kind in enumerate(kinds) if kind == ACCEL]
    next_counts = _rows_of(recording.counts, emg, recording.info.lsb_uv / CYTON_LSB_UV)
    if len(accel) != len("XYZ"):
        return next_counts, None
    every = round(fs_hz / ACCEL_HZ)
    scale = recording.info.channels[accel[0]].lsb / ACCEL_LSB_G
    return next_counts, _rows_of(recording.counts[::every], accel, scale)


def _rows_of(counts: Any, columns: list[int], scale: float) -> Feed:
    """Hand out some columns row by row, scaled, and None when there are no more."""
    import numpy as np

    position = 0

    def next_rows(n: int) -> Any:
        nonlocal position
        rows = np.asarray(counts[position : position + n])[:, columns]
        position += len(rows)
        if not len(rows):
            return None
        return np.clip(np.rint(rows * scale), -COUNT_MAX, COUNT_MAX).astype(np.int32)

    return next_rows
