"""The channel commands of a Cyton, and whether the board obeyed.

BrainFlow believes a gain that the board refused, and returns "Failure: …" as a success: the microvolts would
be wrong by up to 24 times. So every answer is read.
"""

from __future__ import annotations

import re

GAIN_CODES = {1: 0, 2: 1, 4: 2, 6: 3, 8: 4, 12: 5, 24: 6}
CHANNEL_LETTERS = "12345678QWERTYUI"


def channel_commands(n_channels: int, gain: int) -> tuple[str, ...]:
    """Commands for bipolar EMG: on, gain, normal input, bias on, SRB2 off, SRB1 off."""
    return tuple(f"x{letter}0{GAIN_CODES[gain]}0100X" for letter in CHANNEL_LETTERS[:n_channels])


def objection(reply: str, n_commands: int) -> str:
    """What is wrong with the board's reply, or "" if it has one Success per command and nothing else."""
    answers = [answer.strip() for answer in reply.split("$$$") if answer.strip()]
    refused = [answer for answer in answers if not answer.startswith("Success")]
    if refused:
        return f'"{refused[0][:80]}"'
    confirmed = reply.count("Success")
    return "" if confirmed == n_commands else f"{confirmed} of {n_commands} commands confirmed"


def channels_found(reply: str) -> int | None:
    """How many channels the answer to ``C`` tells: 8, 16 with a Daisy, or None if it does not tell."""
    answer = next((part.strip() for part in reply.split("$$$") if part.strip()), "")
    found = re.search(r"(?<!\d)(8|16)$", answer)
    return int(found[1]) if found else None
