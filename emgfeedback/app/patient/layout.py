"""Where things stand on the virtual canvas: 1600 x 900, 900 x 1600 turned, or anything between."""

from __future__ import annotations

from dataclasses import dataclass, replace

Box = tuple[float, float, float, float]
"""x, y, width, height."""

SHORT_SIDE = 900.0
NOWHERE: Box = (0.0, 0.0, 0.0, 0.0)
TARGET_WELL, RIVAL_WELL = (0.66, 230.0), (0.48, 160.0)
"""Share of the slot and largest width of a column."""
OVERHANG, EDGE, WIDEST_CAPTION = 30.0, 46.0, 118.0
"""How far lines reach beyond a column, free room at the edge, and the widest words beside a line."""
TWO_LINES_BELOW = 930.0
"""Where the columns share less width than this, places are written in two lines."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Boxes of a screen; ``wells`` is the band in which all columns stand, or the place of a scene.

    ``said`` and ``bar`` are the share in words and as a bar, ``gauge`` the level where it has a top; they
    are there for scenes only.
    """

    width: float
    height: float
    wells: Box
    cue: Box
    sub: Box
    ring: Box
    count: Box
    dots: Box
    tag: Box
    hint: Box | None = None
    centred: bool = False
    said: Box = NOWHERE
    bar: Box = NOWHERE
    gauge: Box = NOWHERE
    count_left: bool = False

    @property
    def label_height(self) -> float:
        """Room for the place below a column: two lines where three slots are narrow."""
        return 138.0 if self.wells[2] < TWO_LINES_BELOW else 70.0

    def slot(self, index: int, n_columns: int) -> tuple[float, float]:
        """Left edge and width of the slot of one column."""
        width = self.wells[2] / n_columns
        return self.wells[0] + index * width, width

    def well(self, index: int, n_columns: int, is_target: bool) -> Box:
        """The column itself, centred in its slot; the target's is the widest."""
        left, slot = self.slot(index, n_columns)
        share, widest = TARGET_WELL if is_target else RIVAL_WELL
        width = min(widest, slot * share)
        return left + (slot - width) / 2, self.wells[1], width, self.wells[3]

    def beside(self, index: int, n_columns: int, is_target: bool, at_left: bool) -> tuple[float, float]:
        """Left edge and width of the free room on one side of a well, for the words of its lines."""
        x, _, width, _ = self.well(index, n_columns, is_target)
        slot = self.slot(index, n_columns)[1]
        outer = index == (0 if at_left else n_columns - 1)
        neighbour = EDGE if outer else (slot - self.well(0, n_columns, not is_target)[2]) / 2 - OVERHANG
        room = min((slot - width) / 2 + neighbour - OVERHANG, WIDEST_CAPTION)
        return (x - OVERHANG - room if at_left else x + width + OVERHANG), room


def canvas_size(width: float, height: float) -> tuple[float, float]:
    """Virtual canvas for a surface of this shape; 16:9 gives 1600 x 900, and its turn 900 x 1600."""
    aspect = width / max(height, 1.0)
    if aspect >= 1.4:
        return min(1900.0, SHORT_SIDE * aspect), SHORT_SIDE
    if aspect >= 1.0:
        return 1260.0, min(1120.0, 1260.0 / aspect)
    return SHORT_SIDE, min(1900.0, max(1250.0, SHORT_SIDE / aspect))


def columns_layout(width: float, height: float) -> Layout:
    """Columns and words side by side, or the words above and the ring below on a tall canvas."""
    if width < height:
        return _tall(width, height)
    side = 494.0 if width >= 1500.0 else 410.0
    left = width - side - 30.0
    labels = 220.0 if left - 130.0 < TWO_LINES_BELOW else 160.0
    spare = height - SHORT_SIDE
    ring_top = 398.0 + spare * 0.45
    return Layout(
        width,
        height,
        wells=(70.0, 92.0, left - 130.0, height - 92.0 - 40.0 - labels),
        cue=(left, 84.0, side, 130.0),
        sub=(left, 222.0, side, 150.0),
        ring=(left + side / 2 - 150.0, ring_top, 300.0, 300.0),
        count=(left, ring_top + 318.0, side, 54.0),
        dots=(left, ring_top + 384.0, side, 60.0),
        tag=(70.0, 22.0, 500.0, 44.0),
    )


def _tall(width: float, height: float) -> Layout:
    ring = height - 350.0
    return Layout(
        width,
        height,
        wells=(50.0, 350.0, width - 100.0, ring - 350.0 - 260.0),
        cue=(50.0, 70.0, width - 100.0, 130.0),
        sub=(50.0, 208.0, width - 100.0, 100.0),
        ring=(60.0, ring, 290.0, 290.0),
        count=(400.0, ring + 70.0, width - 450.0, 60.0),
        dots=(400.0, ring + 150.0, width - 450.0, 60.0),
        tag=(50.0, 18.0, 500.0, 44.0),
    )


def scene_layout(width: float, height: float, ring_inside: bool = False) -> Layout:
    """A scene with the words, the ring and the share beside it, or around it on a tall canvas.

    With ``ring_inside`` a tall scene reaches down to the share, and leaves a lower corner to the ring.
    """
    if width < height:
        return _tall_scene(width, height, ring_inside)
    wide = width >= 1500.0
    side, ring = (540.0, 290.0) if wide else (420.0, 270.0)
    left, spare = width - side - 44.0, height - SHORT_SIDE
    top, ring_top = 64.0 + spare * 0.2, 350.0 + spare * 0.5
    below = ring_top + ring + (30.0 if wide else 76.0)
    return Layout(
        width,
        height,
        wells=(112.0, 78.0, left - 150.0, height - 126.0),
        cue=(left, top, side, 130.0),
        sub=(left, top + 138.0, side, 138.0),
        ring=(left if wide else left + (side - ring) / 2, ring_top, ring, ring),
        count=(left + 322.0, ring_top + 90.0, side - 322.0, 110.0)
        if wide
        else (left, ring_top + ring + 12.0, side, 54.0),
        dots=(left, below + 128.0, side, 56.0),
        tag=(70.0, 18.0, 640.0, 44.0),
        said=(left, below, side, 58.0),
        bar=(left, below + 70.0, side, 36.0),
        gauge=(28.0, 170.0, 44.0, height - 340.0),
        count_left=wide,
    )


def _tall_scene(width: float, height: float, ring_inside: bool) -> Layout:
    ring, row = 290.0 if height >= 1400.0 else 220.0, height - 112.0
    bottom = height - 300.0 if ring_inside else row - 20.0
    beside = (70.0 + ring, bottom - ring / 2, width - ring - 120.0)
    scene = bottom - 320.0 - (0.0 if ring_inside else ring + 24.0)
    whole = Layout(
        width,
        height,
        wells=(40.0, 320.0, width - 80.0, scene),
        cue=(50.0, 66.0, width - 100.0, 124.0),
        sub=(50.0, 196.0, width - 100.0, 104.0),
        ring=(width - ring - 70.0, bottom - ring, ring, ring),
        count=(50.0, row, 380.0, 60.0),
        dots=(450.0, row, width - 500.0, 60.0),
        tag=(50.0, 16.0, 800.0, 44.0),
        said=(50.0, height - 276.0, width - 100.0, 62.0),
        bar=(50.0, height - 200.0, width - 100.0, 44.0),
        gauge=(18.0, 380.0, 38.0, scene - 120.0),
        count_left=True,
    )
    if ring_inside:
        return whole
    return replace(
        whole,
        ring=(40.0, bottom - ring, ring, ring),
        said=(beside[0], beside[1] - 66.0, beside[2], 62.0),
        bar=(beside[0], beside[1] + 8.0, beside[2], 44.0),
    )


def countdown_layout(width: float, height: float) -> Layout:
    """The calm layout with a larger number."""
    calm = calm_layout(width, height)
    bottom = calm.ring[1] + calm.ring[3]
    return replace(calm, ring=(width / 2 - 190.0, bottom - 380.0, 380.0, 380.0), hint=None)


def calm_layout(width: float, height: float) -> Layout:
    """One word, one line, one number, in the middle: where there is nothing to steer by."""
    more = 0.0 if width >= 1200.0 else 56.0
    middle, top = width / 2, max(40.0, height / 2 - 410.0 - more / 2)
    return Layout(
        width,
        height,
        wells=(0.0, 0.0, width, height),
        cue=(60.0, top + 10.0, width - 120.0, 180.0),
        sub=(80.0, top + 192.0, width - 160.0, 70.0 + more),
        ring=(middle - 150.0, top + more + 376.0, 300.0, 300.0),
        count=(60.0, top + more + 692.0, width - 120.0, 60.0),
        dots=(middle - 260.0, top + more + 754.0, 520.0, 56.0),
        tag=(70.0, 18.0, 500.0, 44.0),
        hint=(80.0, top + more + 264.0, width - 160.0, 96.0),
        centred=True,
    )
