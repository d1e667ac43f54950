"""On what terms an exercise is done: the person's limits, the chosen way, and who sees what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

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
    """

    limits: Limits | None = NOBODY_ASKED
    options: tuple[str, ...] = ()
    reference_kind: str = "submaximal"
    schedule_seed: int = 0

    def apply(self, protocol: Protocol) -> Protocol:
        """The exercise in the chosen way, with the feedback of each repetition drawn.

        Raises
        ------
        UsageError
            For an option that the exercise does not have.
        """
        return scheduled(with_options(protocol, self.options), self._draw)

    def _draw(self, block: int) -> np.random.Generator:
        return np.random.default_rng([self.schedule_seed, block])

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the head of a recording."""
        return {
            "limits": limits_to_json(self.limits) if self.limits else None,
            "options": list(self.options),
            "reference_kind": self.reference_kind,
            "schedule_seed": self.schedule_seed,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Terms:
        """Inverse of `to_json`; without data nobody is asked for anything."""
        if not data:
            return replace(DEFAULT_TERMS, limits=None)
        limits = limits_from_json(data["limits"]) if data["limits"] else None
        return cls(limits, tuple(data["options"]), data["reference_kind"], int(data["schedule_seed"]))


DEFAULT_TERMS = Terms()
