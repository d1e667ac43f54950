"""The Replay page: the recordings of the library, or any file, shown again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from emgfeedback.app.console.parts import label
from emgfeedback.app.pages.doors import Doors, Kept
from emgfeedback.app.pages.errand import Errands
from emgfeedback.app.pages.look import button, empty, field, panel
from emgfeedback.app.pages.page import Page
from emgfeedback.app.pages.source import choose_file

ABOUT = "The Run screen as it was, from a file; the same answer again. Nothing is recorded."
NONE_YET = "No recordings yet. A session keeps one by itself; a file of another program can be chosen above."
NO_FILE = "which recording? Choose one from the list, or write its path"
WHEN_FOREIGN = "Only for files of other programs: which channel hears which muscle"
SHOWN = 60


class ReplayPage(Page):
    """Chooses a recording; `show_again` gets its path and, where it was typed, the montage."""

    def __init__(
        self,
        doors: Doors,
        errands: Errands,
        show_again: Callable[[str, str], object],
        back: Callable[[], object],
    ) -> None:
        super().__init__("Replay", ABOUT)
        self._doors, self._errands, self._again = doors, errands, show_again
        self.file = field("Path of a recording", "A recording of this or another program", 400)
        self.montage = field("gmed=1,tfl=2,ql=3", WHEN_FOREIGN, 200)
        self.montage.setAccessibleName("Channels of the muscles")
        browse = button("Choose…", "Choose a file", self.browse)
        self.likely = button("Replay", "Show this recording again", self.replay, "main")
        self._back = button("Back", "Back to Home  (Esc)", back, "page")
        chosen = QHBoxLayout()
        chosen.setSpacing(8)
        chosen.addWidget(self.file, 1)
        chosen.addWidget(browse)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        self._rows.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._rows.addWidget(label("Looking into the library…", "dim"))
        inside = QWidget()
        inside.setLayout(self._rows)
        self._rows.setContentsMargins(0, 0, 6, 0)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setAccessibleName("Recordings of the library")
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        last = QHBoxLayout()
        for made in (self._back, self.likely):
            made.setMinimumWidth(110)
        last.addWidget(self._back)
        last.addStretch(1)
        last.addWidget(self.likely)
        self.body.addWidget(panel("A file", chosen, label(WHEN_FOREIGN, "dim"), self.montage))
        self.body.addWidget(panel("Recordings of the library, newest first", area), 1)
        self.body.addLayout(last)

    def enter(self) -> None:
        """List the library anew."""
        self.say("")
        self._errands.send(self._doors.kept, self._show_kept, self.say)

    def take_focus(self) -> None:
        """The path comes first: Enter then replays it."""
        self.file.setFocus()

    def browse(self) -> None:
        """Choose a file, in a dialog that blocks nothing."""
        choose_file(self, self.file.setText)

    def replay(self) -> None:
        """Show the file whose path stands there."""
        path = self.file.text().strip()
        self.say("" if path else NO_FILE)
        if path:
            self._again(path, self.montage.text().strip())

    def _show_kept(self, kept: Sequence[Kept]) -> None:
        empty(self._rows)
        if not kept:
            self._rows.addWidget(label(NONE_YET, "large", wrap=True))
        for one in kept[:SHOWN]:
            text = f"{one.day}    {one.code}    {one.exercise}"
            self._rows.addWidget(
                button(text, f"Replay {one.path}", partial(self._again, one.path, ""), "row")
            )
        if len(kept) > SHOWN:
            self._rows.addWidget(
                label(f"{len(kept) - SHOWN} older ones: choose them as a file above.", "dim")
            )
