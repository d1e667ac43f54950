"""A card to take home: one printed page without sensors, with a diary of two weeks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from emgfeedback.errors import InputError
from emgfeedback.reports.plain_words import NOT_A_DEVICE, REFER, STOP, capital, place, reviewed, stands
from emgfeedback.values import Phase, Protocol

DIARY_DAYS = 14

_STYLE = """
@page { size: A4; margin: 12mm 14mm; }
* { box-sizing: border-box; }
body { font: 13pt/1.32 "Helvetica Neue", Arial, sans-serif; color: #000; background: #fff;
  max-width: 182mm; margin: 0 auto; }
h1 { font-size: 23pt; margin: 0 0 1mm; }
h2 { font-size: 14pt; margin: 3mm 0 1mm; border-bottom: 1.5pt solid #000; break-after: avoid; }
p, ol, ul { margin: 0 0 1.5mm; }
ol, ul { padding-left: 7mm; }
li { margin-bottom: 0.6mm; }
.small { font-size: 10.5pt; }
.dose, .stop { border: 2pt solid #000; padding: 2mm 3mm; margin: 3mm 0; break-inside: avoid; }
.dose p { margin-bottom: 2.5mm; }
.stop h2 { border: 0; margin-top: 0; }
.stop ul { columns: 2; }
.blank { display: inline-block; border-bottom: 1pt solid #000; min-width: 60mm; height: 1.1em; }
.wide { min-width: 120mm; }
.short { min-width: 34mm; }
.diary { break-before: page; }
table { width: 100%; border-collapse: collapse; break-inside: avoid; }
th, td { border: 1pt solid #000; padding: 1mm 1.5mm; text-align: left; font-weight: normal; }
th { font-size: 11pt; font-weight: bold; }
td { height: 12.5mm; }
"""

_AT_THE_SCREEN = re.compile(
    r"electrode|sensor|screen|calibrat|\brecord|channel|reference|operator|feedback|program\b|\bscore|reward"
    r"|\bkeys?\b|the picture|with each of the|\bhints\b|trace|\bwatched\b|measured|marker|microvolt"
    r"|quiet level|judged|ceiling|\bmixed\b|placed anew",
    re.IGNORECASE,
)
"""What is said of the measurement, and means nothing at home."""

_CONDITION = re.compile(r"^(only|never)\b|\bpermit", re.IGNORECASE)

_LAIN_ON = " mat cushion"
"""What a standing exercise needs only for the presses, which are done lying."""


def home_card(
    protocol: Protocol, sheet: Mapping[str, Any], dose: str, confirmed_by: str, until: str = ""
) -> str:
    """Return a page of HTML to print on A4: what to do, when to stop, and a diary.

    Parameters
    ----------
    protocol : the checked exercise
    sheet : the tables of its file as TOML gives them
    dose : how much and how often, in the words of the clinician who confirmed it
    confirmed_by : that clinician; without a dose and a name the lines stay blank, to be filled by hand
    until : until when the dose holds, in words or as a date

    Raises
    ------
    InputError
        The exercise has nothing to practise, as a check of electrodes has not.
    """
    if not protocol.repetitions:
        raise InputError(f"{protocol.id}: has no repetitions to practise at home; choose an exercise")
    body = "\n".join(_body(protocol, sheet, (dose.strip(), confirmed_by.strip(), until.strip())))
    title = f"{escape(protocol.name)}: at home"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _body(protocol: Protocol, sheet: Mapping[str, Any], confirmed: tuple[str, str, str]) -> Iterator[str]:
    yield f"<h1>{escape(protocol.name)}</h1>"
    yield "<p>To practise at home, slowly and without sensors. For: " + _blank() + "</p>"
    yield f'<div class="dose">{_dose(*confirmed)}</div>'
    yield f"<h2>Position</h2>\n<p>{escape(protocol.position) or _blank('wide')}</p>"
    things = ", ".join(_things(protocol, sheet))
    yield f"<h2>Have at hand</h2>\n<p>{escape(capital(things)) or 'Nothing'}.</p>"
    yield from _section("Feel for the place", "ul", _spoken([str(sheet.get("landmark", ""))]))
    yield from _section("Before you begin", "ul", _conditions(protocol))
    yield from _section("Step by step", "ol", _steps(protocol))
    yield from _section("In short", "ul", _moves(protocol))
    yield from _section("If another place gets hard", "ul", _coaching(protocol))
    yield _stop(protocol)
    yield f'<p class="small">{NOT_A_DEVICE} {escape(reviewed(_review(sheet)))} No benefit is promised.</p>'
    yield _diary()


def _review(sheet: Mapping[str, Any]) -> str:
    return str(sheet.get("provenance", {}).get("review", ""))


def _blank(size: str = "") -> str:
    return f'<span class="{" ".join(filter(None, ["blank", size]))}"></span>'


def _dose(dose: str, confirmed_by: str, until: str) -> str:
    """The dose where somebody confirmed it, else lines for a pen."""
    confirmed = bool(dose and confirmed_by)
    much, who = (escape(dose), escape(confirmed_by)) if confirmed else (_blank("wide"), _blank())
    end = escape(until) if confirmed and until else _blank("short")
    return (
        f"<p><b>How much, how often:</b> {much}</p>\n<p><b>Confirmed by:</b> {who} <b>until:</b> {end}</p>\n"
        '<p class="small">Do it only as written here, and only while this person says that you may. '
        "Less is always allowed.</p>"
    )


def _section(heading: str, tag: str, items: Iterable[str]) -> Iterator[str]:
    """A heading with its list; nothing where there is nothing to say."""
    rows = "\n".join(f"<li>{escape(item)}</li>" for item in items if item)
    if rows:
        yield f"<h2>{heading}</h2>\n<{tag}>\n{rows}\n</{tag}>"


def _spoken(lines: Sequence[str]) -> list[str]:
    """The lines without the clauses that mean nothing away from the program."""
    return [line for line in map(_without_the_screen, lines) if line]


def _without_the_screen(line: str) -> str:
    kept: list[str] = []
    dropped = False
    for clause in re.split(r"(?<=[.!?;])\s+", line):
        follows = dropped and re.match(r"(then|and|so)\b", clause, re.IGNORECASE)
        dropped = bool(_AT_THE_SCREEN.search(clause) or follows)
        kept += [] if dropped else [clause]
    return capital(re.sub(r";$", ".", " ".join(kept)))


def _steps(protocol: Protocol) -> list[str]:
    first, *more = _spoken(protocol.steps) or [""]
    return [capital(first.removeprefix("Then ")), *more]


def _conditions(protocol: Protocol) -> list[str]:
    """The notes that say when not to."""
    return [note for note in _spoken(protocol.notes) if _CONDITION.search(note)]


def _moves(protocol: Protocol) -> list[str]:
    """The cues with their hints, each once; those of the practice where there is any."""
    moved = [phase for phase in protocol.phases if phase.kind == "work"] or list(_moving(protocol))
    return list(dict.fromkeys(" ".join(_spoken([phase.cue, phase.hint])) for phase in moved))


def _things(protocol: Protocol, sheet: Mapping[str, Any]) -> list[str]:
    """The equipment, without what only the presses at the start ask for."""
    at_the_start = _text(phase for phase in protocol.phases if not phase.repetition)
    at_the_start += _LAIN_ON if stands(protocol) else ""
    at_home = " ".join([protocol.position, *_spoken(protocol.steps), _text(_moving(protocol))])
    things = (str(thing) for thing in sheet.get("equipment", ()) if not _AT_THE_SCREEN.search(str(thing)))
    return [thing for thing in things if _named(thing, at_home) or not _named(thing, at_the_start)]


def _moving(protocol: Protocol) -> Iterator[Phase]:
    return (phase for phase in protocol.phases if phase.repetition)


def _text(phases: Iterable[Phase]) -> str:
    return " ".join(f"{phase.cue} {phase.hint}" for phase in phases)


def _named(thing: str, text: str) -> bool:
    """Whether a text speaks of a thing, by its first word."""
    return bool(re.search(rf"\b{re.escape(thing.split()[0])}\b", text, re.IGNORECASE))


def _coaching(protocol: Protocol) -> list[str]:
    return [
        f"{capital(place(rival))}: {protocol.coaching[rival]}"
        for rival in protocol.rivals
        if rival in protocol.coaching
    ]


def _stop(protocol: Protocol) -> str:
    reasons = "\n".join(f"<li>{escape(reason)}.</li>" for reason in STOP)
    standing = "<p><b>Keep a rail or a wall within reach.</b></p>\n" if stands(protocol) else ""
    return (
        '<div class="stop">\n<h2>Stop at once, and ask the person named above, if</h2>\n'
        f"<ul>\n{reasons}\n</ul>\n{standing}"
        f'<p class="small">See a doctor soon if there is {REFER}.</p>\n</div>'
    )


def _diary() -> str:
    heads = ("Date", "Sets done", "Pain before (0-10)", "Pain after (0-10)", "Notes")
    head = "".join(f"<th>{name}</th>" for name in heads)
    row = f"<tr>{'<td></td>' * len(heads)}</tr>"
    rows = "\n".join([row] * DIARY_DAYS)
    return (
        '<div class="diary">\n<h2>Diary of two weeks</h2>\n'
        '<p class="small">0 is no pain, 10 the worst you can think of. Bring this page to your visits.</p>\n'
        f"<table>\n<tr>{head}</tr>\n{rows}\n</table>\n</div>"
    )
