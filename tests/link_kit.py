"""A session through BrainFlow's driver with a simulated person on a virtual Cyton."""

from collections.abc import Sequence
from pathlib import Path

from run_kit import MUSCLES

from emgfeedback.run.job import Job, live_job
from emgfeedback.run.terms import Terms
from emgfeedback.sources.brainflow import open_brainflow
from emgfeedback.sources.patient import Patient
from emgfeedback.sources.virtual_cyton import Faults, VirtualCyton
from emgfeedback.storage.recording import open_recording
from emgfeedback.training.protocol import parse_protocol
from emgfeedback.values import Calibration, Recording

SET_UP = [("rest", 6, ""), *(("reference", 5, muscle) for muscle in MUSCLES)]


def text(work_s: int) -> str:
    """A HOLD protocol whose set-up a calibration makes unnecessary."""
    lines = ['schema = 1\nid = "LINK"\nname = "Link"\ntarget = "gmed"\nrivals = ["tfl", "ql"]']
    lines.append('[reward]\nrule = "hold"\nhold_s = 6\n[[block]]')
    for kind, seconds, muscle in [*SET_UP, ("work", work_s, ""), ("relax", 1, "")]:
        lines.append(f'[[block.phase]]\nkind = "{kind}"\nseconds = {seconds}\ncue = "{kind}"')
        lines += [f'muscle = "{muscle}"'] if muscle else []
    return "\n".join(lines) + "\n"


def job_of(
    source: object, library: Path, sinks: Sequence[object], calibration: Calibration | None, work_s: int = 8
) -> Job:
    montage = {muscle: str(i) for i, muscle in enumerate(MUSCLES, start=1)}
    return live_job(
        source,  # type: ignore[arg-type]
        montage,
        "right",
        parse_protocol(text(work_s), "link.toml"),
        50.0,
        library=library,
        meta={"participant": "T1", "source": "test", "simulated": True},
        calibration=calibration,
        sinks=sinks,  # type: ignore[arg-type]
        terms=Terms(limits=None),
    )


def through_brainflow(
    library: Path,
    calibration: Calibration | None,
    faults: Faults,
    speed: float = 1.0,
    sinks: Sequence[object] = (),
    work_s: int = 8,
) -> tuple[Job, Recording]:
    """One session through BrainFlow's driver; the person listens to the session."""
    person = Patient("taught", seed=4, n_channels=8)
    with VirtualCyton(person.next_counts, speed=speed, faults=faults, link=library / "board") as cyton:
        job = job_of(open_brainflow(f"cyton:{cyton.port}"), library, (person, *sinks), calibration, work_s)
        job.commands.post("start")
        job.run()
    assert job.recorder
    return job, open_recording(job.recorder.path)
