"""Numbers behind the flags, graded good, amber or red, for set-up and console; they judge no hop.

Limits are those of section 7 of the project's science notes. What must withhold the reward is a flag of the
frame (`quality`, `listening`, `artefacts`); an amber number is for the operator to act on in time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emgfeedback.processing.listening import Heard

GOOD, AMBER, RED = "good", "amber", "red"


@dataclass(frozen=True, slots=True)
class Limit:
    """Where a number turns amber and red, in ``unit``; ``falling`` where small is bad."""

    amber: float
    red: float
    unit: str
    falling: bool = False

    def grade(self, value: float) -> str:
        """Grade a number; what is not known is good until it is."""
        worse, sign = (-value, -1.0) if self.falling else (value, 1.0)
        return RED if worse > sign * self.red else AMBER if worse > sign * self.amber else GOOD


LIMITS: Mapping[str, Limit] = {
    "rest": Limit(3.0, math.inf, "µV"),
    "rest of reference": Limit(10.0, 25.0, "%"),
    "signal to noise": Limit(20.0, 12.0, "dB", falling=True),
    "hum": Limit(10.0, 30.0, "%"),
    "clipping": Limit(10.0, 0.0, "s ago", falling=True),
    "offset": Limit(50.0, 80.0, "% of full scale"),
    "movement": Limit(1.0, 5.0, "× EMG"),
    "silence": Limit(0.5, 0.3, "µV", falling=True),
    "likeness": Limit(0.3, 0.7, "r"),
    "contact": Limit(10.0, 50.0, "kΩ"),
    "contact of a pair": Limit(math.inf, 20.0, "kΩ apart"),
    "loss": Limit(0.0, 1.0, "%"),
    "rate": Limit(1.0, 3.0, "%"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One number of one channel or of the link, NaN where it is not known."""

    check: str
    value: float
    grade: str

    @classmethod
    def of(cls, check: str, value: float) -> Reading:
        """Grade a number by its limit."""
        return cls(check, value, LIMITS[check].grade(value))


def channel_readings(heard: Heard, clipped_ago_s: Sequence[float]) -> list[tuple[Reading, ...]]:
    """Grade what is heard while the signal runs, for each used channel.

    Parameters
    ----------
    heard : what `Pipeline.heard` says
    clipped_ago_s : seconds since a sample was at the rail, as `Pipeline.clipped_ago_s` says
    """
    return [
        (
            Reading.of("hum", 100 * float(heard.mains_ratio[c])),
            Reading.of("movement", float(heard.motion_ratio[c])),
            Reading.of("offset", 100 * float(heard.offset_share[c])),
            Reading.of("silence", float(heard.rms_uv[c])),
            _likeness(float(heard.correlation[c]), float(heard.likeness[c])),
            Reading.of("clipping", ago_s),
        )
        for c, ago_s in enumerate(clipped_ago_s)
    ]


def calibration_readings(rest_uv: float, reference_uv: float) -> tuple[Reading, ...]:
    """Grade rest and reference of one muscle, RMS in µV; 20·log10(reference / rest) is signal to noise."""
    if not (rest_uv > 0 and reference_uv > 0):
        return (Reading.of("rest", rest_uv),)
    share = rest_uv / reference_uv
    return (
        Reading.of("rest", rest_uv),
        Reading.of("rest of reference", 100 * share),
        Reading.of("signal to noise", -20 * math.log10(share)),
    )


def contact_readings(first_kohm: float, second_kohm: float) -> tuple[Reading, ...]:
    """Grade the contact of the two electrodes of a channel."""
    worse, apart = max(first_kohm, second_kohm), abs(first_kohm - second_kohm)
    return Reading.of("contact", worse), Reading.of("contact of a pair", apart)


def link_readings(loss_share: float, rate_hz: float, nominal_hz: float) -> tuple[Reading, ...]:
    """Grade the samples lost in the last ten seconds and the measured rate."""
    off_pct = 100 * abs(rate_hz / nominal_hz - 1)
    return Reading.of("loss", 100 * loss_share), Reading.of("rate", off_pct)


def _likeness(correlation: float, likeness: float) -> Reading:
    """A leak into a quiet muscle is amber however alike it is; only channels of like size are one."""
    limit = LIMITS["likeness"]
    leak = GOOD if limit.grade(correlation) == GOOD else AMBER
    return Reading("likeness", correlation, RED if likeness > limit.red else leak)
