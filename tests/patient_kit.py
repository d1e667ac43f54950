"""What a simulated person is told: ticks made by hand."""

import numpy as np

from emgfeedback.values import Dominance, Frame, Phase, Reward, Tick

NAN = float("nan")


def tick(
    end_sample: int,
    index: int,
    kind: str,
    muscle: str = "",
    repetition: int = 0,
    state: str = "running",
    rule: str = "hold",
) -> Tick:
    """A tick of a phase of ten seconds, which is all that a simulated person looks at."""
    unknown = np.full(3, NAN)
    return Tick(
        frame=Frame(end_sample, unknown, unknown, np.zeros(3, np.uint8), unknown),
        level_pct=unknown,
        dominance=Dominance(NAN, NAN, NAN, NAN, NAN, NAN, "", False),
        state=state,
        phase_index=index,
        phase=Phase(kind, 10.0, "", muscle=muscle, repetition=repetition, rule=rule),
        phase_left_s=1.0,
        reward=Reward(False, False),
        good_s=0.0,
        events=(),
    )
