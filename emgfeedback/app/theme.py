"""Colours, fonts and the stylesheet: dark for the patient, light for the operator.

The three muscle colours keep a distance of 38 and more for all four kinds of colour vision (Machado 2009,
full severity; `tests/test_app_theme.py`). Meaning never rests on colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QColor, QFont, QFontDatabase

from emgfeedback.values import TARGET

FAMILY = "Inter"
REGULAR, SEMIBOLD = QFont.Weight.Normal, QFont.Weight.DemiBold


@dataclass(frozen=True, slots=True)
class Theme:
    """One palette; ``target, front, back`` colour the muscles, ``done`` what is achieved."""

    name: str
    background: str
    background_end: str
    ink: str
    dim: str
    line: str
    well: str
    target: str
    front: str
    back: str
    done: str
    accent: str
    warning: str

    def hue(self, muscle: str, role: str, rank: int = 0) -> QColor:
        """Colour of a muscle; a rival that is not known gets the ``rank``-th of what is left."""
        known = {"tfl": self.front, "ql": self.back, "qlc": self.back}
        rest = (self.front, self.back, self.dim)
        if role == TARGET:
            return QColor(self.target)
        return QColor(known.get(muscle) or rest[min(rank, len(rest) - 1)])


DARK = Theme(
    name="dark",
    background="#0E1726",
    background_end="#152238",
    ink="#F4F7FB",
    dim="#9FB0C6",
    line="#2C3E5A",
    well="#1B2A42",
    target="#3FC1F0",
    front="#F5A623",
    back="#F2E9B8",
    done="#7FE3B0",
    accent="#1F6F8B",
    warning="#F5C26B",
)
LIGHT = Theme(
    name="light",
    background="#FBFAF7",
    background_end="#F4F2EC",
    ink="#16202E",
    dim="#56657A",
    line="#D4D3CC",
    well="#FFFFFF",
    target="#0072B2",
    front="#A65A00",
    back="#4E2444",
    done="#00795A",
    accent="#0B4F6C",
    warning="#8A5300",
)
CONTRAST = Theme(
    name="contrast",
    background="#000000",
    background_end="#000000",
    ink="#FFFFFF",
    dim="#E0E0E0",
    line="#7A7A7A",
    well="#101010",
    target="#5CD0FF",
    front="#FFB000",
    back="#FFF6C2",
    done="#FFFFFF",
    accent="#005A7D",
    warning="#FFD98A",
)
THEMES = {theme.name: theme for theme in (DARK, LIGHT, CONTRAST)}


def load_fonts() -> None:
    """Register the bundled Inter, so that widths agree on every system (fallback: the system's font)."""
    if FAMILY in QFontDatabase.families():
        return
    for file in sorted(resources.files("emgfeedback.app").joinpath("fonts").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".otf"):
            QFontDatabase.addApplicationFontFromData(QByteArray(file.read_bytes()))


def font(pixels: int, weight: QFont.Weight = REGULAR) -> QFont:
    """Bundled font of a height in (virtual) pixels, without hinting so that it scales evenly."""
    made = QFont(FAMILY)
    made.setPixelSize(pixels)
    made.setWeight(weight)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made


def stylesheet(theme: Theme) -> str:
    """Qt stylesheet of the operator's panel; every control shows where the focus is."""
    return f"""
    QWidget {{ background: {theme.background}; color: {theme.ink};
               font-family: "{FAMILY}", "DejaVu Sans", sans-serif; font-size: 13px; }}
    QLabel {{ background: transparent; }}
    QLabel[look="title"] {{ font-size: 17px; font-weight: 600; }}
    QLabel[look="phase"] {{ font-size: 22px; font-weight: 600; }}
    QLabel[look="huge"] {{ font-size: 34px; font-weight: 600; }}
    QLabel[look="large"] {{ font-size: 18px; }}
    QLabel[look="leader"] {{ font-size: 15px; font-weight: 600; }}
    QLabel[look="dim"] {{ color: {theme.dim}; font-size: 12px; }}
    QLabel[look="chip"] {{ background: {theme.well}; border: 1px solid {theme.line}; border-radius: 9px;
                          padding: 3px 9px; font-size: 12px; }}
    QLabel[look="tag"] {{ background: {theme.warning}; color: {theme.background}; border-radius: 9px;
                         padding: 3px 9px; font-size: 12px; font-weight: 600; }}
    QLabel[look="banner"] {{ background: #FFF3DC; color: #5C3A00; border: 1px solid #E2B868;
                            border-radius: 9px; padding: 9px 12px; }}
    QLabel[look="notice"] {{ background: #FFF3DC; color: #5C3A00; border: 1px solid #E2B868;
                            border-radius: 9px; padding: 12px 15px; font-size: 17px; }}
    QFrame[look="card"] {{ background: {theme.well}; border: 1px solid {theme.line}; border-radius: 12px; }}
    QFrame[look="card"] QLabel {{ background: transparent; }}
    QPushButton {{ background: {theme.well}; color: {theme.ink}; border: 2px solid {theme.line};
                  border-radius: 9px; padding: 0 8px; min-height: 30px; font-size: 13px; }}
    QPushButton:hover {{ border-color: {theme.dim}; }}
    QPushButton:pressed {{ background: {theme.background_end}; }}
    QPushButton:disabled {{ color: {theme.dim}; background: {theme.background_end}; }}
    QPushButton[look="main"] {{ background: {theme.accent}; color: #FFFFFF; border-color: {theme.accent};
                               min-height: 40px; font-size: 16px; font-weight: 600; }}
    QPushButton[look="main"]:disabled {{ background: {theme.dim}; border-color: {theme.dim}; }}
    QPushButton[look="stop"] {{ color: #9B1C1C; border-color: #B4332E; min-height: 40px; font-size: 16px;
                               font-weight: 600; }}
    QPushButton[look="stop"]:disabled {{ color: {theme.dim}; border-color: {theme.line}; }}
    QPushButton[look="pain"] {{ color: #7A4A00; border-color: #C98A2B; min-height: 40px; font-size: 16px;
                               font-weight: 600; }}
    QPushButton[look="pain"]:disabled {{ color: {theme.dim}; border-color: {theme.line}; }}
    QPushButton[look="number"] {{ padding: 0; min-width: 24px; }}
    QPushButton[look="page"] {{ min-height: 44px; font-size: 16px; }}
    QLineEdit, QComboBox {{ background: {theme.well}; border: 2px solid {theme.line}; border-radius: 7px;
                           padding: 0 7px; min-height: 30px; }}
    QComboBox::drop-down {{ border: 0; width: 22px; }}
    QComboBox::down-arrow {{ width: 0; height: 0; border-left: 5px solid {theme.well};
                            border-right: 5px solid {theme.well}; border-top: 6px solid {theme.ink}; }}
    QLineEdit:focus, QComboBox:focus {{ border-color: {theme.ink}; }}
    QPushButton:focus {{ border-color: {theme.ink}; }}
    QPushButton[look="main"]:focus {{ border-color: #F2B134; }}
    QSplitter::handle {{ background: {theme.line}; }}
    QToolTip {{ background: {theme.ink}; color: {theme.background}; border: 0; padding: 4px; }}
    """
