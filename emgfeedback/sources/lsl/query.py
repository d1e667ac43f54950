"""What stands after ``lsl:`` in a source address: which stream is meant, and its unit if it tells none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emgfeedback.errors import UsageError
from emgfeedback.sources.lsl.description import scale_of

LONGEST_TEXT = 255
PROPERTIES = ("name", "type", "source_id", "hostname")
EXAMPLE = "write lsl:NAME or lsl:type=EMG,hostname=NAME"


@dataclass(frozen=True, slots=True)
class Query:
    """Properties that a stream must have, and a unit for channels that state none."""

    properties: Mapping[str, str]
    unit: str = ""

    def __str__(self) -> str:
        return " and ".join(f'{name} "{value}"' for name, value in self.properties.items())

    def fits(self, stream: Any) -> bool:
        """Whether a stream that was found is one that is meant."""
        return all(getattr(stream, name)() == value for name, value in self.properties.items())


def parse_query(text: str) -> Query:
    """Read ``NAME`` or ``key=value,…`` with the keys name, type, source_id, hostname and unit.

    Raises
    ------
    UsageError
        If it is empty, or has an unknown key, unit or character.
    """
    if not text or len(text) > LONGEST_TEXT or not text.isprintable():
        raise UsageError(f'"lsl:{text[:40]!a}" names no stream in 1 to {LONGEST_TEXT} characters: {EXAMPLE}')
    if "=" not in text:
        return Query({"name": text})
    given: dict[str, str] = {}
    for part in text.split(","):
        key, _, value = (piece.strip() for piece in part.partition("="))
        if key not in (*PROPERTIES, "unit") or not value or key in given:
            raise UsageError(
                f'"{part[:40]}" in the address lsl:{text[:40]} is not understood: write key=value once for '
                f"some of {', '.join(PROPERTIES)} and unit"
            )
        given[key] = value
    unit = given.pop("unit", "")
    if unit and scale_of(unit) is None:
        raise UsageError(f'unit "{unit[:20]}" of the address is no voltage: write uV, mV, V or nV')
    if not given:
        raise UsageError(f"the address lsl:{text[:40]} says the unit but not the stream: {EXAMPLE}")
    return Query(given, unit)
