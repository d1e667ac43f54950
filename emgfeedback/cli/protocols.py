"""``emgfeedback protocols``: list, show and check exercise files, and load one by name or path."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from emgfeedback.cli.cards import card_command
from emgfeedback.cli.common import json_option, print_json
from emgfeedback.cli.protocol_page import clock, page
from emgfeedback.errors import InputError, ProtocolError
from emgfeedback.storage.packaged import packaged_dir
from emgfeedback.values import Protocol

MAX_BYTES = 400_000

SEED = 0
"""Which repetitions a fading schedule shows in a dry run; every session draws its own."""

DESCRIPTIVE = ("equipment", "landmark", "unverified", "progression", "dose", "dose_is")
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
    """List, show, check and print exercise files."""


protocols.add_command(card_command)


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
                click.echo(f"{entry['id']:6} {slug:28} {clock(entry['seconds']):>6}  {entry['name']}")
    _raise_mistakes(checked)


@protocols.command("show")
@click.argument("name", metavar="PROTOCOL")
@json_option
def show_protocol(name: str, as_json: bool) -> None:
    """Show one exercise: what it asks, and a dry run in words. PROTOCOL is a name, an id or a path."""
    protocol = _rehearsed(load_protocol(name))
    sheet = tomllib.loads(protocol.text)
    if as_json:
        described: dict[str, Any] = {key: sheet[key] for key in DESCRIPTIVE if key in sheet}
        print_json({**dataclasses.asdict(protocol), **_summary(protocol), **described})
    else:
        click.echo("\n".join(page(protocol, sheet)))


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
                length = f"{clock(entry['seconds'])}, {entry['repetitions']} repetitions"
                click.echo(f"{entry['file']}: ok, {entry['id']}, {length}, references: {references}")
    _raise_mistakes(checked)


@protocols.command("schema")
def print_schema() -> None:
    """Print the JSON schema of exercise files, for editors that complete and check while one writes."""
    from emgfeedback.training.protocol_schema import schema_text

    click.echo(schema_text(), nl=False)


def _rehearsed(protocol: Protocol) -> Protocol:
    """Return the exercise with the feedback that its schedule gives."""
    import numpy as np

    from emgfeedback.training.schedule import scheduled

    return scheduled(protocol, lambda block: np.random.default_rng([SEED, block]))


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
        "rule": " and ".join(dict.fromkeys(_rules(protocol))) or "observe",
    }


def _rules(protocol: Protocol) -> Iterable[str]:
    return (phase.rule for phase in protocol.phases if phase.kind == "work")
