"""What every page of the workstation has: who it is about, a banner, Enter for the likely button."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from emgfeedback.app.console.parts import label, put
from emgfeedback.app.pages.look import press, set_look


class Page(QWidget):
    """A title with a line below it, chips at the right, a banner for what went wrong, and a body."""

    def __init__(self, title: str, about: str = "") -> None:
        super().__init__()
        self.setObjectName("ground")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(title)
        self.likely: QPushButton | None = None
        self.title, self.about = label(title, "who"), label(about, "dim", wrap=True)
        self.chips = QHBoxLayout()
        self.chips.setSpacing(8)
        self.banner = label("", "banner", wrap=True)
        self.banner.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 12, 18, 16)
        layout.setSpacing(10)
        names = QVBoxLayout()
        names.setSpacing(1)
        names.addWidget(self.title)
        names.addWidget(self.about)
        head = QHBoxLayout()
        head.addLayout(names, 1)
        head.addLayout(self.chips)
        layout.addLayout(head)
        layout.addWidget(self.banner)
        self.body = QVBoxLayout()
        self.body.setSpacing(12)
        layout.addLayout(self.body, 1)

    def say(self, sentence: str) -> None:
        """Show what went wrong and what to do; empty takes it away."""
        put(self.banner, sentence[:1].upper() + sentence[1:])
        self.banner.setAccessibleName(self.banner.text())
        self.banner.setVisible(bool(sentence))
        if sentence:
            announce(self, self.banner.text())

    def chip(self, text: str, look: str = "good") -> QLabel:
        """One more chip at the right of the head."""
        made = label(text, look)
        self.chips.addWidget(made, 0, Qt.AlignmentFlag.AlignTop)
        return made

    def show_chip(self, chip: QLabel, text: str, look: str) -> None:
        """Other words on a chip, in another look; empty hides it."""
        set_look(chip, look)
        put(chip, text)
        chip.setVisible(bool(text))

    def announce(self) -> None:
        """Tell a screen reader which page this is."""
        announce(self, ". ".join(filter(None, (self.title.text(), self.about.text()))))

    def enter(self) -> None:
        """The page is shown now; it asks for what it shows."""

    def take_focus(self) -> None:
        """Put the focus where the next step is."""
        if self.likely is not None and self.likely.isEnabled():
            self.likely.setFocus()
        else:
            self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the focused button, or the likely one where the focus is elsewhere."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
            return
        focused = self.focusWidget()
        pressed = focused if isinstance(focused, QPushButton) else self.likely
        if pressed is not None:
            press(pressed)


def announce(page: QWidget, words: str) -> None:
    """Let a screen reader say something, when it has finished what it says now."""
    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(page, words))
