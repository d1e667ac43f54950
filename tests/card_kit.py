"""A small exercise to print, and what a printed page shows."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from emgfeedback.cli.protocols import load_protocol
from emgfeedback.reports.exercise_card import exercise_card
from emgfeedback.reports.home_card import home_card
from emgfeedback.values import Phase, Protocol

REPO = Path(__file__).resolve().parent.parent
CARDS = REPO / "docs" / "exercises"
EXERCISES = {file.stem: load_protocol(str(file)) for file in sorted((REPO / "protocols").glob("*.toml"))}
PRACTISED = [slug for slug, protocol in EXERCISES.items() if protocol.repetitions]

A4_LINES = 90
"""Lines of a page, written in lines of 110 characters."""

PROMISES = r"\b(cures?|treats?|prevents?|guarantee|proven|stronger|strengthens?|relie[fv])\b"


def rest_and_presses() -> tuple[Phase, ...]:
    return (
        Phase("rest", 15, "Rest.", block=1),
        Phase("reference", 5, "Press.", muscle="gmed", needs=("RES",), block=1),
        Phase("reference", 5, "Press.", muscle="tfl", needs=("FLEX",), block=1),
    )


def work(repetition: int, block: int, rule: str = "hold", hold_s: float = 5.0) -> tuple[Phase, ...]:
    cue = "Lift slowly."
    lift = Phase("work", 10, cue, "Heel first.", repetition=repetition, block=block, rule=rule, hold_s=hold_s)
    return lift, Phase("relax", 8, "Rest.", block=block)


PLAIN = Protocol(
    id="X1",
    name="Example lift",
    phases=(*rest_and_presses(), *work(1, 2), *work(2, 2)),
    target="gmed",
    rivals=("tfl", "ql"),
    hold_s=5.0,
    ratio=1.32,
    min_level_pct=10.0,
    ceiling_pct=None,
    sides="open",
    coaching={"tfl": "Leg further back.", "ql": "Let the waist go long."},
    position="Lie on your side.",
    steps=("Hands off the electrodes.", "Lift slowly. The screen tells. Lower it.", "Breathe on."),
    needs=("ABD", "LONG"),
)
SHEET = {
    "equipment": ["mat", "belt"],
    "provenance": {"source": "an old text", "papers": ["Cynn 2006"], "review": "not clinician-reviewed"},
}


def section(card: str, heading: str) -> str:
    """The text below a heading, up to the next one."""
    return card.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def card(sheet: dict[str, object] | None = None, **changes: object) -> str:
    return exercise_card(replace(PLAIN, **changes), SHEET | (sheet or {}))  # type: ignore[arg-type]


def home(dose: str = "", by: str = "", until: str = "", **changes: object) -> str:
    return home_card(replace(PLAIN, **changes), SHEET, dose, by, until)  # type: ignore[arg-type]


def words_of(html: str) -> str:
    """What a printed page shows."""
    shown: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            shown.append(data)

    Reader().feed(re.sub(r"<style>.*?</style>|<title>.*?</title>", "", html, flags=re.DOTALL))
    return " ".join(" ".join(shown).split())
