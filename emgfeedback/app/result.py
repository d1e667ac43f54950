"""One finished repetition, as the session judged it and as a clinician may void it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from emgfeedback.values import Event

VETO = "veto: "
"""How a repetition event marks the void of one that was vetoed while it ran."""
SEEN = ("live", "after")


@dataclass(frozen=True, slots=True)
class Result:
    """A repetition event for the screen; older recordings lack the fields with defaults.

    ``share_median`` is a fraction or NaN. ``void`` says why it is done again (the board was lost, pain),
    ``veto`` why a clinician does not count it; empty when it counts. ``line_ratio`` is the difficulty,
    ``met`` whether that line was met and ``met_fixed`` whether the fixed one was, None where none is asked.
    """

    repetition: int
    good_s: float
    rewarded: bool
    share_median: float
    void: str = ""
    veto: str = ""
    feedback: str = "live"
    rule: str = "hold"
    hold_s: float | None = None
    line_ratio: float = math.nan
    met: bool | None = None
    met_fixed: bool | None = None

    @classmethod
    def from_event(cls, data: Mapping[str, Any], repetition: int) -> Result:
        """Read a repetition event; ``repetition`` stands in where the event does not number itself."""
        void = str(data.get("void") or "")
        vetoed = void.startswith(VETO)
        return cls(
            int(data.get("repetition", repetition)),
            float(data.get("good_s") or 0.0),
            bool(data.get("rewarded")),
            _number(data.get("share_median")),
            void="" if vetoed else void,
            veto=void.removeprefix(VETO) if vetoed else "",
            feedback=str(data.get("feedback") or "live"),
            rule=str(data.get("rule") or "hold"),
            hold_s=data.get("hold_s"),
            line_ratio=_number(data.get("line_ratio")),
            met=data.get("met"),
            met_fixed=data.get("met_fixed"),
        )

    @property
    def counts(self) -> bool:
        """Neither void nor vetoed."""
        return not (self.void or self.veto)

    @property
    def seen(self) -> bool:
        """The person is told how it went."""
        return self.feedback in SEEN

    @property
    def achieved(self) -> bool:
        """The line in use was met, rewarded or not."""
        return self.rewarded if self.met is None else self.met

    def blind(self) -> Result:
        """The same repetition without a word of how it went, unless the person is told."""
        if self.seen:
            return self
        return Result(self.repetition, 0.0, False, math.nan, self.void, self.veto, "off", self.rule)


def with_veto(results: tuple[Result, ...], event: Event) -> tuple[Result, ...]:
    """Take a veto event: the newest repetition of its number is not counted, or counts again."""
    number = event.data.get("repetition")
    why = "" if event.data.get("undo") else str(event.data.get("why") or "vetoed")
    for index in reversed(range(len(results))):
        if results[index].repetition == number and not results[index].void:
            return (*results[:index], replace(results[index], veto=why), *results[index + 1 :])
    return results


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
