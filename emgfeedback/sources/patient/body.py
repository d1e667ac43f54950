"""What the electrodes of the simulated person meet: muscles, heart, skin, mains, in figures."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from emgfeedback.errors import UsageError
from emgfeedback.values import Floats

MUSCLES = ("gmed", "tfl", "ql")
TFL = MUSCLES.index("tfl")

SMALLEST_RATE, MOST_PER_MIN, LARGEST = 1.0, 300.0, 1e6

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Body:
    """Sizes of all ingredients; triples are in the order gmed, tfl, ql, and 0 switches an ingredient off.

    ``amplitude_uv`` is the RMS of a muscle's EMG in its reference contraction *as the board records it*:
    over 0 to fs/2, after the decimation filter, whatever the rate. ``low_hz`` and ``high_hz`` shape its
    spectrum. ``crosstalk`` is the fraction of each muscle's EMG voltage that the two other channels see, or
    rows of weights [channel][muscle]. ``noise_uv`` (white, 0 to fs/2) and ``mains_uv`` are RMS, ``ecg_uv``
    is the R peak at the waist, ``offset_uv`` the largest electrode offset, ``drift_uv`` bounds its wander
    below 0.1 Hz, ``motion_uv`` is the SD of motion bumps. Without ``sinc3`` the EMG is sampled with no
    filter, and folds.

    Raises
    ------
    UsageError
        A size that is negative, no number or out of all proportion.
    """

    amplitude_uv: Triple = (120.0, 100.0, 80.0)
    low_hz: Triple = (60.0, 60.0, 45.0)
    high_hz: Triple = (120.0, 125.0, 100.0)
    crosstalk: float | tuple[Triple, Triple, Triple] = 0.05
    noise_uv: float = 2.2
    ecg_uv: float = 6.0
    heart_per_min: float = 70.0
    mains_uv: float = 0.3
    mains_hz: float = 50.0
    offset_uv: float = 20_000.0
    drift_uv: float = 50.0
    motion_uv: float = 1000.0
    motion_per_min: float = 0.0
    sinc3: bool = True

    def __post_init__(self) -> None:
        for field in fields(self):
            size = np.ravel(getattr(self, field.name))
            lowest = SMALLEST_RATE if field.name in ("low_hz", "high_hz", "heart_per_min") else 0.0
            highest = MOST_PER_MIN if field.name.endswith("_per_min") else LARGEST
            if not ((size >= lowest) & (size <= highest)).all():
                raise UsageError(
                    f"simulated patient: {field.name} is {size.tolist()}; write {lowest:g} to {highest:g}"
                )

    def mixing(self) -> Floats:
        """Weight (3, 3) of each muscle's EMG in each channel: 1 on the diagonal."""
        weights = np.asarray(self.crosstalk, dtype=float)
        own = np.eye(len(MUSCLES))
        return weights if weights.ndim == 2 else own + weights * (1.0 - own)
