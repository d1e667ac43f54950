"""``emgfeedback analyze``, ``import`` and ``recover``: files, without a session."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emgfeedback import __version__
from emgfeedback.cli.common import (
    AboutFile,
    default_library,
    file_options,
    json_option,
    mains_hz_of,
    mains_option,
    montage_of_file,
    pair_of_numbers,
    print_json,
)
from emgfeedback.errors import UsageError
from emgfeedback.values import EMG, Recording, StreamInfo

if TYPE_CHECKING:
    from emgfeedback.storage.importers import ImportOptions

IMPORT_TASK = "import"
COPY_SAMPLES = 1 << 15


@click.command("analyze")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--band", help="Band in Hz, as LO,HI (default: by sampling rate).")
@click.option("--rms", "rms_ms", type=float, help="RMS window in ms (default 250).")
@click.option("--from", "from_s", type=float, default=0.0, help="Start in seconds.")
@click.option("--to", "to_s", type=float, help="End in seconds.")
@file_options
@mains_option
@json_option
def analyze_command(
    file: Path,
    band: str | None,
    rms_ms: float | None,
    from_s: float,
    to_s: float | None,
    about: AboutFile,
    mains: str | None,
    as_json: bool,
) -> None:
    """RMS, share and quality of each muscle in FILE; all channels when no montage is given."""
    from emgfeedback.run.offline import Stretch, analyze
    from emgfeedback.storage.opening import open_any

    band_hz = pair_of_numbers(band, "--band") if band else None
    if not from_s >= 0 or (to_s is not None and not to_s > from_s):
        raise UsageError(f"--from {from_s:g} --to {to_s}: write seconds, the second above the first")
    if rms_ms is not None and not rms_ms > 0:
        raise UsageError(f"--rms {rms_ms:g}: write a window in milliseconds, for example --rms 250")
    recording = open_any(file, about.import_options())
    info = (
        montage_of_file(recording, about.montage)
        if about.montage or recording.info.used()
        else _all_of(recording.info)
    )
    stretch = Stretch(band_hz, rms_ms, from_s, float("inf") if to_s is None else to_s)
    result = analyze(recording, info, mains_hz_of(mains), stretch)
    if as_json:
        print_json(result)
    else:
        _print_analysis(result)


def _all_of(info: StreamInfo) -> StreamInfo:
    """Every channel as a muscle of its own, in file order."""
    channels = tuple(
        dataclasses.replace(channel, muscle=f"ch{i}") if channel.kind == EMG else channel
        for i, channel in enumerate(info.channels, start=1)
    )
    return dataclasses.replace(info, channels=channels)


def _print_analysis(result: dict[str, Any]) -> None:
    low, high = result["band_hz"]
    click.echo(f"{result['seconds']:.2f} s at {result['fs_hz']:g} Hz, band {low:g}-{high:g} Hz")
    click.echo(f"{'muscle':8}{'channel':32}{'RMS µV':>10}{'share %':>9}  quality")
    for channel in result["channels"]:
        share = "" if channel["share_pct"] is None else f"{channel['share_pct']:.1f}"
        flags = ", ".join(f"{flag} {s:.1f} s" for flag, s in channel["quality"].items()) or "ok"
        click.echo(
            f"{channel['muscle']:8}{channel['label'][:30]:32}{channel['rms_uv']:>10.4g}{share:>9}  {flags}"
        )
    for gap in result["gaps"]:
        click.echo(f"gap at {gap['start_s']:.3f} s, {gap['missing_s']:.3f} s long")
    for warning in result["warnings"]:
        click.echo(f"note: {warning}", err=True)


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--library", type=click.Path(path_type=Path), help="Folder of the recordings.")
@click.option("--participant", help="Pseudonym of 1 to 32 letters and digits.")
@file_options
@json_option
def import_command(
    files: tuple[Path, ...],
    library: Path | None,
    participant: str | None,
    about: AboutFile,
    as_json: bool,
) -> None:
    """Copy FILES of other programs into a library, as BDF+ with all their channels."""
    from emgfeedback.storage.library import check_label

    options = about.import_options()
    if participant is not None:
        check_label("participant", participant)
    recordings, warnings = [], []
    for file in files:
        path, notes = _import_one(file, options, library or default_library(), participant, about.montage)
        recordings.append(str(path))
        warnings += [f"{file.name}: {note}" for note in notes]
    if as_json:
        print_json({"recordings": recordings, "warnings": warnings})
        return
    for line in recordings:
        click.echo(line)
    for warning in warnings:
        click.echo(f"note: {warning}", err=True)


def _import_one(
    file: Path, options: ImportOptions, library: Path, participant: str | None, montage: str | None
) -> tuple[Path, tuple[str, ...]]:
    from emgfeedback.storage.opening import open_any
    from emgfeedback.storage.recorder import Recorder

    recording = open_any(file, options)
    info = montage_of_file(recording, montage) if montage else recording.info
    recorder = Recorder(library, info, _import_header(file, recording, info, participant))
    for chunk in recording.chunks((COPY_SAMPLES,)):
        recorder.on_chunk(chunk)
    return recorder.close(), recording.warnings


def _import_header(
    file: Path, recording: Recording, info: StreamInfo, participant: str | None
) -> dict[str, Any]:
    """Name what was imported; without a code the person is named after the file's bytes, so twice is once."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
    return {
        **recording.meta,
        "version": __version__,
        "started_at": recording.meta.get("started_at") or datetime.now().astimezone().isoformat(),
        "participant": participant or f"I{digest[:8]}",
        "task": IMPORT_TASK,
        "source_sha256": digest,
        "montage": {c.muscle: c.name for c in info.channels if c.muscle},
        "side": next((c.side for c in info.channels if c.side), ""),
    }


@click.command("recover")
@click.argument("path", type=click.Path(path_type=Path))
@json_option
def recover_command(path: Path, as_json: bool) -> None:
    """Repair the recording at PATH after a crash: cut it after its last whole record, complete its files."""
    from emgfeedback.storage.recording import recover

    report = dataclasses.asdict(recover(path))
    if as_json:
        print_json({key: str(value) if isinstance(value, Path) else value for key, value in report.items()})
        return
    for key, value in report.items():
        click.echo(f"{key.replace('_', ' ')}: {value}")
