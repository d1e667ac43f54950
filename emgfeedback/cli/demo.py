"""``emgfeedback demo``: a whole session of a simulated person on a simulated Cyton, through BrainFlow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emgfeedback.cli.common import (
    default_library,
    display_option,
    json_option,
    lsl_option,
    mains_hz_of,
    positive_seconds,
    show_or_run,
)
from emgfeedback.cli.live import header
from emgfeedback.cli.permits import simulated_limits
from emgfeedback.cli.protocols import load_protocol

if TYPE_CHECKING:
    from emgfeedback.run.loop import Source
    from emgfeedback.sources.patient import Patient

PARTICIPANT = "demo"
GAIN = 24


@click.command("demo")
@click.option("--headless", is_flag=True, help="No window; a line per phase on stderr.")
@click.option("--seconds", type=float, help="Stop after this time.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another person.")
@click.option("--out", type=click.Path(path_type=Path), help="Library folder of the recording.")
@display_option
@lsl_option
@json_option
def demo_command(
    headless: bool = False,
    seconds: float | None = None,
    seed: int = 1,
    out: Path | None = None,
    display: str = "rms",
    lsl: bool = False,
    as_json: bool = False,
) -> int:
    """Show a whole session with a simulated person on a simulated Cyton; no board needed."""
    from emgfeedback.run.job import live_job
    from emgfeedback.run.terms import Terms
    from emgfeedback.sources.patient import Patient

    positive_seconds(seconds)
    protocol = load_protocol("demo")
    person = Patient(seed=seed, n_channels=8, paced=True)
    montage = {muscle: str(i) for i, muscle in enumerate((protocol.target, *protocol.rivals), start=1)}
    with worn(person) as (source, address):
        job = live_job(
            source,
            montage,
            "right",
            protocol,
            mains_hz_of(None),
            library=out or default_library(),
            meta=header(PARTICIPANT, address or f"patient:seed={seed}", seed, GAIN, simulated=True),
            sinks=(person,),
            display=display,
            terms=Terms(simulated_limits()),
        )
        if lsl:
            job.publish()
        return show_or_run(job, headless, seconds, as_json, autostart=True)


@contextmanager
def worn(person: Patient) -> Iterator[tuple[Source, str]]:
    """The person on a virtual Cyton, read through BrainFlow, and its address; without a pty, directly."""
    from emgfeedback.sources.virtual_cyton import VirtualCyton, available

    if not available():
        click.echo("no pseudo-terminal here: the person is read without a simulated board", err=True)
        yield person, ""
        return
    from emgfeedback.sources.brainflow import open_brainflow

    with VirtualCyton(person.next_counts) as cyton:
        address = f"cyton:{cyton.port}"
        yield open_brainflow(address, GAIN), address
