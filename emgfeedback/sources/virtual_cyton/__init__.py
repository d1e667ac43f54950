"""A Cyton on a pseudo-terminal: it speaks as firmware 3.1.2 does, and fails as boards do.

BrainFlow's own driver cannot tell it from a board. Nothing is wrong unless `Faults` asks for it.
"""

from emgfeedback.sources.virtual_cyton.board import VirtualCyton
from emgfeedback.sources.virtual_cyton.faults import (
    GARBAGE,
    Burst,
    ChannelFault,
    Fate,
    Faults,
    Outage,
    Resistors,
    Stall,
)
from emgfeedback.sources.virtual_cyton.firmware import BANNER, Firmware
from emgfeedback.sources.virtual_cyton.machine import Feed
from emgfeedback.sources.virtual_cyton.packets import AccelFeed, encode_packets
from emgfeedback.sources.virtual_cyton.port import available

__all__ = [
    "BANNER",
    "GARBAGE",
    "AccelFeed",
    "Burst",
    "ChannelFault",
    "Fate",
    "Faults",
    "Feed",
    "Firmware",
    "Outage",
    "Resistors",
    "Stall",
    "VirtualCyton",
    "available",
    "encode_packets",
]
