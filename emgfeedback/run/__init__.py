"""The one loop that live, replay and headless runs share, and what it takes to start and sum up a run."""

from emgfeedback.run.loop import Commands, Queue, Recorded, Sink, Source, run

__all__ = ["Commands", "Queue", "Recorded", "Sink", "Source", "run"]
