"""What a session keeps of its repetitions: the display line, vetoes, tweaks, and when it is enough."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from emgfeedback.training.repetition import TOLD
from emgfeedback.training.shaping import next_ln, start_ln
from emgfeedback.values import Phase, Protocol

Log = Callable[[str, Mapping[str, Any]], None]


class Teaching:
    """Moves the display line between sets and ends the sets when too many are missed.

    ``ratio`` is the line in use, R itself where nothing is shaped; ``tweak`` and ``helps`` are what the
    operator noted for the repetitions to come.
    """

    def __init__(self, protocol: Protocol, log: Log) -> None:
        self.ratio = protocol.ratio
        self.tweak: Mapping[str, Any] = {}
        self.helps: Mapping[str, Any] = {}
        self.enough = False
        self._protocol, self._log = protocol, log
        self._sets = {phase.block for phase in protocol.phases if phase.kind == "work"}
        self._reports: list[dict[str, Any]] = []
        self._asked: float | None = None
        self._floor_ln = math.nan
        self._set = 0
        self._missed = 0

    def ask(self, ratio: float) -> None:
        """Take the operator's line: at once, or from the next set on where the line is shaped."""
        if self._protocol.shaping is not None and self._set:
            self._asked = ratio
        else:
            self._move(ratio, {"cause": "operator"})

    def enter(self, phase: Phase) -> None:
        """Move the line when another set begins; never within one."""
        if phase.kind != "work" or phase.block == self._set:
            return
        before, self._set = self._set, phase.block
        shaping = self._protocol.shaping
        asked, self._asked = self._asked, None
        if asked is not None:
            self._move(asked, {"cause": "operator", "block": before})
        elif shaping is not None and not before:
            margins = [one["margin_median_ln"] for one in self._reports if not one["void"]]
            line_ln = start_ln(margins, shaping)
            if line_ln is not None:
                self._floor_ln = line_ln
                self._move(math.exp(line_ln), {"cause": "start block", "floor_ln": self._floor_ln})
        elif shaping is not None:
            done = [one["met"] for one in self._reports if one["block"] == before and not one["void"]]
            line_ln, success_pct = next_ln(math.log(self.ratio), self._floor_ln, done, shaping)
            if success_pct is not None:
                data = {"cause": "shaping", "success_pct": success_pct, "block": before}
                self._move(math.exp(line_ln) if line_ln != math.log(self.ratio) else self.ratio, data)

    def _move(self, ratio: float, data: Mapping[str, Any]) -> None:
        self._log("ratio", {"from": self.ratio, "to": ratio, **data})
        self.ratio = ratio

    def done(self, phase: Phase, report: Mapping[str, Any], vetoed: bool) -> None:
        """Keep a finished repetition; too many misses in a row end the sets.

        A quiet one does not count for that: the end of the sets would tell how it went.
        """
        self._reports.append({**report, "block": phase.block, "vetoed": vetoed})
        if phase.kind != "work" or report["void"] or phase.feedback not in TOLD:
            return
        self._missed = 0 if report["met"] else self._missed + 1
        if 0 < self._protocol.stop_after <= self._missed and not self.enough:
            self.enough = True
            self._log("set_stopped", {"block": phase.block, "missed": self._missed})

    def leaves_out(self, phase: Phase) -> bool:
        """Whether a phase belongs to a set that is not done any more."""
        return self.enough and phase.block in self._sets

    def veto(self, repetition: Any, why: str, undo: bool) -> int | None:
        """Void an earlier repetition, the last one unless another is named, or take that back.

        Returns its number, None where there is nothing to void or to take back.
        """
        about = [one for one in self._reports if repetition in (None, one["repetition"])]
        if not about or (undo and not about[-1]["vetoed"]) or (not undo and about[-1]["void"]):
            return None
        report = about[-1]
        report["void"], report["vetoed"] = ("", False) if undo else (why, True)
        self._log("veto", {"repetition": report["repetition"], "why": why, "undo": undo})
        return int(report["repetition"])
