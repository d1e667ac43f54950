"""The pages of a session: each is made when it is first opened, and told what those before it know."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from emgfeedback.app.pages.doors import Doors, Order, Person
from emgfeedback.app.pages.errand import Errands
from emgfeedback.app.pages.page import Page
from emgfeedback.app.pages.ready import ReadyPage

if TYPE_CHECKING:
    from emgfeedback.app.pages.exercise import ExercisePage
    from emgfeedback.app.pages.person import PersonPage
    from emgfeedback.app.pages.placement import PlacementPage
    from emgfeedback.app.pages.signals import SignalsPage

Act = Callable[[], object]
AFTER_PLACEMENT = ("signals", "exercise", "ready", "run")


class Desk:
    """Makes the pages; the acts are where they lead."""

    def __init__(
        self,
        doors: Doors,
        errands: Errands,
        *,
        go: Callable[[str], object],
        back: Act,
        with_person: Callable[[Person], object],
        start: Callable[[Order], object],
        replay: Callable[..., object],
        again: Act,
    ) -> None:
        self._doors, self._errands = doors, errands
        self._go, self._back, self._with_person = go, back, with_person
        self._start, self._replay, self._again = start, replay, again
        self.pages: dict[str, Page] = {}

    def page(self, name: str) -> Page:
        """A page by its name."""
        if name not in self.pages:
            makers: dict[str, Callable[[], Page]] = {
                "person": self._make_person,
                "placement": self._make_placement,
                "signals": self._make_signals,
                "exercise": self._make_exercise,
                "replay": self._make_replay,
                "ready": partial(ReadyPage, self._again, self._back),
            }
            self.pages[name] = makers[name]()
        return self.pages[name]

    def _make_person(self) -> Page:
        from emgfeedback.app.pages.person import PersonPage

        made = PersonPage(self._doors, self._with_person, self._back)
        made.start_new()
        return made

    def _make_placement(self) -> Page:
        from emgfeedback.app.pages.placement import PlacementPage

        return PlacementPage(self._doors, self._leave_out, partial(self._go, "signals"), self._back)

    def _make_signals(self) -> Page:
        from emgfeedback.app.pages.signals import SignalsPage

        return SignalsPage(self._doors, self._errands, partial(self._go, "exercise"), self._back)

    def _make_exercise(self) -> Page:
        from emgfeedback.app.pages.exercise import ExercisePage

        return ExercisePage(self._doors, self._errands, self._start, self._back)

    def _make_replay(self) -> Page:
        from emgfeedback.app.pages.replay import ReplayPage

        return ReplayPage(self._doors, self._errands, self._replay, self._back)

    @property
    def person(self) -> PersonPage:
        """The Person page."""
        return cast("PersonPage", self.page("person"))

    @property
    def placement(self) -> PlacementPage:
        """The Placement page."""
        return cast("PlacementPage", self.page("placement"))

    @property
    def signals(self) -> SignalsPage:
        """The Signal check page."""
        return cast("SignalsPage", self.page("signals"))

    @property
    def exercise(self) -> ExercisePage:
        """The Exercise page."""
        return cast("ExercisePage", self.page("exercise"))

    @property
    def ready(self) -> ReadyPage:
        """The page between Start and the run."""
        return cast("ReadyPage", self.page("ready"))

    def fill(self, name: str, person: Person | None, came_from: str) -> None:
        """Tell a page of the person, the sites, the source and the verdict."""
        if name == "placement":
            self.placement.show_person(person)
        elif name == "signals":
            self._hand_over(self.signals, came_from, "exercise")
            self.signals.show_person(person)
        elif name == "exercise":
            self._hand_over(self.exercise, came_from, "signals")
            self.exercise.show_person(person)
            self.exercise.show_signals(self.signals if "signals" in self.pages else None)

    def _hand_over(self, page: SignalsPage | ExercisePage, came_from: str, other: str) -> None:
        """The source chosen on the page one comes from, and the sites that are left out."""
        if came_from == other:
            before: Any = self.pages[other]
            page.source.adopt(before.source)
        if "placement" in self.pages:
            page.source.leave_out(self.placement.left_out)

    def start_anew(self) -> None:
        """Somebody else comes: no site is left out, nothing was checked."""
        if "placement" in self.pages:
            self.placement.start_anew()

    def _leave_out(self) -> None:
        """Other sites are listened to: what was heard before says nothing."""
        if "signals" in self.pages:
            self.signals.forget()

    def release(self) -> None:
        """Wait until a signal check that was left has let its board go; not on the thread of the window."""
        if "signals" in self.pages:
            self.signals.release()

    def shutdown(self) -> None:
        """End what a page still does."""
        if "signals" in self.pages:
            self.signals.shutdown()

    def done(self, here: str, person: Person | None, runs: bool) -> list[str]:
        """The steps that are behind one."""
        is_done = {
            "person": person is not None,
            "placement": person is not None and here in AFTER_PLACEMENT,
            "signals": "signals" in self.pages and self.signals.all_good,
            "exercise": runs and person is not None,
        }
        return [name for name, so in is_done.items() if so]
