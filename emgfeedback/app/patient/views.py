"""The patient views by name. A new view is one more file with these functions, and one line here."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Protocol

from PySide6.QtGui import QPainter

from emgfeedback.app.patient import balloon, blank, calm, columns, hip, triangle
from emgfeedback.app.patient.layout import Layout
from emgfeedback.app.patient.picture import PatientState
from emgfeedback.app.patient.text import Label
from emgfeedback.app.theme import Theme


class View(Protocol):
    """What a view offers: it paints on the virtual canvas and knows nothing of screens, turns or time."""

    def suits(self, state: PatientState) -> bool:
        """Whether this view has a picture for these muscles."""

    def layout_of(self, state: PatientState, width: float, height: float) -> Layout:
        """Where things stand."""

    def still_key(self, state: PatientState) -> Hashable:
        """What the still layer depends on, besides size and theme."""

    def draw_still(
        self, painter: QPainter, state: PatientState, theme: Theme, width: float, height: float
    ) -> None:
        """Paint what does not move."""

    def draw(
        self,
        painter: QPainter,
        state: PatientState,
        theme: Theme,
        width: float,
        height: float,
        glow: float = 0.0,
    ) -> None:
        """Paint the rest; ``glow``, 0 to 1, fades the found look in and out."""

    def still_labels(self, state: PatientState, theme: Theme, layout: Layout) -> Iterator[Label]:
        """The words of the still layer."""

    def live_labels(self, state: PatientState, theme: Theme, layout: Layout) -> Iterator[Label]:
        """All other words."""


VIEWS: dict[str, View] = {
    "hip": hip,
    "columns": columns,
    "triangle": triangle,
    "balloon": balloon,
    "blank": blank,
}
DEFAULT = "hip"


def view_of(name: str, state: PatientState) -> View:
    """Who draws this moment: the view of that name, or what stands in where it has no picture for it.

    Without levels there is one calm screen for all, so that no view tells what the others hide.
    """
    view = VIEWS[name]
    if view.suits(state):
        return view
    return columns if columns.suits(state) else calm
