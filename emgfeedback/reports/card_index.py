"""The list of all exercise cards."""

from __future__ import annotations

import re
from collections.abc import Mapping

from emgfeedback.reports.plain_words import LOADS, NEEDS, NOT_A_DEVICE, STAGES, plain
from emgfeedback.values import Protocol

_HEAD = f"""# Exercise cards

One page for each exercise file in [protocols/](../../protocols/README.md), written by
`emgfeedback protocols card --all --out docs/exercises`; change the file, not the card. {NOT_A_DEVICE}
No clinician has reviewed the exercises, and no dose here is advice: it is a quotation or a proposal that a
clinician confirms for one person. Do them under the eyes of a physiotherapist.

People ask for a way to let the side of the hip do the work rather than the front of the hip and the waist.
The answer of this program is [Find the contraction](find-the-contraction.md). Whether that lasts, and whether
it helps in daily life, is not known: no trial of feedback on this ratio was found.

For a page to take home, without sensors and with a diary, see [home practice](../home-practice.md).

| id | exercise | stage | position | trained leg | other leg |
|---|---|---|---|---|---|
"""


def card_index(exercises: Mapping[str, Protocol]) -> str:
    """Return a table of all exercises with links to their cards, and what the codes in it mean.

    Parameters
    ----------
    exercises : file name without its ending → exercise
    """
    ordered = sorted(exercises.items(), key=lambda item: _natural(item[1].id))
    rows = "\n".join(_row(slug, protocol) for slug, protocol in ordered)
    return f"{_HEAD}{rows}\n\n{_legend()}"


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """Order E2 before E10, upper and lower case together."""
    return [
        (part.isdigit(), int(part) if part.isdigit() else 0, part)
        for part in re.findall(r"\d+|\D+", name.lower())
    ]


def _row(slug: str, protocol: Protocol) -> str:
    needs = (
        f"{protocol.load} {' '.join(protocol.needs)}",
        f"{protocol.other_load} {' '.join(protocol.other_needs)}",
    )
    position = plain(re.split(r"[.,;:]", protocol.position)[0])
    cells = (protocol.id, f"[{plain(protocol.name)}]({slug}.md)", protocol.stage, position, *needs)
    return f"| {' | '.join(cell.strip() for cell in cells)} |"


def _legend() -> str:
    weights = " · ".join(f"{code} {words}" for code, words in LOADS.items())
    needs = " · ".join(f"{key} {words}" for key, words in NEEDS.items())
    stages = " · ".join(f"{stage} {words}" for stage, words in STAGES.items())
    return (
        f"Weight on a leg: {weights}. WB1 and DYN ask for SLS as well.\n\n"
        f"A clinician must have allowed: {needs}. What is not known is locked.\n\n"
        f"Stages order the programme and permit nothing: {stages}.\n"
    )
