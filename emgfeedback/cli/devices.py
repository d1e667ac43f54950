"""``emgfeedback boards`` and ``virtual-cyton``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from emgfeedback.cli.common import file_options, import_options, json_option, print_json
from emgfeedback.cli.protocols import load_protocol
from emgfeedback.errors import InputError

CYTON_CHANNELS = 8


@click.command("boards")
@json_option
def boards_command(as_json: bool) -> None:
    """List the boards that can be used, their rate, and what that rate can show."""
    from emgfeedback.sources.boards import boards

    rows = [
        {
            "name": board.scheme,
            "device": board.device,
            "brainflow_id": board.board_id,
            "fs_hz": board.fs_hz,
            "nyquist_hz": board.nyquist_hz,
            "channels": board.n_channels,
            "verdict": board.verdict,
        }
        for board in boards()
    ]
    if as_json:
        print_json({"boards": rows})
        return
    click.echo(f"{'address':24}{'board':34}{'Hz':>7}{'channels':>10}  verdict")
    for board in boards():
        name, size = f"{board.scheme}:", f"{board.fs_hz:>7g}{board.n_channels:>10}"
        click.echo(f"{name:24}{board.device[:32]:34}{size}  {board.verdict}")


@click.command("virtual-cyton")
@click.option("--input", "file", type=click.Path(path_type=Path), help="Recording to stream.")
@click.option(
    "--patient", "script", help="Script of the simulated person, or key=value,… (default: learner)."
)
@click.option("--seconds", type=float, help="End after this time.")
@file_options
@json_option
def virtual_cyton_command(
    file: Path | None,
    script: str | None,
    seconds: float | None,
    montage: str | None,
    fs_hz: float | None,
    unit: str | None,
    delimiter: str | None,
    decimal: str | None,
    board: str | None,
    as_json: bool,
) -> None:
    """Be an OpenBCI Cyton: print a port, and stream a file or a simulated person to its reader.

    The person rests, presses and lifts by the clock of the demo protocol, from the moment streaming starts.
    """
    from emgfeedback.cli.common import positive_seconds
    from emgfeedback.sources.virtual_cyton import VirtualCyton

    positive_seconds(seconds)
    if file is not None:
        feed = file_feed(file, import_options(fs_hz, unit, delimiter, decimal, board))
    else:
        feed = _patient_feed(script or "learner")
    with VirtualCyton(feed) as cyton:
        if as_json:
            print_json({"port": cyton.port})
        else:
            click.echo(cyton.port)
        end_s = time.monotonic() + (seconds if seconds is not None else float("inf"))
        while time.monotonic() < end_s and not cyton.ended.wait(0.2):
            pass


def _patient_feed(script: str) -> Any:
    from emgfeedback.sources.patient.address import parse_patient

    tail = script if "=" in script else f"script={script}"
    patient = parse_patient(tail, n_channels=CYTON_CHANNELS)
    patient.rehearse(load_protocol("demo").phases)
    return patient.next_counts


def file_feed(file: Path, options: Any) -> Any:
    """Feed the first eight channels of a recording, as counts of a Cyton at gain 24.

    Raises
    ------
    InputError
        A recording at another rate than the Cyton's 250 Hz.
    """
    import numpy as np

    from emgfeedback.sources.boards import find_board
    from emgfeedback.storage.opening import open_any
    from emgfeedback.values import COUNT_MAX

    recording = open_any(file, options)
    cyton = find_board("cyton")
    if recording.info.fs_hz != cyton.fs_hz:
        raise InputError(
            f"{file.name}: recorded at {recording.info.fs_hz:g} Hz; a Cyton streams {cyton.fs_hz:g} Hz, "
            "choose a recording of that rate"
        )
    scale = recording.info.lsb_uv / cyton.lsb_uv(24)
    position = 0

    def next_counts(n: int) -> Any:
        nonlocal position
        counts = np.asarray(recording.counts[position : position + n])[:, :CYTON_CHANNELS]
        position += len(counts)
        if not len(counts):
            return None
        padded = np.zeros((len(counts), CYTON_CHANNELS), np.int32)
        padded[:, : counts.shape[1]] = np.clip(np.rint(counts * scale), -COUNT_MAX, COUNT_MAX)
        return padded

    return next_counts
