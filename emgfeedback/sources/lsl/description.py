"""Names and units of the channels, from the description in XML that a stream carries.

Anybody in the network may write such a description: it is limited in size, and one that declares a document
type, and so could have entities, is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np

from emgfeedback.values import Channel, Floats

LONGEST_XML = 2**20
LONGEST_LABEL = 32

FLOAT_STEP_UV = 0.1
"""Grid for streams of floats: 24 bits of it span ±839 mV, electrode offset and all; its noise is 0.03 µV."""

SCALES_UV = {
    **dict.fromkeys(("nanovolts", "nanovolt", "nv"), 1e-3),
    **dict.fromkeys(("microvolts", "microvolt", "uv", "μv"), 1.0),
    **dict.fromkeys(("millivolts", "millivolt", "mv"), 1e3),
    **dict.fromkeys(("volts", "volt", "v"), 1e6),
}


@dataclass(frozen=True, slots=True)
class Description:
    """Channels of a stream, what turns their values into microvolts, and what is doubtful about it."""

    channels: tuple[Channel, ...]
    scale_uv: Floats
    lsb_uv: float
    warnings: tuple[str, ...]


def scale_of(unit: str) -> float | None:
    """Microvolts of one such unit, or None if it is no voltage."""
    return SCALES_UV.get(unit.strip().casefold())


def describe(xml: str, n_channels: int, whole: bool, unit: str = "") -> Description:
    """Read what a stream says of its channels; what it does not say is made up, with a warning.

    Values that are ``whole`` numbers stay exact: their step is one of the smallest unit. Floats are put on
    `FLOAT_STEP_UV`.

    Parameters
    ----------
    unit : for channels that state none
    """
    told, warnings = _told(xml, n_channels)
    scales = [scale_of(stated or unit) for _, stated in told]
    units = [f"{number} ({stated or 'none'})" for number, (_, stated) in enumerate(told, start=1)]
    silent = [unit for unit, scale in zip(units, scales, strict=True) if scale is None]
    if silent:
        shown = ", ".join(silent[:4]) + (" and others" if len(silent) > 4 else "")
        warnings.append(
            f"unit of channel {shown} is no voltage: microvolts are assumed, and every level in µV is "
            "wrong if that is; set the unit in the sending program, or add unit=mV, V or nV to the address"
        )
    scale_uv = np.array([scale or 1.0 for scale in scales])
    lsb_uv = float(scale_uv.min()) if whole else FLOAT_STEP_UV
    return Description(_channels([label for label, _ in told]), scale_uv, lsb_uv, tuple(warnings))


def _told(xml: str, n_channels: int) -> tuple[list[tuple[str, str]], list[str]]:
    """(label, unit) of each channel, empty where not said."""
    nothing = [("", "")] * n_channels
    if len(xml) > LONGEST_XML or "<!DOCTYPE" in xml.upper():
        return nothing, ["the description of the stream is too long or unsafe, and was not read"]
    try:
        found = ElementTree.fromstring(xml).findall("./desc/channels/channel")
    except ElementTree.ParseError:
        return nothing, ["the description of the stream is no valid XML, and was not read"]
    told = [(_text(channel, "label"), _text(channel, "unit")) for channel in found]
    if told and len(told) != n_channels:
        return nothing, [
            f"the stream has {n_channels} channels, describes {len(told)}: its names and units are not used"
        ]
    return told or nothing, []


def _text(channel: ElementTree.Element, name: str) -> str:
    text = (channel.findtext(name) or "").strip()[:LONGEST_LABEL]
    return text if text.isprintable() else ""


def _channels(labels: Sequence[str]) -> tuple[Channel, ...]:
    """Channels with names that differ."""
    names: list[str] = []
    for number, label in enumerate(labels, start=1):
        name = label or f"EMG {number}"
        names.append(name if name not in names else f"{name} ({number})")
    return tuple(Channel(name) for name in names)
