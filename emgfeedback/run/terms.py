"""On what terms an exercise is done: the person's limits, the chosen way, and who sees what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from emgfeedback.errors import UsageError
from emgfeedback.training.options import with_options
from emgfeedback.training.permissions import NOBODY_ASKED, Limits, limits_from_json, limits_to_json
from emgfeedback.training.schedule import scheduled
from emgfeedback.values import Protocol


@dataclass(frozen=True, slots=True)
class Terms:
    """What stands beside the exercise file, and is kept with the recording.

    ``limits`` is None where nobody is asked to do anything, as in a recording of another program;
    ``options`` are ways of doing the exercise, such as "band"; ``reference_kind`` is submaximal, or mvic for
    maximal reference contractions; ``schedule_seed`` draws which repetitions of a fading set are seen.
    ``study`` has the ``sha256`` and ``ethics`` of a study file, and whether it allows a ``sham``.
    """

    limits: Limits | None = NOBODY_ASKED
    options: tuple[str, ...] = ()
    reference_kind: str = "submaximal"
    schedule_seed: int = 0
    study: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, protocol: Protocol) -> Protocol:
        """The exercise in the chosen way, with the feedback of each repetition drawn.

        Raises
        ------
        UsageError
            For an option that the exercise does not have, or a sham that no study file asks for.
        """
        if protocol.schedule == "sham" and not self.study.get("sham"):
            raise UsageError(
                f"exercise {protocol.id} shows made-up feedback; it needs --study and a study file that "
                f"names {protocol.id} and says sham = true"
            )
        return scheduled(with_options(protocol, self.options), self.draw)

    def draw(self, number: int) -> np.random.Generator:
        """A generator for one thing that is left to chance, the same for a replay."""
        return np.random.default_rng([self.schedule_seed, number])

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the head of a recording."""
        return {
            "limits": limits_to_json(self.limits) if self.limits else None,
            "options": list(self.options),
            "reference_kind": self.reference_kind,
            "schedule_seed": self.schedule_seed,
            "study": dict(self.study),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Terms:
        """Inverse of `to_json`; without data nobody is asked for anything."""
        if not data:
            return replace(DEFAULT_TERMS, limits=None)
        limits = limits_from_json(data["limits"]) if data["limits"] else None
        kind, seed = str(data["reference_kind"]), int(data["schedule_seed"])
        return cls(limits, tuple(data["options"]), kind, seed, dict(data.get("study", {})))


DEFAULT_TERMS = Terms()
