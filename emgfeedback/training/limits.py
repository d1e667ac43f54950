"""A person's limits as a small TOML file: text in, permissions for each leg out, and back."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from emgfeedback.errors import InputError
from emgfeedback.training.permissions import (
    KEYS,
    LOCKED,
    SQUEEZE,
    STAGES,
    WEIGHT_BEARING,
    Grant,
    Limits,
    Permissions,
    no_limits,
)
from emgfeedback.training.protocol_errors import Loc, Mistake, clip, report, syntax_error

SIDES = ("left", "right")
MAX_FILE = 100_000
MAX_LINE = 2_000

Rows = dict[str, tuple[type, str]]

_SIGNED: Rows = {
    "who": (str, "the name of the clinician who permits it"),
    "until": (str, "the last day on which it holds, such as 2027-01-31"),
}
_PERMIT: Rows = {
    "key": (str, f"one of {', '.join((*KEYS, SQUEEZE))}"),
    "who": _SIGNED["who"],
    "why": (str, 'the reason, such as "week 8, healed on X-ray"'),
    "until": _SIGNED["until"],
}
_LEG: Rows = {
    "procedure": (str, 'the operation in a few words, such as "periacetabular osteotomy"'),
    "approach": (str, 'the approach in a few words, such as "anterior"'),
    "surgery_on": (str, "the day of the operation, such as 2026-09-01"),
    "healing": (bool, "true while a cut bone is not healed, false once it is"),
    "weight_bearing": (str, f"one of {', '.join(WEIGHT_BEARING)}"),
    "stage": (str, f"one of {', '.join(STAGES)}"),
    "no_limits": (dict, '{ who = "A. Smith", until = 2027-01-31 }, alone, for a leg without surgery'),
    "permit": (list, "a table such as [[right.permit]], in double brackets, for each key"),
}
_TEXTS = tuple(key for key, (kind, _) in _LEG.items() if kind is str)
_TYPES = {str: "a text in quotes", bool: "true or false", dict: "a table", list: "a list of tables"}

NAMES = (
    *("name", "names", "first_name", "last_name", "surname", "patient", "person", "participant"),
    *("born", "birthday", "birth_date", "date_of_birth", "address", "email", "phone"),
)
"""Keys that would say who somebody is; limits are found by the code that names their file."""


def parse_limits(text: str, name: str) -> dict[str, Permissions]:
    """Return the permissions of the left and the right leg; a leg that is not named is locked.

    After an operation (``procedure``) the bone counts as not healed unless ``healing = false``.

    Parameters
    ----------
    text : TOML with the tables ``[left]`` and ``[right]``
    name : of the file, for messages

    Raises
    ------
    InputError
        One line per mistake, all mistakes at once: file, line, what was found, what to write.
    """
    sheet = _read(text.removeprefix("\ufeff"), name)
    mistakes = list(_mistakes(sheet))
    if mistakes:
        raise InputError(str(report(mistakes, text.removeprefix("\ufeff"), name)))
    return {side: _leg(sheet.get(side, {})) for side in SIDES}


def limits_for(sides: Mapping[str, Permissions], trained_side: str) -> Limits:
    """Return the limits of a session that trains and records one side; a blank side is locked.

    Raises
    ------
    InputError
        For a side that is neither left nor right.
    """
    if trained_side not in SIDES:
        raise InputError(f"side {trained_side[:20]!r} is not known; write left or right")
    other = SIDES[1 - SIDES.index(trained_side)]
    return Limits(sides.get(trained_side, LOCKED), sides.get(other, LOCKED))


def limits_to_toml(sides: Mapping[str, Permissions]) -> str:
    """Return the text of a limits file; `parse_limits` reads the same permissions from it."""
    written = (_leg_to_toml(side, sides[side]) for side in SIDES if sides.get(side, LOCKED) != LOCKED)
    return "\n".join(written)


def _read(text: str, name: str) -> dict[str, Any]:
    if len(text) > MAX_FILE or max(map(len, text.split("\n"))) > MAX_LINE:
        raise InputError(
            f"{name}: longer than limits ever are; write short lines, {MAX_FILE} characters at most"
        )
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise InputError(str(syntax_error(error, text, name))) from None
    except RecursionError:
        raise InputError(f"{name}: lists or tables are nested too deep; write them flat") from None


def _mistakes(sheet: Mapping[str, Any]) -> Iterator[Mistake]:
    yield from _wrong_rows(sheet, {side: (dict, f"[{side}] and its keys") for side in SIDES}, ())
    for side in SIDES:
        leg = sheet.get(side)
        if isinstance(leg, dict):
            yield from _leg_mistakes(leg, side)


def _leg_mistakes(leg: Mapping[str, Any], side: str) -> Iterator[Mistake]:
    yield from _wrong_rows(leg, _LEG, (side,))
    for key in _TEXTS:
        if isinstance(value := _value(leg, key), str):
            yield from _refused(partial(replace, LOCKED, **{key: value}), (side, key))
    signed = leg.get("no_limits")
    if isinstance(signed, dict):
        yield from _no_limits_mistakes(leg, signed, side)
    permits = leg.get("permit")
    if isinstance(permits, list):
        yield from _permit_mistakes(permits, side)


def _no_limits_mistakes(leg: Mapping[str, Any], signed: Mapping[str, Any], side: str) -> Iterator[Mistake]:
    loc: Loc = (side, "no_limits")
    beside = [key for key in _LEG if key in leg and key != "no_limits"]
    if beside:
        yield _about(loc, f"stands beside {', '.join(beside)}; write it alone, or leave it out")
    wrong = list(_wrong_rows(signed, _SIGNED, loc, needed=True))
    yield from wrong
    if not wrong:
        yield from _refused(partial(no_limits, signed["who"], _value(signed, "until")), loc)


def _permit_mistakes(permits: list[Any], side: str) -> Iterator[Mistake]:
    seen: set[str] = set()
    for number, permit in enumerate(permits):
        loc: Loc = (side, "permit", number)
        if not isinstance(permit, dict):
            yield _about(loc, f"is no table; write {_LEG['permit'][1]}")
            continue
        wrong = list(_wrong_rows(permit, _PERMIT, loc, needed=True))
        yield from wrong
        if not wrong:
            yield from _refused(partial(_grant, permit), loc)
            if permit["key"] in seen:
                yield _about(
                    loc, f"key {clip(permit['key'])} is permitted twice; write it once, as it holds today"
                )
            seen.add(permit["key"])


def _wrong_rows(table: Mapping[str, Any], rows: Rows, loc: Loc, needed: bool = False) -> Iterator[Mistake]:
    """Yield keys that are unknown or hold the wrong type, and missing ones where all are ``needed``."""
    for key in table:
        if key not in rows:
            yield _about((*loc, key), _unknown(key, rows))
        elif not isinstance(_value(table, key), rows[key][0]):
            yield _about((*loc, key), f"{key} is not {_TYPES[rows[key][0]]}; write {rows[key][1]}")
    for key in rows:
        if needed and key not in table:
            yield _about(loc, f"{key} is missing; write {rows[key][1]}")


def _unknown(key: str, rows: Rows) -> str:
    if key.casefold() in NAMES:
        return (
            f"{clip(key)} is refused, because limits carry no names of patients; name the file by their code"
        )
    near = difflib.get_close_matches(key[:60].casefold(), rows, n=1)
    advice = f"did you mean {near[0]}?" if near else f"write one of {', '.join(rows)}"
    return f"unknown key {clip(key)}; {advice}"


def _refused(make: Callable[[], object], loc: Loc) -> Iterator[Mistake]:
    """Yield what a constructor says against its values."""
    try:
        make()
    except InputError as error:
        yield _about(loc, str(error).removeprefix("permission ABD: " if "no_limits" in loc else ""))


def _about(loc: Loc, text: str) -> Mistake:
    """Return a mistake whose text names its table."""
    match loc:
        case (side, "permit", int(number), *_):
            return Mistake(loc, f"[[{side}.permit]] {number + 1}: {text}")
        case (side, "no_limits", *_):
            return Mistake(loc, f"[{side}] no_limits: {text}")
        case (side, _):
            return Mistake(loc, f"[{side}]: {text}")
    return Mistake(loc, text)


def _value(table: Mapping[str, Any], key: str) -> Any:
    """Return the value of a key; a day may be written as a TOML date, and becomes ISO text."""
    value: Any = table.get(key)
    return value.isoformat() if key in ("until", "surgery_on") and hasattr(value, "isoformat") else value


def _leg(leg: Mapping[str, Any]) -> Permissions:
    signed = leg.get("no_limits")
    if signed:
        return no_limits(signed["who"], _value(signed, "until"))
    texts = {key: _value(leg, key) for key in _TEXTS if key in leg}
    healing = leg.get("healing", bool(leg.get("procedure")))
    return Permissions(tuple(_grant(permit) for permit in leg.get("permit", ())), healing=healing, **texts)


def _grant(permit: Mapping[str, Any]) -> Grant:
    return Grant(**{key: _value(permit, key) for key in _PERMIT})


def _leg_to_toml(side: str, leg: Permissions) -> str:
    first = leg.grants[0] if leg.grants else None
    if first and leg == no_limits(first.who, first.until):
        return f"[{side}]\nno_limits = {{ who = {_quoted(first.who)}, until = {_quoted(first.until)} }}\n"
    texts = {key: getattr(leg, key) for key in _TEXTS}
    lines = [f"[{side}]", *(f"{key} = {_quoted(text)}" for key, text in texts.items() if text)]
    lines.append(f"healing = {str(leg.healing).lower()}")
    for grant in _longest(leg.grants):
        lines += ["", f"[[{side}.permit]]", *(f"{key} = {_quoted(getattr(grant, key))}" for key in _PERMIT)]
    return "\n".join(lines) + "\n"


def _longest(grants: Sequence[Grant]) -> list[Grant]:
    """Of several grants of one key, the one that holds longest."""
    last = {grant.key: grant for grant in sorted(grants, key=lambda grant: grant.until)}
    return [grant for grant in grants if last[grant.key] is grant]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
