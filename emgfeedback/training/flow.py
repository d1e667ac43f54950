"""Which phase runs: begin, go on, wait, lock, repeat and end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emgfeedback.training.phases import PHASES, Locked, Observe, Relax, Step, Work
from emgfeedback.training.repetition import Repetition
from emgfeedback.training.sham import Sham
from emgfeedback.values import Frame, Phase, Quality

if TYPE_CHECKING:
    from emgfeedback.training.session import Session

READY = Phase("ready", 0.0, "Ready")
DONE = Phase("done", 0.0, "Well done")
COUNTDOWN_S = 5.0
WAITING = Phase("waiting", COUNTDOWN_S, "One moment")
STOPPED = Phase("locked", 0.0, "Stopped. Rest.")
STANDS_FOR = {"waiting": WAITING, "locked": STOPPED}


class Flow:
    """The way of one session through its phases.

    ``state`` is ``ready``, ``running``, ``paused``, ``waiting`` (for the board), ``locked`` (after pain) or
    ``done``; ``phase`` the running phase in the form that is permitted, ``step`` what happens in it.
    """

    def __init__(self, session: Session) -> None:
        self.state = "ready"
        self.phase_index, self.phase, self.hops_left = -1, READY, 0
        self.step: Step = Relax(session, READY, 0)
        self._session = session
        self._link_is_back = False
        self._go_on_at: int | None = None
        self._after_repeat: int | None = None
        self._before_lock = ""

    @property
    def shown(self) -> Phase:
        """What people are told: the phase, or what stands for it while nothing is asked."""
        return STANDS_FOR.get(self.state, self.phase)

    @property
    def locked_phase(self) -> bool:
        """Whether the running phase is not permitted."""
        return isinstance(self.step, Locked)

    @property
    def to_come(self) -> int:
        """Index of the first phase that is still to be done after the running one."""
        return self.phase_index + 1 if self._after_repeat is None else self._after_repeat

    @property
    def sham(self) -> Sham | None:
        """Made-up feedback of the running repetition."""
        return self.step.sham if isinstance(self.step, Work) and self.state == "running" else None

    def repetition(self) -> Repetition | None:
        """The repetition that is running."""
        return self.step.repetition if isinstance(self.step, Observe) else None

    def hop_is_over(self, frame: Frame) -> None:
        """Count the hop, of a running phase or of the countdown after a lost board."""
        clean = not (frame.quality & Quality.GAP).any()
        if self.state == "running" or (self.state == "waiting" and self._link_is_back and clean):
            self.hops_left -= 1

    def start(self) -> None:
        """Begin the first phase."""
        if self.state == "ready":
            self.state = "running"
            self.next_phase()

    def pause(self) -> None:
        """Freeze the phase where it is."""
        if self.state == "running":
            self.state = "paused"

    def resume(self) -> None:
        """Go on after a pause, or at once when a lost board is back."""
        if self.state == "paused":
            self.state = "running"
            self._take_up()
        elif self.state == "waiting" and self._link_is_back:
            self.go_on()

    def skip(self) -> None:
        """Leave the phase for the next one."""
        if self.state in ("running", "paused"):
            self.next_phase()

    def go_on(self) -> None:
        """Next phase; after a wait, the interrupted one from its beginning."""
        if self.state == "waiting":
            self.state = "running"
            self._take_up()
        else:
            self.next_phase()

    def next_phase(self) -> None:
        """Leave the running phase for the one that follows."""
        if self._go_on_at is None:
            if self.phase_index >= 0:
                self.step.leave(self._session)
            if self._session.set_up.rest_again:
                self._begin(self.phase_index)
                return
        following = max(self.phase_index + 1, self._go_on_at or 0)
        if self._after_repeat is not None:
            following, self._after_repeat = self._after_repeat, None
        self._begin(following)

    def repeat(self, index: int) -> None:
        """Do a phase of the set-up again, then go on with the running one from its beginning."""
        go_on_at = self._interrupt("repeat")
        if self._after_repeat is None and index != self.phase_index:
            self._after_repeat = go_on_at
        self._begin(index)

    def lock(self, why: str) -> None:
        """Ask for nothing more until a clinician has looked; what was running is void."""
        if self.state in ("locked", "done"):
            return
        self._before_lock = self.state
        if self.state in ("running", "paused") and self._go_on_at is None:
            self._wait_at(self._interrupt(why))
        self.state = "locked"

    def unlock(self) -> None:
        """Let the operator resume; nothing begins by itself."""
        if self.state == "locked":
            self.state = "ready" if self._before_lock == "ready" else "paused"

    def look_again(self) -> None:
        """Begin a locked phase once more, after a permission was granted."""
        if self.locked_phase and self.state in ("running", "paused"):
            self._begin(self.phase_index)

    def hear_link(self, link: str, cause: str) -> None:
        """Wait while the board is stalled or lost: what was running is void, not failed."""
        if link == "streaming":
            self._link_is_back = True
        elif self.state in ("running", "waiting"):
            if self.state == "running":
                self._wait_at(self._interrupt(cause or link))
            self.state = "waiting"
            self._link_is_back = False
            self.hops_left = self._session.grid.hops(COUNTDOWN_S)

    def end(self, why: str) -> None:
        """End the session and log the reason."""
        if 0 <= self.phase_index < len(self._session.protocol.phases) and self._go_on_at is None:
            self.step.leave(self._session)
        self.state = "done"
        self.hops_left = 0
        self._session.log(why, {})

    def _take_up(self) -> None:
        """Begin the interrupted phase again, if there is one."""
        if self._go_on_at is not None:
            self._begin(self._go_on_at)

    def _interrupt(self, why: str) -> int:
        """Leave the phase, void unless its hold is full; return the index of the phase to go on with."""
        done = self.repetition()
        held = done is not None and done.phase.kind == "work" and done.phase.rule == "hold"
        finished = done is not None and held and done.hold.rewarded
        self.step.leave(self._session, "" if finished else why)
        return self.phase_index + finished

    def _wait_at(self, go_on_at: int) -> None:
        self._go_on_at = go_on_at
        self.step = Relax(self._session, WAITING, 0)
        self.hops_left = 0

    def _begin(self, index: int) -> None:
        """Begin a phase in the form that is permitted; contractions that are not are left out."""
        session, phases = self._session, self._session.protocol.phases
        self._go_on_at = None
        while index < len(phases):
            if not session.teaching.leaves_out(phases[index]):
                permitted = session.permitting.form(phases[index], index, session.log)
                if permitted is not None:
                    self._enter(index, *permitted)
                    return
                session.set_up.leave_out(phases[index].muscle)
            index += 1
        self.phase_index, self.state, self.phase = index, "done", DONE
        session.set_up.listen("")
        session.log("done", {})

    def _enter(self, index: int, phase: Phase, permitted: bool) -> None:
        session = self._session
        self.phase_index, self.phase = index, phase
        self.hops_left = session.grid.hops(phase.seconds)
        session.set_up.listen(phase.kind)
        session.teaching.enter(phase)
        session.log("phase", {"index": index, "kind": phase.kind, "muscle": phase.muscle})
        kind = PHASES[phase.kind] if permitted else Locked
        self.step = kind(session, phase, self.hops_left)
