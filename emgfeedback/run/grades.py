"""The numbers behind the flags while a run goes on: what is amber now, and the worst of each check."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

from emgfeedback.processing.advice import reading_step, reading_words
from emgfeedback.processing.pipeline import Pipeline
from emgfeedback.processing.readings import (
    AMBER,
    GOOD,
    LIMITS,
    RED,
    Reading,
    calibration_readings,
    channel_readings,
    link_readings,
)
from emgfeedback.training.session import Session
from emgfeedback.training.setting_up import CONTRACTING
from emgfeedback.values import Chunk, Quality, Tick

LINK = "link"
EVERY_S = 0.5
LASTS = 6
"""Gradings in a row, 3 s, that must be bad before the mildest of them is told: one window may be chance."""
UNTRUE = int(Quality.SETTLING | Quality.GAP)
"""While a filter settles or samples are missing, a number says nothing about the electrodes."""


class Grades:
    """A sink that grades each used channel and the link twice a second.

    ``now`` has the readings that are not good, by muscle or "link", gravest first; ``worst`` the worst of
    each check over the run. Grades decide nothing: what withholds the reward is a flag. While one muscle
    contracts alone, a quiet neighbour is bound to hear it; the placement check judges that.
    """

    def __init__(self, pipeline: Pipeline, session: Session, source: Any) -> None:
        self.now: dict[str, tuple[Reading, ...]] = {}
        self.worst: dict[str, dict[str, Reading]] = {}
        self._pipeline, self._session, self._source = pipeline, session, source
        info = session.info
        self._muscles = [info.channels[i].muscle for i in info.used()]
        self._nominal_hz = info.fs_hz
        self._every = session.grid.hops(EVERY_S)
        self._hops = 0
        self._lately: dict[tuple[str, str], deque[Reading]] = {}

    def on_chunk(self, chunk: Chunk) -> None:
        """Raw samples are graded by the pipeline's own checks."""

    def on_tick(self, tick: Tick) -> None:
        """Grade, when it is time to."""
        self._hops += 1
        if self._hops % self._every:
            return
        self.now = {}
        for whose, readings in self._graded(tick).items():
            lasting = [self._mildest(whose, one) for one in readings]
            bad = sorted((one for one in lasting if one.grade != GOOD), key=_gravest, reverse=True)
            if bad:
                self.now[whose] = tuple(bad)
            for one in bad:
                kept = self.worst.setdefault(whose, {}).setdefault(one.check, one)
                self.worst[whose][one.check] = max(kept, one, key=_gravest)

    def _mildest(self, whose: str, reading: Reading) -> Reading:
        """The mildest of the last gradings; good until there are enough of them."""
        lately = self._lately.setdefault((whose, reading.check), deque(maxlen=LASTS))
        lately.append(reading)
        return min(lately, key=_gravest) if len(lately) == LASTS else Reading(reading.check, math.nan, GOOD)

    def _graded(self, tick: Tick) -> dict[str, list[Reading]]:
        heard = channel_readings(self._pipeline.heard, self._pipeline.clipped_ago_s())
        flags = tick.frame.quality.tolist()
        alone = tick.phase.kind in CONTRACTING
        graded = {
            muscle: [one for one in readings if not (bits & UNTRUE or (alone and one.check == "likeness"))]
            for muscle, bits, readings in zip(self._muscles, flags, heard, strict=True)
        }
        calibration = self._session.calibration
        if calibration is not None:
            for i, muscle in enumerate(self._muscles):
                rest_uv, reference_uv = float(calibration.rest_uv[i]), float(calibration.reference_uv[i])
                graded[muscle] += calibration_readings(rest_uv, reference_uv)
        measured_hz = getattr(self._source, "fs_measured_hz", None) or math.nan
        graded[LINK] = list(link_readings(self._pipeline.loss_share(), measured_hz, self._nominal_hz))
        return graded


def grades_to_json(worst: dict[str, dict[str, Reading]]) -> dict[str, dict[str, dict[str, Any]]]:
    """The worst of each check that was ever amber or red, by muscle or "link"."""
    return {
        whose: {
            check: {
                "value": one.value,
                "unit": LIMITS[check].unit,
                "grade": one.grade,
                "words": reading_words(one),
                "step": reading_step(one),
            }
            for check, one in checks.items()
        }
        for whose, checks in worst.items()
    }


def _gravest(reading: Reading) -> tuple[int, float]:
    sign = -1.0 if LIMITS[reading.check].falling else 1.0
    known = 0.0 if math.isnan(reading.value) else sign * reading.value
    return (GOOD, AMBER, RED).index(reading.grade), known
