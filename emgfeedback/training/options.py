"""An exercise with the ways of doing it that were chosen, and the muscles that are really listened to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from emgfeedback.errors import UsageError
from emgfeedback.values import Protocol, StreamInfo

OTHER_WAIST = {"ql": "qlc", "qlc": "ql"}


def with_options(protocol: Protocol, names: Sequence[str]) -> Protocol:
    """Add what the chosen options ask for to the needs of an exercise, and their words to its steps.

    Raises
    ------
    UsageError
        For an option that the exercise does not have.
    """
    known = {option.name: option for option in protocol.options}
    for name in names:
        if name not in known:
            have = ", ".join(known) or "none"
            raise UsageError(f"exercise {protocol.id} has no option {name[:40]!r}; its options are: {have}")
        option = known[name]
        protocol = replace(
            protocol,
            needs=tuple(dict.fromkeys((*protocol.needs, *option.needs))),
            other_needs=tuple(dict.fromkeys((*protocol.other_needs, *option.other_needs))),
            steps=(*protocol.steps, option.text),
        )
    return protocol


def check_sites(protocol: Protocol, montage: Mapping[str, str]) -> None:
    """Ask for another placement where the waist electrode sits on the side that this exercise does not need.

    Raises
    ------
    UsageError
        Naming the side on which the electrode belongs.
    """
    for wanted in protocol.rivals:
        worn = OTHER_WAIST.get(wanted, "")
        if worn in montage and wanted not in montage:
            side = "opposite to the trained leg" if wanted == "qlc" else "of the trained leg"
            raise UsageError(
                f"exercise {protocol.id} needs the waist electrode on the side {side}, the montage has it on "
                f"the other ({worn}={montage[worn]}); re-place it, name it {wanted}, and measure rest and "
                "references anew, or wear both"
            )


def mode_words(protocol: Protocol, info: StreamInfo) -> str:
    """Name the mode where a rival is not listened to; empty for target and all rivals."""
    worn = [info.channels[i].muscle for i in info.used()]
    heard = [rival for rival in protocol.rivals if rival in worn]
    if len(heard) == len(protocol.rivals):
        return ""
    rivals = ", ".join(heard) or "no rival"
    return f"{protocol.target} + one rival ({rivals})" if len(heard) == 1 else f"{protocol.target} + {rivals}"
