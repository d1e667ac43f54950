"""``emgfeedback demo``: a whole session of a simulated person on a simulated Cyton, through BrainFlow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from emgfeedback.cli.common import default_library, json_option, mains_hz_of, positive_seconds, show_or_run
from emgfeedback.cli.live import header
from emgfeedback.cli.protocols import load_protocol
from emgfeedback.values import Chunk

PARTICIPANT = "demo"


@click.command("demo")
@click.option("--headless", is_flag=True, help="No window; a line per phase on stderr.")
@click.option("--seconds", type=float, help="Stop after this time.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another person.")
@click.option("--out", type=click.Path(path_type=Path), help="Library folder of the recording.")
@json_option
def demo_command(
    headless: bool = False,
    seconds: float | None = None,
    seed: int = 1,
    out: Path | None = None,
    as_json: bool = False,
) -> int:
    """Show a whole session with a simulated person on a simulated Cyton; no board needed."""
    from emgfeedback.run.job import live_job

    positive_seconds(seconds)
    protocol = load_protocol("demo")
    source = SimulatedCyton(seed)
    montage = {muscle: str(i) for i, muscle in enumerate((protocol.target, *protocol.rivals), start=1)}
    job = live_job(
        source,
        montage,
        "right",
        protocol,
        mains_hz_of(None),
        library=out or default_library(),
        meta=header(PARTICIPANT, source.address, seed, 24, simulated=True),
        sinks=(source.patient,),
    )
    return show_or_run(job, headless, seconds, as_json, autostart=True)


class SimulatedCyton:
    """The simulated person on a virtual Cyton, read through BrainFlow; where there is no pty, directly."""

    def __init__(self, seed: int) -> None:
        from emgfeedback.sources.patient.patient import Patient
        from emgfeedback.sources.virtual_cyton import VirtualCyton, available

        self.patient = Patient(seed=seed, n_channels=8, paced=True)
        self.info = self.patient.info
        self.address = f"patient:seed={seed}"
        self._cyton: VirtualCyton | None = None
        if not available():
            click.echo(
                "no pseudo-terminal here: the simulated person is read without a simulated board", err=True
            )
            return
        from emgfeedback.sources.brainflow import open_brainflow

        self._cyton = VirtualCyton(self.patient.next_counts).start()
        self.address = f"cyton:{self._cyton.port}"
        try:
            self._board = open_brainflow(self.address, 24)
            self._board.connect()
        except BaseException:
            self._cyton.close()
            raise
        self.info = self._board.info

    @property
    def fs_measured_hz(self) -> float:
        """Rate of the board against this computer's clock."""
        return self._board.fs_measured_hz if self._cyton else self.info.fs_hz

    def __iter__(self) -> Iterator[Chunk]:
        yield from self._board if self._cyton else self.patient

    def close(self) -> None:
        """Release the board, then unplug it."""
        self.patient.close()
        if self._cyton:
            self._board.close()
            self._cyton.close()
