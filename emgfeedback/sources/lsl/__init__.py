"""Streams of the Lab Streaming Layer as a source, for amplifiers that BrainFlow does not know."""

from emgfeedback.sources.lsl.query import parse_query
from emgfeedback.sources.lsl.source import LslSource, open_lsl

__all__ = ["LslSource", "open_lsl", "parse_query"]
