"""Draws the icon of the program: ``python packaging/icon.py`` writes every file in ``packaging/icons``.

Three bars stand under the arc of a hip: the tall one is the muscle that should do the work, the two beside it
are its rivals. Below 32 pixels a second, simpler drawing is used, whose bars lie on whole pixels at 16.
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

ICONS = Path(__file__).resolve().parent / "icons"
NAME = "emgfeedback"
SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
SMALL_BELOW = 32
ICO_SIZES = (16, 24, 32, 48, 64, 128, 256)
ICNS_TYPES = {16: b"icp4", 32: b"icp5", 64: b"icp6", 128: b"ic07", 256: b"ic08", 512: b"ic09"}
"""Types of an Apple icon that hold a PNG, by their width."""

NIGHT, ARC, TARGET, FRONT, WAIST = "#0E1726", "#F4F7FB", "#3FC1F0", "#F5A623", "#F2E9B8"
"""The dark palette of the patient's picture (`emgfeedback.app.theme`)."""

LARGE_SVG = f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">
  <title>emgfeedback: three bars under the arc of a hip</title>
  <rect width="64" height="64" rx="14" fill="{NIGHT}"/>
  <path d="M9 34 A23 23 0 0 1 55 34" fill="none" stroke="{ARC}" stroke-width="5" stroke-linecap="round"/>
  <rect x="13" y="40" width="10" height="14" rx="3" fill="{FRONT}"/>
  <rect x="27" y="23" width="10" height="31" rx="3" fill="{TARGET}"/>
  <rect x="41" y="44" width="10" height="10" rx="3" fill="{WAIST}"/>
</svg>
"""
SMALL_SVG = f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" width="16" height="16">
  <title>emgfeedback: three bars under the arc of a hip, for 16 and 24 pixels</title>
  <rect width="16" height="16" rx="3" fill="{NIGHT}"/>
  <path d="M2 8 A6 6 0 0 1 14 8" fill="none" stroke="{ARC}" stroke-width="1.5"/>
  <rect x="3" y="10" width="3" height="4" fill="{FRONT}"/>
  <rect x="7" y="5" width="2" height="9" fill="{TARGET}"/>
  <rect x="10" y="11" width="3" height="3" fill="{WAIST}"/>
</svg>
"""


def drawing_for(size: int) -> str:
    """SVG text of the drawing that is meant for a width in pixels."""
    return SMALL_SVG if size < SMALL_BELOW else LARGE_SVG


def png(size: int) -> bytes:
    """The icon as a PNG, ``size`` pixels square, with a clear background outside its corners."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(drawing_for(size).encode())).render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def ico(pictures: dict[int, bytes]) -> bytes:
    """An icon of Windows from PNG pictures by their width: a header, 16 bytes each, then the pictures."""
    header, body = struct.pack("<HHH", 0, 1, len(pictures)), b""
    start = 6 + 16 * len(pictures)
    for size, picture in sorted(pictures.items()):
        width = size % 256  # 0 stands for 256
        header += struct.pack("<BBBBHHII", width, width, 0, 0, 1, 32, len(picture), start + len(body))
        body += picture
    return header + body


def icns(pictures: dict[int, bytes]) -> bytes:
    """An icon of macOS from PNG pictures by their width: a type and a length before each."""
    body = b"".join(
        ICNS_TYPES[size] + struct.pack(">I", 8 + len(picture)) + picture
        for size, picture in sorted(pictures.items())
    )
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


def files() -> dict[str, bytes]:
    """Every file of the icon, by name."""
    pictures = {size: png(size) for size in SIZES}
    return {
        f"{NAME}.svg": LARGE_SVG.encode(),
        f"{NAME}-small.svg": SMALL_SVG.encode(),
        **{f"{NAME}-{size}.png": picture for size, picture in pictures.items()},
        f"{NAME}.ico": ico({size: pictures[size] for size in ICO_SIZES}),
        f"{NAME}.icns": icns({size: pictures[size] for size in ICNS_TYPES}),
    }


def main() -> None:
    """Write the files of the icon."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication

    app = QGuiApplication([NAME])
    ICONS.mkdir(exist_ok=True)
    for name, content in files().items():
        (ICONS / name).write_bytes(content)
        sys.stdout.write(f"{name}: {len(content)} bytes\n")
    del app


if __name__ == "__main__":
    main()
