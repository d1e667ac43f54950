"""An exercise on one page, in Markdown, for people who have never seen the program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emgfeedback.reports.plain_words import (
    NOT_A_DEVICE,
    SHOULDER,
    STAGES,
    STOP,
    called,
    capital,
    listed,
    permitted,
    place,
    plain,
    reviewed,
    stands,
    weight_and_needs,
)
from emgfeedback.reports.timetable import timetable
from emgfeedback.training.forms import TESTS
from emgfeedback.values import Phase, Protocol, Quiet, Shaping

Sheet = Mapping[str, Any]

SECTIONS = (
    "How to do it",
    "If another muscle takes over",
    "Stop",
    "What earns a reward",
    "A session",
    "How much",
    "When it is easy",
    "Who may do it",
    "Electrodes",
    "Sources",
)
"""The headings of a card, in order; a card has all of them."""

_SHOWN = {
    "always": "It follows every repetition.",
    "fade": "It is taken away little by little, set by set; which repetitions are hidden is drawn by lot.",
    "alternate": "It follows every other repetition.",
    "after": "There is none while you work; you are told when it is over.",
    "off": "There is none; the result stands in the report.",
    "sham": "For studies only: it is made up and does not follow your muscles.",
}
_ORIGINS = {
    "quoted": "Quoted from the source, and no advice",
    "rebuilt": "Rebuilt, because the source text has lost its numbers",
    "proposed": "Proposed by this project, from no source",
}


def exercise_card(protocol: Protocol, sheet: Sheet) -> str:
    """Return the card of an exercise, one page of Markdown.

    Parameters
    ----------
    protocol : the checked exercise
    sheet : the tables of its file as TOML gives them, for what people read and the program does not
    """
    bodies = (
        _doing(protocol, sheet),
        _coaching(protocol),
        _stop(protocol),
        _rule(protocol),
        timetable(protocol),
        _dose(sheet),
        _harder(sheet),
        _who(protocol),
        _electrodes(protocol, sheet),
        _sources(sheet),
    )
    lines = [f"# {protocol.id}: {plain(protocol.name)}", "", _purpose(protocol), "", f"*{_standing(sheet)}*"]
    for heading, body in zip(SECTIONS, bodies, strict=True):
        lines += ["", f"## {heading}", "", *body]
    return "\n".join(lines) + "\n"


def _standing(sheet: Sheet) -> str:
    review = reviewed(str(sheet.get("provenance", {}).get("review", "")))
    return f"{NOT_A_DEVICE} {review} Do it under the eyes of a physiotherapist."


def _purpose(protocol: Protocol) -> str:
    target, *rivals = (f"the {called(muscle)}" for muscle in (protocol.target, *protocol.rivals))
    kinds = {phase.kind for phase in protocol.phases}
    together = listed([target, *rivals])
    if "work" in kinds and protocol.ratio:
        aim = f"to learn how it feels when {target} does the work and {listed(rivals)} less of it"
    elif "work" in kinds:
        aim = f"to practise a set amount of work with {target}, while {listed(rivals)} stay out of it"
    elif "baseline" in kinds:
        aim = f"to see how quiet {together} are before and after"
    elif "observe" in kinds:
        aim = f"to watch how {together} share the work"
    else:
        aim = f"to check that each electrode hears its own muscle: {together}"
    changed = any(phase.role == "retest" for phase in protocol.phases) and "work" not in kinds
    return f"What it is for: {aim}{', and whether a change makes a difference' if changed else ''}."


def _doing(protocol: Protocol, sheet: Sheet) -> Iterator[str]:
    yield f"- **Position.** {plain(protocol.position) or 'Free.'}"
    if sheet.get("landmark"):
        yield f"- **Find the place.** {plain(sheet['landmark'])}"
    things = ", ".join(map(plain, sheet.get("equipment", ())))
    yield f"- **At hand.** {capital(things) or 'Nothing'}."
    yield from (f"- **Note.** {plain(note)}" for note in protocol.notes)
    yield ""
    yield from (f"{number}. {plain(step)}" for number, step in enumerate(protocol.steps, start=1))


def _coaching(protocol: Protocol) -> Iterator[str]:
    if not any(phase.kind == "work" for phase in protocol.phases):
        yield "While the muscles are only watched, nobody gives hints; between two sets one may try:"
        yield ""
    cues = {rival: protocol.coaching[rival] for rival in protocol.rivals if rival in protocol.coaching}
    yield from (f"- **{capital(place(rival))}** leads: {plain(cue)}" for rival, cue in cues.items())
    if not cues:
        yield "- No hint is given."


def _rule(protocol: Protocol) -> Iterator[str]:
    work = [phase for phase in protocol.phases if phase.kind == "work"]
    if not work:
        yield from _watched(protocol)
        return
    yield '- **Good** is time in which all of this is true ("press": the one at the start, 100 %):'
    yield from (f"  - {part}" for part in _good(protocol))
    rules = dict.fromkeys(phase.rule for phase in work)
    yield from (f"- {_HOW[rule](protocol, work)}" for rule in rules if rule in _HOW)
    yield from (f"- {extra}" for extra in _extras(protocol))
    yield f"- **The picture.** {_SHOWN[protocol.schedule]}"
    yield "- A clinician may void what electrodes cannot see, such as rolling back or a dropping pelvis."


def _watched(protocol: Protocol) -> Iterator[str]:
    yield "Nothing: no picture, no sound and no praise while you move, whatever the muscles do."
    if any(phase.role == "retest" for phase in protocol.phases):
        yield (
            "Afterwards the sets are compared: how many times more or less, how sure that is, and whether it "
            "is more than one session varies by itself."
        )


def _good(protocol: Protocol) -> Iterator[str]:
    yield "every electrode gives a clean signal"
    least_pct = f"{protocol.min_level_pct:g} %"
    yield f"the {place(protocol.target)} works: clearly above rest, and at least {least_pct} of its press"
    if protocol.ratio:
        rivals = listed((f"the {place(rival)}" for rival in protocol.rivals), "and as")
        yield f"it does at least {protocol.ratio:g} times as much as {rivals}, each in % of its own press"
    if protocol.ceiling_pct is not None:
        yield f"it stays at or under {protocol.ceiling_pct:g} % of its press, because more is not better"
    for rival, ceiling_pct in protocol.rival_ceiling_pct.items():
        yield f"the {place(rival)} stays at or under {ceiling_pct:g} % of its press"


def _hold_words(protocol: Protocol, work: Sequence[Phase]) -> str:
    held = dict.fromkeys(phase.hold_s or protocol.hold_s for phase in work if phase.rule == "hold")
    first, *more = (f"{hold_s:g} s" for hold_s in held)
    length = f"the good time of its set, {listed([first, *more], 'or')}," if more else f"{first} of good time"
    return (
        f"**A hold** earns its reward when {length} {'is' if more else 'are'} collected in one go; a slip "
        "only pauses it, more than 2 s off in a row ends it. Part of a hold is kept and told."
    )


def _rep_words(protocol: Protocol, work: Sequence[Phase]) -> str:
    compared = "the typical value meets that comparison and " if protocol.ratio else ""
    return (
        f"**A repetition** earns its reward when, in the middle 60 % of the movement, {compared}the muscle "
        "works for at least 60 % of the time."
    )


_HOW = {"hold": _hold_words, "rep": _rep_words}


def _extras(protocol: Protocol) -> Iterator[str]:
    if protocol.sides == "step":
        yield "Only the time in which the trained leg stands is counted; a helper marks it with a key."
    if protocol.unit_s:
        yield f"A long hold is counted in steps of {protocol.unit_s:g} s of good time."
    if protocol.stop_after:
        yield f"After {protocol.stop_after} missed in a row the sets are over: tired is enough."
    if protocol.quiet:
        yield _quiet(protocol.quiet)
    if protocol.shaping:
        yield _moving_line(protocol.shaping, protocol.ratio)
    if protocol.stage.startswith("S0"):
        yield "In a protected stage (S0): at most 60 % of a maximal or 120 % of a gentle press."


def _quiet(quiet: Quiet) -> str:
    aim = "is asked for as well" if quiet.ceiling else "is a second aim, shown and not rewarded"
    line = f"under a line taken from your own first {quiet.tries} tries"
    return f"**A quiet {place(quiet.muscle)}** {aim}: {line}."


def _moving_line(shaping: Shaping, ratio: float) -> str:
    up, down = f"{shaping.harder_above_pct:g} %", f"{shaping.easier_below_pct:g} %"
    return (
        f"**The line moves with you.** Instead of {ratio:g} times it begins just above your own start and "
        f"takes a small step after each set: up when more than {up} of the set were done, down when fewer "
        f"than {down} were; never below where it began nor above {shaping.top_ratio:g} times. The fixed line "
        f"of {ratio:g} times is always told beside it."
    )


def _dose(sheet: Sheet) -> Iterator[str]:
    dose = sheet.get("dose")
    if dose:
        yield f"{_ORIGINS.get(str(sheet.get('dose_is') or 'quoted'))}: {plain(dose).rstrip('.')}."
    else:
        yield "No dose is given; the session above is a proposal."
    yield "**Confirm with a clinician** how much and how often; after surgery there is no default."


def _who(protocol: Protocol) -> Iterator[str]:
    limb = _limb(protocol)
    yield (
        "A clinician must have allowed all of this, by name and until a date; what is not known is locked. "
        'Somebody without surgery gets a named entry, "no limits".'
    )
    yield ""
    yield f"- **Trained {limb}:** {_leg(protocol.load, protocol.needs)}."
    yield f"- **Other {limb}:** {_leg(protocol.other_load, protocol.other_needs)}."
    presses = [*_references(protocol), *_tests(protocol)]
    if presses:
        yield f"- **Presses at the start**, trained {limb}; one that is locked is done gently or left out:"
        yield from (f"  - {press}" for press in presses)
    for option in protocol.options:
        more = _more(option.needs, option.other_needs)
        yield f"- **Choice, {option.name}:** {plain(option.text).rstrip('.')}. {more}"
    yield f"- **Place in the programme:** {_stage(protocol.stage)}."


def _limb(protocol: Protocol) -> str:
    return "side" if protocol.target in SHOULDER else "leg"


def _stage(stage: str) -> str:
    """The stages of a span in words."""
    ends = [f"{name} ({STAGES[name]})" for name in stage.split("-") if name in STAGES]
    return " to ".join(ends) or "none given"


def _leg(load: str, needs: Sequence[str]) -> str:
    return "; ".join(weight_and_needs(load, needs))


def _references(protocol: Protocol) -> Iterator[str]:
    asked = {p.muscle: p.needs for p in protocol.phases if p.kind == "reference"}
    for muscle, needs in asked.items():
        more = [need for need in needs if need not in protocol.needs]
        if more:
            yield f"{place(muscle)}: {listed(permitted(more))}"


def _tests(protocol: Protocol) -> Iterator[str]:
    for muscle in dict.fromkeys(phase.muscle for phase in protocol.phases if phase.kind == "test"):
        said = [listed(permitted(form.needs)) or "nothing" for form in TESTS.get(muscle, ())]
        yield f"{place(muscle)}: {'; done gently: '.join(said) or 'nothing'}"


def _more(needs: Sequence[str], other_needs: Sequence[str]) -> str:
    asked = {"trained leg": needs, "other leg": other_needs}
    if needs and tuple(needs) == tuple(other_needs):
        asked = {"each leg": needs}
    parts = [f"{leg}, {'; '.join(permitted(keys))}" for leg, keys in asked.items() if keys]
    return f"Asks for more: {' · '.join(parts)}." if parts else "Asks for nothing more."


def _harder(sheet: Sheet) -> Iterator[str]:
    steps = sheet.get("progression", ())
    yield from (f"- {plain(step)}" for step in steps)
    if not steps:
        yield "No next step is given."
    yield ""
    yield "One change at a time, and only with a clinician's yes; no weight and no band too soon."


def _stop(protocol: Protocol) -> Iterator[str]:
    yield (
        f"At once, and say so, if {'; '.join(STOP)}. After the pain key (P) the program stays locked until a "
        "clinician has looked."
    )
    said = any("rail" in line for line in (*protocol.steps, *protocol.notes))
    if stands(protocol) and not said:
        yield "Standing: keep a rail or a wall within reach, and somebody beside you."


def _electrodes(protocol: Protocol, sheet: Sheet) -> Iterator[str]:
    muscles = (protocol.target, *protocol.rivals, *protocol.watch)
    here = [called(muscle) for muscle in muscles if muscle != "qlc"]
    yield f"- On the trained side: {listed(here)}."
    if "qlc" in muscles:
        yield "- On the other side: the waist (quadratus lumborum site)."
    if {"ql", "qlc"} & set(muscles):
        yield "- Best with both waist sites, four channels. A clinician or a trained helper places them."
    if protocol.watch:
        yield f"- Shown and not judged: {listed(map(place, protocol.watch))}."
    unverified = [place(muscle) for muscle in sheet.get("unverified", ())]
    if unverified:
        yield f"- Place not verified for this position, to be read with care: {listed(unverified)}."


def _sources(sheet: Sheet) -> Iterator[str]:
    provenance = sheet.get("provenance", {})
    yield f"- {capital(plain(provenance.get('source') or 'no source is named'))}."
    yield from (f"- {plain(paper)}" for paper in provenance.get("papers", ()))
    yield ""
    yield (
        "A waist electrode also hears its neighbours, and a reward is no proof. Whether such training helps "
        "in daily life is not known; no benefit is promised."
    )
