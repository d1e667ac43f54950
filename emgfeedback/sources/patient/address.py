"""The simulated patient by its address: ``patient:seed=1,script=learner,fs=250``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emgfeedback.errors import UsageError
from emgfeedback.sources.patient.patient import Patient
from emgfeedback.sources.patient.script import SCRIPTS


def _switch(text: str) -> bool:
    return {"0": False, "1": True}[text]


HINTS = {int: "a whole number", float: "a number", _switch: "0 or 1"}

KEYS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "script": ("script", str),
    "seed": ("seed", int),
    "fs": ("fs_hz", float),
    "gain": ("gain", int),
    "channels": ("n_channels", int),
    "chunk": ("chunk_s", float),
    "paced": ("paced", _switch),
    "rise": ("rise_s", float),
    "detached": ("detached", str),
    "detach": ("detach_s", float),
    "sinc3": ("sinc3", _switch),
    "crosstalk": ("crosstalk", float),
    "noise": ("noise_uv", float),
    "ecg": ("ecg_uv", float),
    "heart": ("heart_per_min", float),
    "mains": ("mains_uv", float),
    "hum": ("mains_hz", float),
    "offset": ("offset_uv", float),
    "drift": ("drift_uv", float),
    "motion": ("motion_per_min", float),
}
"""Word in the address: keyword of `Patient` or `Body`, and how its text is read."""


def parse_patient(address_tail: str, **given: Any) -> Patient:
    """Build the patient that ``key=value,key=value`` describes; ``given`` keywords hold where it is silent.

    Raises
    ------
    UsageError
        An unknown key, or a value that cannot be read or used.
    """
    options = dict(given)
    for part in filter(None, (part.strip() for part in address_tail.split(","))):
        key, _, text = part.partition("=")
        if key not in KEYS:
            keys, scripts = ", ".join(KEYS), ", ".join(SCRIPTS)
            raise UsageError(
                f"patient: there is no option {key[:40]!r}; the options are {keys}, the scripts {scripts}"
            )
        keyword, read = KEYS[key]
        try:
            options[keyword] = read(text)
        except (ValueError, KeyError):
            raise UsageError(
                f"patient: {part[:40]!r} cannot be read; write {key}= and {HINTS[read]}"
            ) from None
    return Patient(**options)
