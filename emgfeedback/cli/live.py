"""``emgfeedback run``: an exercise with a board, a file or a simulated person, recorded."""

from __future__ import annotations

import importlib.metadata
import platform
import secrets
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emgfeedback import __version__
from emgfeedback.cli.common import (
    default_library,
    display_option,
    json_option,
    lsl_option,
    mains_hz_of,
    mains_option,
    montage_for,
    positive_seconds,
    show_or_run,
)
from emgfeedback.cli.permits import limits_of, study_of, terms_of
from emgfeedback.cli.protocols import load_protocol

if TYPE_CHECKING:
    from emgfeedback.run.job import Job
    from emgfeedback.training.permissions import Limits
    from emgfeedback.values import Calibration, Protocol

GAINS = ("1", "2", "4", "6", "8", "12", "24")
PSEUDONYM_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@click.command("run")
@click.argument("protocol")
@click.option(
    "--source", "address", required=True, help="cyton:PORT, patient:seed=1, file:PATH, synthetic: …"
)
@click.option("--montage", help="Channels of the muscles, such as gmed=1,tfl=2,ql=3, or a montage file.")
@click.option("--side", type=click.Choice(["left", "right"]), default="right", show_default=True)
@click.option("--participant", help="Pseudonym of 1 to 32 letters and digits (default: a new random one).")
@click.option(
    "--calibration", type=click.Path(path_type=Path), help="Recording to take the calibration from."
)
@mains_option
@click.option("--gain", type=click.Choice(GAINS), default="24", show_default=True, help="Gain of a Cyton.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of a simulated person.")
@click.option("--headless", is_flag=True, help="No window; a line per phase on stderr.")
@click.option("--seconds", type=float, help="Stop after this time.")
@click.option("--library", type=click.Path(path_type=Path), help="Folder of the recordings.")
@click.option(
    "--permit",
    metavar="KEYS",
    help="What a clinician permits today, such as ABD,RES, or all, or none; what is not named is locked.",
)
@click.option("--limits", type=click.Path(path_type=Path), help="The person's limits, a TOML file.")
@click.option("--option", "options", multiple=True, help="A way to do the exercise, such as band.")
@click.option("--study", type=click.Path(path_type=Path), help="A study file; only it allows a sham.")
@click.option("--mvic", is_flag=True, help="Maximal reference contractions, where they are permitted.")
@display_option
@lsl_option
@json_option
def run_command(
    protocol: str,
    headless: bool,
    seconds: float | None,
    as_json: bool,
    permit: str | None,
    limits: Path | None,
    study: Path | None,
    **asked: Any,
) -> int:
    """Run PROTOCOL (a name, an id or a file) and record it."""
    from emgfeedback.run.job import made_calibration
    from emgfeedback.storage.library import check_label
    from emgfeedback.storage.recording import open_recording

    positive_seconds(seconds)
    exercise = load_protocol(protocol)
    person = asked["participant"]
    asked["participant"] = check_label("participant", person if person is not None else new_pseudonym())
    if asked["calibration"]:
        asked["calibration"] = made_calibration(open_recording(asked["calibration"]))
    allowed = limits_of(permit, limits, asked["side"])
    approved = study_of(study, exercise.id)

    def put_together() -> Job:
        job = _live(exercise, allowed, paced=not headless, study=approved, **asked)
        job.again = put_together
        return job

    return show_or_run(put_together(), headless, seconds, as_json)


def _live(
    exercise: Protocol,
    limits: Limits | None,
    *,
    paced: bool,
    address: str,
    montage: str | None,
    side: str,
    participant: str,
    calibration: Calibration | None,
    mains: str | None,
    gain: str,
    seed: int | None,
    library: Path | None,
    display: str,
    lsl: bool,
    options: tuple[str, ...],
    mvic: bool,
    study: dict[str, Any],
) -> Job:
    """Open the source and put the run together; the source is let go when that fails."""
    from emgfeedback.run.job import live_job
    from emgfeedback.sources.opening import open_source

    opened = open_source(address, gain=int(gain), seed=seed, paced=paced)
    try:
        job = live_job(
            opened.source,
            montage_for(opened.source.info, montage, exercise),
            side,
            exercise,
            mains_hz_of(mains),
            library=library or default_library(),
            meta=header(participant, address, seed, int(gain), opened.simulated),
            calibration=calibration,
            sinks=opened.listeners,
            display=display,
            terms=terms_of(address, limits, options, mvic, seed, study),
        )
        if lsl:
            job.publish()
    except BaseException:
        opened.source.close()
        raise
    return job


def new_pseudonym() -> str:
    """A random code that says nothing about the person."""
    return "P" + "".join(secrets.choice(PSEUDONYM_LETTERS) for _ in range(6))


def header(participant: str, source: str, seed: int | None, gain: int, simulated: bool) -> dict[str, Any]:
    """What a recording remembers about how it was made."""
    return {
        "version": __version__,
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in ("numpy", "scipy", "brainflow")},
        },
        "started_at": datetime.now().astimezone().isoformat(),
        "participant": participant,
        "source": source,
        "reference": "bipolar" if source.startswith("cyton") else "",
        "seed": seed,
        "gain": gain,
        "simulated": simulated,
    }
