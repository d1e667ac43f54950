"""``emgfeedback protocols``: list, show and check exercise files, and load one by name or path."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path
from typing import Any

import click

from emgfeedback.cli.common import json_option, print_json
from emgfeedback.errors import InputError, ProtocolError
from emgfeedback.storage.packaged import packaged_dir
from emgfeedback.values import Protocol

MAX_BYTES = 1_000_000

DESCRIPTIVE = ("stage", "equipment", "landmark", "dose")
"""Keys that are shown to people and decide nothing."""


def load_protocol(name_or_path: str) -> Protocol:
    """Return the exercise of a name or id, or of a file where a path or ``*.toml`` is given.

    Raises
    ------
    ProtocolNotFound
        No exercise that comes with the program has this name.
    InputError
        The file is missing, too large or not UTF-8 text.
    ProtocolError
        The file has mistakes.
    """
    from emgfeedback.training.protocol import find_protocol, parse_protocol

    path = Path(name_or_path)
    if path.suffix.lower() == ".toml" or len(path.parts) > 1:
        return parse_protocol(_read(path), path.name)
    return find_protocol(name_or_path, {file.stem: _read(file) for file in _packaged()})


@click.group()
def protocols() -> None:
    """List, show and check exercise files."""


@protocols.command("list")
@json_option
def list_protocols(as_json: bool) -> None:
    """List the exercises that come with the program."""
    checked = [_check(str(file)) for file in _packaged()]
    checked.sort(key=lambda entry: str(entry.get("id", "")).casefold())
    if as_json:
        print_json({"protocols": [entry for entry in checked if entry["ok"]]})
    else:
        for entry in checked:
            if entry["ok"]:
                slug = Path(entry["file"]).stem
                click.echo(f"{entry['id']:6} {slug:28} {_clock(entry['seconds']):>6}  {entry['name']}")
    _raise_mistakes(checked)


@protocols.command("show")
@click.argument("name", metavar="PROTOCOL")
@json_option
def show_protocol(name: str, as_json: bool) -> None:
    """Show one exercise: position, steps, cues and times. PROTOCOL is a name, an id or a path."""
    protocol = load_protocol(name)
    sheet = tomllib.loads(protocol.text)
    if as_json:
        described: dict[str, Any] = {key: sheet[key] for key in DESCRIPTIVE if key in sheet}
        print_json({**dataclasses.asdict(protocol), **_summary(protocol), **described})
    else:
        click.echo("\n".join(_page(protocol, sheet)))


@protocols.command("check")
@click.argument("names", metavar="[PATH]...", nargs=-1)
@json_option
def check_protocols(names: tuple[str, ...], as_json: bool) -> None:
    """Check exercise files, without a PATH those of the program; all mistakes are reported."""
    checked = [_check(name) for name in names or map(str, _packaged())]
    if as_json:
        print_json({"files": checked})
    else:
        for entry in checked:
            if entry["ok"]:
                references = ", ".join(entry["references"]) or "none"
                length = f"{_clock(entry['seconds'])}, {entry['repetitions']} repetitions"
                click.echo(f"{entry['file']}: ok, {entry['id']}, {length}, references: {references}")
    _raise_mistakes(checked)


def _packaged() -> list[Path]:
    return sorted(packaged_dir("protocols").glob("*.toml"))


def _read(path: Path) -> str:
    """Read a text file of limited size."""
    try:
        if not path.is_file():
            raise InputError(
                f"{_brief(path)}: no such exercise file; give the path of a .toml file or a name"
            )
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{_brief(path)}: cannot be read ({_reason(error)}); check the path") from None
    if len(content) > MAX_BYTES:
        raise InputError(f"{_brief(path)}: larger than {MAX_BYTES} bytes; an exercise file is a short text")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{_brief(path)}: byte {error.start + 1} is not UTF-8 text; save the file as UTF-8"
        ) from None


def _brief(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 200 else f"{text[:100]}...{text[-80:]}"


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


def _check(name: str) -> dict[str, Any]:
    """Dry-run one file: what it holds, or its mistakes, one a line."""
    try:
        protocol = load_protocol(name)
    except InputError as error:
        return {"file": name, "ok": False, "mistakes": str(error).splitlines()}
    return {"file": name, "ok": True, "id": protocol.id, "name": protocol.name, **_summary(protocol)}


def _raise_mistakes(checked: Iterable[dict[str, Any]]) -> None:
    mistakes = [line for entry in checked for line in entry.get("mistakes", ())]
    if mistakes:
        raise ProtocolError("\n".join(mistakes))


def _summary(protocol: Protocol) -> dict[str, Any]:
    return {
        "seconds": sum(phase.seconds for phase in protocol.phases),
        "repetitions": protocol.repetitions,
        "references": [phase.muscle for phase in protocol.phases if phase.kind in ("reference", "test")],
        "rule": "hold" if protocol.hold_s else "observe",
    }


def _page(protocol: Protocol, sheet: dict[str, Any]) -> Iterable[str]:
    """Yield the lines that describe an exercise to a person."""
    yield f"{protocol.id}  {protocol.name}"
    yield f"From: {protocol.provenance}"
    if sheet.get("dose"):
        yield f"Dose in the source: {sheet['dose']} (a quotation; confirm with a clinician)"
    if protocol.needs:
        yield f"A clinician must permit: {', '.join(protocol.needs)}"
    if sheet.get("equipment"):
        yield f"Equipment: {', '.join(sheet['equipment'])}"
    yield from (f"{key.title()}: {sheet[key]}" for key in ("position", "landmark") if sheet.get(key))
    yield f"Reward: {_reward(protocol)}"
    yield from (f"When {muscle} leads: {line}" for muscle, line in protocol.coaching.items())
    yield from (f"{number:3}. {step}" for number, step in enumerate(protocol.steps, start=1))
    yield f"Phases ({_clock(sum(phase.seconds for phase in protocol.phases))}):"
    starts = accumulate((phase.seconds for phase in protocol.phases), initial=0.0)
    for start, phase in zip(starts, protocol.phases, strict=False):
        what = phase.muscle or (f"#{phase.repetition}" if phase.repetition else "")
        instruction = f"{phase.cue}  ({phase.hint})" if phase.hint else phase.cue
        yield f"{_clock(start):>7} {phase.seconds:4g} s  {phase.kind:9} {what:4}  {instruction}"


def _reward(protocol: Protocol) -> str:
    if not protocol.hold_s:
        return "none; the muscles are observed, without feedback"
    ceiling = f" and at most {protocol.ceiling_pct:g} %" if protocol.ceiling_pct is not None else ""
    return (
        f"{protocol.hold_s:g} s of good time in one attempt; good is {protocol.target} at "
        f"{protocol.ratio:g} times {' and '.join(protocol.rivals)} or more, "
        f"at least {protocol.min_level_pct:g} %{ceiling} of its reference"
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{minutes:.0f}:{rest:04.1f}".removesuffix(".0")
