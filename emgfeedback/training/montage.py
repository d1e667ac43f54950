"""Which channel listens to which muscle, on which side, as target or rival."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from emgfeedback.errors import InputError, UsageError
from emgfeedback.values import EMG, OTHER, RIVAL, TARGET, StreamInfo

SIDES = ("left", "right")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,15}")
_ENTRY = re.compile(r"""\s*([^=,\s]+)\s*=\s*("[^"]*"|'[^']*'|[^,"']*?)\s*(?:,|$)""")


def parse_montage(text: str) -> dict[str, str]:
    """Read ``gmed=1,tfl=2,ql="left waist"`` into muscle code → label or 1-based number.

    Raises
    ------
    UsageError
        For anything else, a muscle named twice, or a channel used twice.
    """
    montage: dict[str, str] = {}
    at = 0
    while at < len(text):
        entry = _ENTRY.match(text, at)
        if entry is None:
            raise _bad_montage(text, f"{text[at:].strip()[:40]!r} is not muscle=channel")
        _add(montage, entry[1].lower(), entry[2].strip("\"'"), text)
        at = entry.end()
    if not montage:
        raise _bad_montage(text, "nothing was found")
    return montage


def parse_montage_file(text: str, name: str) -> dict[str, str]:
    """Read a TOML file with one table ``[channels]`` of muscle = label or number."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"{name}: not a TOML file ({error}); write [channels] and lines like gmed = 1"
        ) from None
    channels = table.get("channels")
    if not isinstance(channels, dict) or not channels:
        raise InputError(f"{name}: no table [channels]; write [channels] and lines like gmed = 1")
    montage: dict[str, str] = {}
    for muscle, channel in channels.items():
        _add(montage, str(muscle).lower(), str(channel), name)
    return montage


def _add(montage: dict[str, str], muscle: str, channel: str, text: str) -> None:
    if not _CODE.fullmatch(muscle):
        raise _bad_montage(text, f"{muscle[:40]!r} is not a short muscle code")
    if muscle in montage:
        raise _bad_montage(text, f"{muscle} is named twice")
    if not channel:
        raise _bad_montage(text, f"{muscle} has no channel")
    if channel in montage.values():
        raise _bad_montage(text, f"channel {channel[:40]!r} is used twice")
    montage[muscle] = channel


def _bad_montage(text: str, why: str) -> UsageError:
    return UsageError(f"montage {text[:80]!r}: {why}; write for example gmed=1,tfl=2,ql=3")


def apply_montage(
    info: StreamInfo, montage: Mapping[str, str], side: str, target: str, rivals: Sequence[str]
) -> StreamInfo:
    """Name the muscles of a stream; a label of the stream counts first, else a 1-based number.

    Raises
    ------
    InputError
        When a label or number is not in the stream.
    UsageError
        When the side, the target, or every rival is missing.
    """
    if side not in SIDES:
        raise UsageError(f"side {side!r} is neither left nor right; write --side left or --side right")
    if target not in montage:
        raise UsageError(
            f"the montage names {', '.join(montage)} but not the target {target}; add {target}=CHANNEL"
        )
    if rivals and not any(rival in montage for rival in rivals):
        raise UsageError(f"the montage names no rival of {target}; add one of {', '.join(rivals)}")
    channels = list(info.channels)
    taken: dict[int, str] = {}
    for muscle, label in montage.items():
        column = _find(info, muscle, label)
        if column in taken:
            raise UsageError(
                f"montage: {taken[column]} and {muscle} are both on {info.channels[column].name!r}"
            )
        taken[column] = muscle
        role = TARGET if muscle == target else RIVAL if muscle in rivals else OTHER
        channels[column] = replace(info.channels[column], muscle=muscle, side=side, role=role)
    return replace(info, channels=tuple(channels))


def _find(info: StreamInfo, muscle: str, label: str) -> int:
    names = [channel.name for channel in info.channels if channel.kind == EMG]
    for same in (str.__eq__, lambda a, b: a.casefold() == b.casefold()):
        matches = [i for i, name in enumerate(names) if same(name, label)]
        if len(matches) == 1:
            return matches[0]
    if label.isascii() and label.isdigit() and 1 <= int(label) <= len(names):
        return int(label) - 1
    known = ", ".join(repr(name) for name in names[:12]) + (" …" if len(names) > 12 else "")
    raise InputError(
        f"montage {muscle}={label[:60]}: no such channel; use 1 to {len(names)} or one of {known}"
    )
