"""A calibrated session fed with hand-made frames."""

from collections.abc import Sequence

import numpy as np
from run_kit import frame, protocol, stream

from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.training.calibration import chain_of
from emgfeedback.training.permissions import Limits
from emgfeedback.training.session import Session, tailor
from emgfeedback.values import Calibration, Command, Phase, Protocol, Tick

INFO = stream()
GRID = grid_for(250.0, trunk=True)
REST_UV, REFERENCE_UV = 2.0, 100.0
TAUGHT, UNTAUGHT, AT_REST = (60.0, 20.0, 20.0), (25.0, 30.0, 60.0), (REST_UV,) * 3
TODAY = "2026-11-20"
WORK = Phase("work", 10.0, "Lift", repetition=1)


def calibration(rest_uv: float = REST_UV, reference_uv: float = REFERENCE_UV) -> Calibration:
    return Calibration(
        rest_uv=np.full(3, rest_uv),
        rest_sd_uv=np.full(3, 0.2),
        reference_uv=np.full(3, reference_uv),
        dof=np.full(3, 2.7),
        reference_kind="submaximal",
        trials=(1, 1, 1),
        chain=chain_of(INFO, GRID, 0.0),
    )


class Bench:
    """A calibrated session fed with hand-made frames."""

    def __init__(
        self, exercise: Protocol | None = None, calibrated: bool = True, limits: Limits | None = None
    ) -> None:
        exercise = exercise or protocol([WORK])
        given = calibration() if calibrated else None
        asked = tailor(exercise, INFO, calibrated)
        self.session = Session(INFO, GRID, asked, 50.0, given, started_at=TODAY, limits=limits)
        self.ticks: list[Tick] = []
        self.hop([Command(0, "start")], AT_REST)

    def hop(
        self, commands: Sequence[Command] = (), envelope_uv: Sequence[float] = AT_REST, quality: int = 0
    ) -> Tick:
        end = 5 * (len(self.ticks) + 1)
        self.ticks.append(self.session.step(frame(end, envelope_uv, (0, quality, 0)), commands))
        return self.ticks[-1]

    def run(self, seconds: float, envelope_uv: Sequence[float], quality: int = 0) -> list[Tick]:
        return [self.hop((), envelope_uv, quality) for _ in range(round(seconds * 50))]

    def command(self, kind: str, **data: object) -> Tick:
        return self.hop([Command(0, kind, data)])

    def events(self, kind: str) -> list[dict]:
        return [dict(event.data) for tick in self.ticks for event in tick.events if event.kind == kind]
