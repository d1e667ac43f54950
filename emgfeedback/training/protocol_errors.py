"""Mistakes in an exercise file, each with its line, what was found and what to write."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Any

from emgfeedback.errors import ProtocolError
from emgfeedback.training.protocol_tables import TABLES, keys_of

Loc = tuple[str | int, ...]

MAX_SHOWN = 100
"""Mistakes listed in one message."""

MAX_PARTS = 8
"""Parts of a dotted key or header; a parser takes a time that grows with their square."""

_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'|#[^\n]*", re.DOTALL
)
_KEY = r"""(?:[A-Za-z0-9_-]+|"\w*"|'\w*')"""
_PATH = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_DEEP = re.compile(rf"""(?<![\w"'-]){_KEY}(?:[ \t]*\.[ \t]*{_KEY}){{{MAX_PARTS}}}""")
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_PATH})\s*\]")
_ASSIGNMENT = re.compile(rf"\s*({_PATH})\s*=")
_PLACE = re.compile(r"^(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$", re.DOTALL)

_WRONG = {
    "missing": "is missing",
    "greater_than": "is not above {gt:g}",
    "greater_than_equal": "is below {ge:g}",
    "less_than_equal": "is above {le:g}",
    "finite_number": "is not a finite number",
    "string_too_long": "is longer than {max_length} characters",
    "string_too_short": "is empty",
    "too_short": "is empty",
    "too_long": "has {actual_length} entries, more than {max_length}",
    "literal_error": "is not known",
    "string_pattern_mismatch": "cannot be used",
    "string_type": "is not a text in quotes",
    "float_type": "is not a number",
    "int_type": "is not a whole number",
    "list_type": "is not a list",
    "dict_type": "is not a table",
    "model_type": "is not a table",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at a place of the file (``loc`` as pydantic writes it), and what to write."""

    loc: Loc
    text: str


def syntax_error(error: ValueError, text: str, name: str) -> ProtocolError:
    """Return the error for text that is not TOML, with line and column."""
    place = _PLACE.match(str(error))
    if place is None:
        return ProtocolError(f"{name}: not TOML: a value cannot be read; write shorter numbers")
    last_line = text.rstrip().count("\n") + 1
    where = f"line {place[2]}, column {place[3]}" if place[2] else f"line {last_line}"
    return ProtocolError(f"{name}: {where}: not TOML: {clip(place[1])}; correct this line")


def deep_key(text: str) -> int | None:
    """Return the line of the first key with more parts than any file needs, before anything is parsed."""
    masked = _STRING.sub(_mask, text)
    deep = _DEEP.search(masked)
    return masked.count("\n", 0, deep.start()) + 1 if deep else None


def worded(errors: Iterable[Mapping[str, Any]], sheet: Mapping[str, Any]) -> Iterator[Mistake]:
    """Yield a mistake for each entry of pydantic's ``errors()``; a misspelt key is not missing as well."""
    errors = list(errors)
    unknown = (error["loc"] for error in errors if error["type"] == "extra_forbidden")
    misspelt = {(*loc[:-1], _nearest(loc)) for loc in islice(unknown, MAX_SHOWN)}
    for error in islice(errors, MAX_SHOWN + 1):
        loc: Loc = error["loc"]
        if error["type"] == "extra_forbidden":
            yield about(loc, _unknown_key(loc), sheet)
        elif error["type"] != "missing" or loc not in misspelt:
            yield _wrong_value(error, sheet)


def _wrong_value(error: Mapping[str, Any], sheet: Mapping[str, Any]) -> Mistake:
    loc: Loc = error["loc"]
    wrong = _WRONG.get(error["type"], error["msg"]).format(**error.get("ctx", {}))
    found = "" if error["type"] == "missing" else _found(error["input"])
    return about(loc, f"{_key(loc)}{found} {wrong}; write {_advice(loc)}{_meant(error)}", sheet)


def _meant(error: Mapping[str, Any]) -> str:
    """Offer the known word that an unknown one resembles."""
    if error["type"] != "literal_error" or not isinstance(error["input"], str):
        return ""
    known = [word for word in re.findall(r"'([^']*)'", error["ctx"]["expected"]) if word]
    by_fold = {word.casefold(): word for word in known}
    near = difflib.get_close_matches(error["input"][:60].casefold(), by_fold, n=1)
    return f'; did you mean "{by_fold[near[0]]}"?' if near else ""


def _advice(loc: Loc) -> str:
    """Return what to write for a key; entries of a free table share the advice of the table."""
    keys = _keys(loc)
    found = (keys_of(keys[: end - 1]).get(keys[end - 1]) for end in range(len(keys), 0, -1))
    return next(filter(None, found))


def about(loc: Loc, text: str, sheet: Mapping[str, Any]) -> Mistake:
    """Return a mistake whose text names the phase or table it is about."""
    return Mistake(loc, f"{_owner(loc, sheet)}{text}")


def report(mistakes: Iterable[Mistake], text: str, name: str) -> ProtocolError:
    """Return the error that lists all mistakes, one a line, in the order of the file."""
    lines = line_numbers(text)
    placed = sorted(((_line_of(mistake.loc, lines), mistake.text) for mistake in mistakes), key=itemgetter(0))
    shown = [f"{name}: line {line}: {what}" for line, what in placed[:MAX_SHOWN]]
    if len(placed) > MAX_SHOWN:
        shown.append(f"{name}: and more mistakes; correct these first")
    return ProtocolError("\n".join(shown))


def line_numbers(text: str) -> dict[Loc, int]:
    """Return the line of each table header and key of valid TOML, by its place in the parsed data.

    Values inside inline tables and lists of several lines have the line of their key.
    """
    lines: dict[Loc, int] = {}
    counts: dict[Loc, int] = {}
    table: Loc = ()
    depth = 0
    for number, line in enumerate(_STRING.sub(_mask, text).split("\n"), start=1):
        if depth == 0 and (header := _HEADER.match(line)):
            table = _resolve(_names(header[2]), counts, opens=header[1] == "[[")
            lines.setdefault(table, number)
            continue
        if depth == 0 and (assignment := _ASSIGNMENT.match(line)):
            path = table + _names(assignment[1])
            lines.update({path[:end]: number for end in range(len(table) + 1, len(path) + 1)})
        depth += sum(line.count(bracket) for bracket in "[{") - sum(line.count(bracket) for bracket in "]}")
    return lines


def _resolve(names: Loc, counts: dict[Loc, int], opens: bool) -> Loc:
    """Return the place of a table header; ``[[…]]`` opens the next entry of its list."""
    place: Loc = ()
    for position, name in enumerate(names):
        place += (name,)
        if opens and position == len(names) - 1:
            counts[place] = counts.get(place, 0) + 1
        if place in counts:
            place += (counts[place] - 1,)
    return place


def _names(path: str) -> Loc:
    return tuple(name.strip("\"'") for name in re.findall(_KEY, path))


def _mask(string: re.Match[str]) -> str:
    """Blank a comment or string, so that what it holds is not taken for keys and brackets."""
    token = string[0]
    if token.startswith("#"):
        return ""
    if token.startswith(('"""', "'''")):
        return '""' + "\n" * token.count("\n")
    return token[0] + re.sub(r"\W", "_", token[1:-1]) + token[0]


def _line_of(loc: Loc, lines: Mapping[Loc, int]) -> int:
    """Return the line of a place or, where it is not written, of the table it belongs to."""
    return next((lines[loc[:end]] for end in range(len(loc), 0, -1) if loc[:end] in lines), 1)


def _owner(loc: Loc, sheet: Mapping[str, Any]) -> str:
    """Name what a place belongs to; phases are counted from 1 over the file as it is written."""
    match loc:
        case ("block", int(block), "phase", int(phase), *_):
            blocks = sheet["block"]
            before = sum(_phase_count(earlier) for earlier in blocks[:block])
            kind = blocks[block]["phase"][phase]
            kind = kind.get("kind") if isinstance(kind, dict) else None
            named = f" {_shown(kind)}" if isinstance(kind, str) else ""
            return f"phase {before + phase + 1}{named}: "
        case ("block", int(block), *_):
            return f"block {block + 1}: "
        case ("option", int(option), *_):
            return f"option {option + 1}: "
        case ("reward", "rival_ceiling_pct", _, *_):
            return "[reward.rival_ceiling_pct]: "
        case (str(table), _, *_) if (table,) in TABLES or table == "coaching":
            return f"[{table}]: "
    return ""


def _phase_count(block: Any) -> int:
    phases = block.get("phase") if isinstance(block, dict) else None
    return len(phases) if isinstance(phases, list) else 0


def _key(loc: Loc) -> str:
    """Name the key, and the position in a list of values."""
    if len(loc) > 1 and isinstance(loc[-1], int):
        return f"{clip(str(loc[-2]))} entry {loc[-1] + 1}"
    return clip(str(loc[-1]))


def _keys(loc: Loc) -> tuple[str, ...]:
    """Return a place without positions in lists."""
    return tuple(step for step in loc if isinstance(step, str))


def _nearest(loc: Loc) -> str:
    """Return the known key that an unknown one resembles, or nothing where it is at home elsewhere."""
    *table, key = _keys(loc)
    if _homes(key):
        return ""
    return next(iter(difflib.get_close_matches(key[:60], keys_of(tuple(table)), n=1)), "")


def _unknown_key(loc: Loc) -> str:
    """Say that a key is unknown, and the nearest known one or where it belongs."""
    *table, key = _keys(loc)
    if near := _nearest(loc):
        return f"unknown key {clip(key)}; did you mean {near}?"
    if homes := _homes(key):
        top = "at the top of the file, before the first [table]"
        return f"key {key} does not belong here; write it {_header(homes[0]) or top}"
    return f"unknown key {clip(key)}; write one of {', '.join(keys_of(tuple(table)))}"


def _homes(key: str) -> list[tuple[str, ...]]:
    return [table for table in TABLES if key in keys_of(table)]


def _header(table: tuple[str, ...]) -> str:
    name = ".".join(table)
    if not name:
        return ""
    return f"under [[{name}]]" if table[0] in ("block", "option") else f"under [{name}]"


def _found(value: Any) -> str:
    return f" = {shown}" if (shown := _shown(value)) else ""


def _shown(value: Any) -> str:
    """Write a value as TOML does, cut to one short piece; empty for lists and tables."""
    if isinstance(value, str):
        return json.dumps(clip(value), ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > 64:
        return "a huge number"
    return "" if isinstance(value, list | dict) else str(value)


def clip(text: str) -> str:
    """Cut long text and keep it on one line."""
    flat = "".join(letter if letter.isprintable() else "?" for letter in text[:61])
    return flat if len(text) <= 60 else flat[:57] + "..."
