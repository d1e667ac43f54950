"""What of a protocol may be done by this person today, phase by phase."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from emgfeedback.training.permissions import (
    Grant,
    Limits,
    Permissions,
    exercise_locks,
    form_for,
    form_locks,
    not_permitted,
    unlock,
    words,
)
from emgfeedback.training.safety import PROTECTED_STAGES, protected_ceiling_pct
from emgfeedback.training.setting_up import CONTRACTING, HELD
from emgfeedback.values import Phase, Protocol

Log = Callable[[str, Mapping[str, Any]], None]


class Permitting:
    """Looks each phase up in the person's limits as it begins.

    ``limits`` is None where nobody is asked to do anything; then every phase is as in the file.
    ``reference_kind`` falls back to submaximal where a maximal contraction is not permitted.
    """

    def __init__(self, protocol: Protocol, limits: Limits | None, today: str, reference_kind: str) -> None:
        self.limits, self._protocol, self._today = limits, protocol, today
        self.reference_kind = reference_kind if self._maxima_permitted() else "submaximal"

    def _maxima_permitted(self) -> bool:
        """Whether every reference of the protocol may be a maximal contraction; one kind serves them all."""
        if self.limits is None:
            return True
        legs = ((phase, self.limits.leg_of(phase.muscle)) for phase in self._protocol.phases)
        return all(
            form_for(phase, "mvic", leg, self._today) for phase, leg in legs if phase.kind == "reference"
        )

    def grant(self, leg: str, fields: Mapping[str, str]) -> None:
        """Add one permission to a leg, ``trained`` or ``other``.

        Raises
        ------
        InputError
            For a key that is none, an empty name or reason, or a day that is over.
        """
        if self.limits is not None:
            granted = unlock(getattr(self.limits, leg), Grant(**fields), self._today)
            self.limits = replace(self.limits, **{leg: granted})

    def ceiling_pct(self, reference_kind: str) -> float | None:
        """The target's highest level in %ref: that of the file, or a lower one in a protected stage."""
        asked = self._protocol.ceiling_pct
        if self.limits is None or self.limits.trained.stage not in PROTECTED_STAGES:
            return asked
        protected = protected_ceiling_pct(reference_kind)
        return protected if asked is None else min(asked, protected)

    def locks(self, phase: Phase) -> tuple[str, ...]:
        """What is missing for a work or observe phase."""
        if self.limits is None or phase.kind not in HELD:
            return ()
        more = not_permitted(phase.needs, "NWB", self.limits.trained, self._today)
        return tuple(dict.fromkeys((*exercise_locks(self._protocol, self.limits, self._today), *more)))

    def form(self, phase: Phase, index: int, log: Log) -> tuple[Phase, bool] | None:
        """The phase as it may be done, and whether it may; None for a contraction that is left out."""
        if self.limits is None:
            return phase, True
        if phase.kind in CONTRACTING:
            return self._contraction(self.limits.leg_of(phase.muscle), phase, index, log)
        missing = self.locks(phase)
        if missing:
            log("locked", _locked(phase, index, missing))
        return phase, not missing

    def _contraction(self, leg: Permissions, phase: Phase, index: int, log: Log) -> tuple[Phase, bool] | None:
        form = form_for(phase, self.reference_kind, leg, self._today)
        if form is None:
            log("locked", _locked(phase, index, form_locks(phase, self.reference_kind, leg, self._today)))
            return None
        easy = "low-load" if form.low_load else "full"
        log("form", {"index": index, "kind": phase.kind, "muscle": phase.muscle, "form": easy})
        return replace(phase, cue=form.cue, hint=form.hint), True

    def to_come(self, phases: Sequence[Phase]) -> list[Phase]:
        """Those of the phases that are not left out."""
        return [phase for phase in phases if not self._left_out(phase)]

    def _left_out(self, phase: Phase) -> bool:
        if self.limits is None or phase.kind not in CONTRACTING:
            return False
        leg = self.limits.leg_of(phase.muscle)
        return form_for(phase, self.reference_kind, leg, self._today) is None


def _locked(phase: Phase, index: int, missing: Sequence[str]) -> dict[str, Any]:
    return {
        "index": index,
        "kind": phase.kind,
        "muscle": phase.muscle,
        "missing": list(missing),
        "words": words(missing),
    }
