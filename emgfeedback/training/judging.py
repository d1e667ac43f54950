"""The verdict on a hop, and what the log says of its quality."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emgfeedback.processing.bandwidth import Grid
from emgfeedback.training.calibration import levels_pct
from emgfeedback.training.dominance import NOT_MEASURABLE, Dominator
from emgfeedback.training.reward import RULES, Gate, verdict
from emgfeedback.values import (
    OTHER,
    Calibration,
    Channel,
    Dominance,
    Floats,
    Frame,
    Protocol,
    Quality,
    Reward,
    StreamInfo,
)


class Judge:
    """Levels, dominance and reward under one calibration, by the rule of that name.

    ``good_at_fixed_line`` tells of the last hop whether it was good at the protocol's own ratio. A ratio of 0
    is not asked for.
    """

    def __init__(
        self,
        info: StreamInfo,
        grid: Grid,
        protocol: Protocol,
        calibration: Calibration,
        rule: str,
        ceiling_pct: float | None = None,
    ) -> None:
        self.good_at_fixed_line = False
        self._calibration = calibration
        self._fixed_ratio = protocol.ratio
        self._dominator = Dominator(info, grid, calibration)
        self._gate = Gate(info, calibration, protocol.min_level_pct, ceiling_pct, protocol.rival_ceiling_pct)
        self._rule = RULES[rule](info, grid, calibration)
        self._met = self._met_at_fixed_line = False

    def __call__(
        self, frame: Frame, ratio: float, feedback: bool, hindrance: Callable[[Floats], str]
    ) -> tuple[Floats, Dominance, Reward]:
        """Judge one hop.

        Parameters
        ----------
        feedback : False in phases that reward nothing
        hindrance : what else stands in the way at these levels (n_used,) in %ref, empty for nothing
        """
        level_pct = levels_pct(frame.envelope_uv, self._calibration)
        missing = self._gate(frame, level_pct) or hindrance(level_pct)
        self._rule.observe(frame)
        self._met = self._meets(ratio, self._met)
        self._met_at_fixed_line = self._meets(self._fixed_ratio, self._met_at_fixed_line)
        self.good_at_fixed_line = self._met_at_fixed_line and not missing
        dominance = NOT_MEASURABLE
        if not missing.startswith("quality"):
            confidence = self._rule.confidence(ratio) if ratio else math.nan
            dominance = self._dominator(frame.envelope_uv, confidence)
        return level_pct, dominance, verdict(missing, self._met, feedback)

    def _meets(self, ratio: float, was_met: bool) -> bool:
        return ratio == 0 or self._rule.meets(ratio, was_met)

    def display_pct(self, frame: Frame) -> Floats | None:
        """Levels that are drawn, (n_used,) in %ref; None where they are those of the envelope."""
        return None if frame.display_uv is None else levels_pct(frame.display_uv, self._calibration)


class QualityNotes:
    """Logs gaps, and every change of a watched channel's flags."""

    def __init__(
        self, used: Sequence[Channel], grid: Grid, log: Callable[[str, Mapping[str, Any]], None]
    ) -> None:
        self._watched = [(i, channel.muscle) for i, channel in enumerate(used) if channel.role != OTHER]
        self._grid, self._log = grid, log
        self._flags: dict[str, list[str]] = {}
        self._last_heard: int | None = None

    def add(self, frame: Frame) -> None:
        """Take one hop."""
        hop_start = frame.end_sample - self._grid.hop_samples
        heard = not frame.quality[0] & Quality.GAP
        if not self._flags and heard and self._last_heard == hop_start and not frame.quality.any():
            self._last_heard = frame.end_sample
            return
        if heard and self._last_heard is not None and self._last_heard < hop_start:
            missing_s = (hop_start - self._last_heard) / self._grid.fs_hz
            self._log("gap", {"from_s": self._last_heard / self._grid.fs_hz, "missing_s": missing_s})
        if heard:
            self._last_heard = frame.end_sample
        flags = {
            muscle: [flag.name.lower() for flag in Quality if flag.name and flag & int(frame.quality[i])]
            for i, muscle in self._watched
            if frame.quality[i]
        }
        if flags != self._flags:
            self._flags = flags
            self._log("quality", flags)
