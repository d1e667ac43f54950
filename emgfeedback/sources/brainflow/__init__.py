"""Boards through BrainFlow: one thread owns the device, everybody else sees chunks."""

from emgfeedback.sources.brainflow.address import open_brainflow
from emgfeedback.sources.brainflow.owner import keep_decimal_point
from emgfeedback.sources.brainflow.source import BrainflowSource

__all__ = ["BrainflowSource", "keep_decimal_point", "open_brainflow"]
