"""How current the picture is: what the source says of its link, and how long nothing came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emgfeedback.app.feed import Snapshot

JOINING, DOWN, CLOSED = ("absent", "connecting"), ("stalled", "lost", "reconnecting"), "closed"
STALLED_S = 0.3
"""After this long without a hop nothing on the screen may claim to be current."""


@dataclass(frozen=True, slots=True)
class Link:
    """State of the link, empty for a file or a simulated person; ``silent_s`` is 0 while all is current.

    ``cause`` says why it is down, empty where the source does not tell.
    """

    state: str = ""
    silent_s: float = 0.0
    cause: str = ""

    @property
    def joining(self) -> bool:
        """The board has not answered yet, or was let go."""
        return self.state in (*JOINING, CLOSED)

    @property
    def down(self) -> bool:
        """The board was there and is not now."""
        return self.state in DOWN

    @property
    def live(self) -> bool:
        """What is shown is what is now."""
        return self.silent_s == 0.0


def link_of(job: Any, snapshot: Snapshot | None, now_s: float) -> Link:
    """Look at a run's link at monotonic ``now_s``; a replay keeps its own time and is never late."""
    state, cause = str(getattr(job.source, "link", "")), str(getattr(job.source, "link_cause", ""))
    if snapshot is None or job.replay:
        return Link(state)
    since_s = max(0.001, now_s - snapshot.received_s)
    late = since_s > STALLED_S and snapshot.tick.state not in ("ready", "done")
    down = state in DOWN
    return Link(state, since_s if late or down else 0.0, cause if down else "")
