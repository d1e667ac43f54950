"""A study file: what a study that was approved may do in a session."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emgfeedback.errors import InputError

KEYS = {"schema": int, "ethics": str, "exercises": list, "sham": bool}


@dataclass(frozen=True, slots=True)
class StudyFile:
    """What was approved: the number of the vote, the exercises, and whether feedback may be made up.

    ``sha256`` is that of the text, and names the file in every recording.
    """

    ethics: str
    exercises: tuple[str, ...]
    sham: bool
    sha256: str


def parse_study(text: str, name: str) -> StudyFile:
    """Read a study file.

    Raises
    ------
    InputError
        Saying what is wrong and what to write.
    """
    try:
        sheet = tomllib.loads(text)
    except ValueError as error:
        raise InputError(f"{name}: not TOML ({error}); correct this line") from None
    for key, value in sheet.items():
        if key not in KEYS or type(value) is not KEYS[key]:
            raise InputError(f"{name}: {key[:40]} cannot be read; the keys are {', '.join(KEYS)}")
    _check(sheet, name)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return StudyFile(sheet["ethics"], tuple(sheet["exercises"]), bool(sheet.get("sham")), digest)


def _check(sheet: Mapping[str, Any], name: str) -> None:
    if sheet.get("schema") != 1:
        raise InputError(f"{name}: schema is {sheet.get('schema')!r}; write schema = 1")
    if not str(sheet.get("ethics", "")).strip():
        raise InputError(f'{name}: ethics is missing; write the number of the vote, as in ethics = "2026-12"')
    exercises = sheet.get("exercises", [])
    if not exercises or not all(isinstance(one, str) for one in exercises):
        raise InputError(f'{name}: exercises is empty; write the ids, such as exercises = ["E03"]')
