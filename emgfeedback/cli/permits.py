"""What the person may do, as the command line says it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emgfeedback.errors import InputError, UsageError

if TYPE_CHECKING:
    from emgfeedback.run.terms import Terms
    from emgfeedback.training.permissions import Limits, Permissions

WHO = "operator at the command line"
NOBODY = ("patient:", "synthetic:", "file:")
"""Sources behind which nobody lies who could be hurt."""
MAX_BYTES = 100_000


def limits_of(permit: str | None, file: Path | None, side: str) -> Limits | None:
    """What the person may do, from ``--limits`` and ``--permit``; None where neither is given.

    Raises
    ------
    UsageError
        A key that is none, or both of them.
    InputError
        A limits file that is missing or wrong.
    """
    from emgfeedback.training.limits import limits_for, parse_limits
    from emgfeedback.training.permissions import Limits

    if file is None and permit is None:
        return None
    if file is None:
        return Limits(_permitted(permit or ""), _permitted(permit or ""))
    if permit is not None:
        raise UsageError("--limits and --permit say different things; write every permission into the file")
    return limits_for(parse_limits(_text_of(file, "--limits"), file.name), side)


def terms_of(
    address: str,
    limits: Limits | None,
    options: tuple[str, ...],
    mvic: bool,
    seed: int | None,
    study: Mapping[str, Any],
) -> Terms:
    """The terms of a run; behind a simulation or a file lies nobody who could be hurt.

    Which repetitions of a fading set are seen follows the seed there, and chance with a person.
    """
    from emgfeedback.run.terms import Terms
    from emgfeedback.training.permissions import NOBODY_ASKED

    kind = "mvic" if mvic else "submaximal"
    if address.startswith(NOBODY):
        return Terms(limits or simulated_limits(), options, kind, seed or 0, study)
    return Terms(limits or NOBODY_ASKED, options, kind, secrets.randbits(31), study)


def study_of(file: Path | None, exercise: str) -> dict[str, Any]:
    """What a study file allows for an exercise; empty without one.

    Raises
    ------
    InputError
        For a file that is missing or wrong, or that does not name the exercise.
    """
    from emgfeedback.study.study_file import parse_study

    if file is None:
        return {}
    study = parse_study(_text_of(file, "--study"), file.name)
    if exercise not in study.exercises:
        raise InputError(
            f"{file.name}: the study does not name {exercise}; its exercises are {', '.join(study.exercises)}"
        )
    return {"sha256": study.sha256, "ethics": study.ethics, "sham": study.sham}


def simulated_limits() -> Limits:
    """The explicit entry of a simulated person, who has no limits."""
    from emgfeedback.training.permissions import Limits, no_limits

    free = no_limits("nobody: a simulation or a file", _today())
    return Limits(free, free)


def _permitted(permit: str) -> Permissions:
    """A leg with the keys of ``--permit``, for today."""
    from emgfeedback.training.permissions import KEYS, LOCKED, SQUEEZE, Grant, no_limits, unlock

    asked = permit.strip()
    if asked.lower() == "all":
        return no_limits(WHO, _today())
    leg = LOCKED
    keys = [] if asked.lower() == "none" else [key.strip().upper() for key in asked.split(",")]
    for key in keys:
        if key not in (*KEYS, SQUEEZE):
            known = ",".join((*KEYS, SQUEEZE))
            raise UsageError(f"--permit {key[:20]!r}: write all, none, or some of {known}")
        leg = unlock(leg, Grant(key, WHO, "--permit", _today()))
    return leg


def _today() -> str:
    return datetime.now().astimezone().date().isoformat()


def _text_of(file: Path, option: str) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise InputError(f"{option} {file}: larger than {MAX_BYTES} bytes; it should be a short text")
        return content.decode("utf-8")
    except OSError as error:
        raise InputError(f"{option} {file}: cannot be read ({error.strerror}); check the path") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{option} {file}: byte {error.start + 1} is not UTF-8; save it as UTF-8") from None
