"""Exercise files: TOML text in, a checked `Protocol` with a flat list of phases out."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from emgfeedback.errors import ProtocolError, ProtocolNotFound
from emgfeedback.training.protocol_errors import (
    MAX_PARTS,
    Loc,
    Mistake,
    deep_key,
    report,
    syntax_error,
    worded,
)
from emgfeedback.training.protocol_rules import broken_rules
from emgfeedback.training.protocol_sheet import EXERCISING
from emgfeedback.training.protocol_tables import (
    BlockTable,
    OptionTable,
    ProtocolFile,
    ProvenanceTable,
    RewardTable,
)
from emgfeedback.values import Option, Phase, Protocol, Quiet, Shaping

MAX_TEXT = 100_000
MAX_LINE = 10_000


def parse_protocol(text: str, name: str) -> Protocol:
    """Return the exercise that a TOML text describes; ``name`` is the file name for messages.

    Repeated blocks are expanded in file order. A protocol without a hold of its own has ``hold_s`` 0.

    Raises
    ------
    ProtocolError
        One line per mistake, all mistakes at once: file, line, what was found, what to write.
    """
    text = text.removeprefix("\ufeff")
    sheet = _read_toml(text, name)
    mistakes: list[Mistake] = []
    file = None
    try:
        file = ProtocolFile.model_validate(sheet)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        mistakes = list(worded(errors, sheet))
        _blank(sheet, (entry["loc"] for entry in errors))
    mistakes += broken_rules(sheet)
    if mistakes or file is None:
        raise report(mistakes, text, name)
    return _expand(file, text)


def find_protocol(name: str, texts: Mapping[str, str]) -> Protocol:
    """Return the exercise of that slug or id, upper or lower case; ``texts`` maps slug to TOML text.

    Raises
    ------
    ProtocolNotFound
        No file has this slug or id; the message offers the nearest names.
    ProtocolError
        The file was found and has mistakes.
    """
    names = {slug.casefold(): slug for slug in texts}
    if name.casefold() not in names:
        ids = {_id_of(text): slug for slug, text in texts.items()}
        names |= {known.casefold(): slug for known, slug in ids.items() if known}
    slug = names.get(name.casefold())
    if slug is None:
        near = difflib.get_close_matches(name[:60].casefold(), names, n=1, cutoff=0.5)
        offer = f"write {near[0]}, or see" if near else "see"
        raise ProtocolNotFound(f'no exercise is named "{name[:60]}"; {offer} "emgfeedback protocols list"')
    return parse_protocol(texts[slug], f"{slug}.toml")


def _read_toml(text: str, name: str) -> dict[str, Any]:
    if len(text) > MAX_TEXT:
        raise ProtocolError(f"{name}: the text is longer than {MAX_TEXT} characters; write a shorter file")
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > MAX_LINE:
            raise ProtocolError(f"{name}: line {number}: longer than {MAX_LINE} characters; break it up")
    if deep := deep_key(text):
        raise ProtocolError(
            f"{name}: line {deep}: the key has more than {MAX_PARTS} parts; write tables flat"
        )
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise syntax_error(error, text, name) from None
    except RecursionError:
        raise ProtocolError(f"{name}: lists or tables are nested too deep; write them flat") from None


def _blank(sheet: dict[str, Any], places: Iterable[Loc]) -> None:
    """Replace values that are wrong by themselves with None."""
    for *path, last in places:
        holder: Any = sheet
        for step in path:
            holder = holder[step]
        if holder is not None:
            holder[last] = None


def _expand(file: ProtocolFile, text: str) -> Protocol:
    reward, shaping, quiet = file.reward, file.shaping, file.quiet
    return Protocol(
        id=file.id,
        name=file.name,
        phases=tuple(_phases(file.block, reward)),
        target=file.target,
        rivals=tuple(file.rivals),
        hold_s=reward.hold_s or 0.0,
        ratio=reward.ratio,
        min_level_pct=reward.min_level_pct,
        ceiling_pct=reward.ceiling_pct,
        sides=file.sides,
        coaching=dict(file.coaching),
        position=file.position,
        steps=tuple(file.steps),
        needs=tuple(file.needs),
        provenance=_provenance(file.provenance),
        text=text,
        stage=file.stage,
        load=file.load,
        other_needs=tuple(file.other_needs),
        other_load=file.other_load,
        options=tuple(_option(option) for option in file.option),
        watch=tuple(file.watch),
        notes=tuple(file.notes),
        schedule=file.feedback.schedule,
        shaping=Shaping(**shaping.model_dump()) if shaping else None,
        quiet=Quiet(**quiet.model_dump()) if quiet else None,
        rival_ceiling_pct=dict(reward.rival_ceiling_pct),
        unit_s=reward.unit_s,
        stop_after=reward.stop_after,
    )


def _option(table: OptionTable) -> Option:
    return Option(table.name, table.text, tuple(table.needs), tuple(table.other_needs))


def _phases(blocks: Iterable[BlockTable], reward: RewardTable) -> Iterator[Phase]:
    repetition = 0
    for number, block in enumerate(blocks, start=1):
        for table in block.phase * block.repeat:
            phase = Phase(
                table.kind,
                table.seconds,
                table.cue,
                table.hint,
                table.muscle,
                block=number,
                role=block.role,
                label=block.label,
                needs=tuple(table.needs),
            )
            if table.kind in EXERCISING:
                repetition += 1
                phase = replace(phase, repetition=repetition, **_asked(block, reward))
            yield phase


def _asked(block: BlockTable, reward: RewardTable) -> dict[str, Any]:
    """Return the rule and the hold of the repetitions of a block; an observed exercise has no hold."""
    rule = block.rule or reward.rule
    hold_s = block.hold_s or reward.hold_s if rule == "hold" else None
    return {"rule": "rep" if rule == "rep" else "hold", "hold_s": hold_s or 0.0}


def _provenance(table: ProvenanceTable) -> str:
    return "; ".join(filter(None, [table.source, *table.papers, table.review]))


def _id_of(text: str) -> str:
    """Return the id of a file without checking the rest; empty where there is none."""
    try:
        return str(_read_toml(text, "").get("id", ""))
    except ProtocolError:
        return ""
