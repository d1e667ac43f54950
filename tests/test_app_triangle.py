"""The triangle: what lies in its region keeps the line against both rivals, and nothing else does."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, Qt
from test_app_hip import picture, state

from emgfeedback.app.patient import triangle
from emgfeedback.app.patient.steady import Steady
from emgfeedback.app.theme import DARK, load_fonts

SIZE = (1600, 900)


@pytest.fixture(autouse=True)
def _fonts(qapp):
    load_fonts()


def corners(made=None):
    return triangle.corners_of(triangle.layout_of(made or state(), *SIZE))


@pytest.mark.parametrize("ratio", [0.7, 1.0, 1.32, 2.0])
def test_the_region_is_where_the_target_keeps_the_line_against_each_rival(ratio):
    region = triangle.region(corners(), ratio)
    for left in range(0, 40, 3):
        for right in range(0, 40, 3):
            margin = 20 - ratio * max(left, right)
            if abs(margin) > 0.5:
                inside = region.containsPoint(corners().point(20, left, right), Qt.FillRule.OddEvenFill)
                on_edge = left == 0 or right == 0
                assert on_edge or inside is (margin > 0)


def test_the_region_is_no_share_line():
    """At one share the line is kept with two equal rivals, and missed with one."""
    region = triangle.region(corners(), 1.32)
    assert region.containsPoint(corners().point(0.45, 0.275, 0.275), Qt.FillRule.OddEvenFill)
    assert not region.containsPoint(corners().point(0.45, 0.54, 0.01), Qt.FillRule.OddEvenFill)


def test_corners_stand_like_the_body():
    for side, left in (("right", "ql"), ("left", "tfl")):
        assert triangle.ordered(state(side=side))[1].muscle == left
    at = corners().point(1, 3, 1)
    assert at.x() < corners().top.x()


@pytest.mark.parametrize("canvas", [(1600, 900), (900, 1600), (1260, 1120), (900, 1250)])
def test_the_triangle_stands_inside_its_scene(canvas):
    layout = triangle.layout_of(state(), *canvas)
    x, y, width, height = layout.wells
    made = triangle.corners_of(layout)
    for corner in (made.top, made.left, made.right):
        assert x <= corner.x() <= x + width
        assert y <= corner.y() <= y + height
    assert made.right.x() - made.left.x() > 300


def ink_at(shot, point: QPointF) -> bool:
    return shot.pixelColor(round(point.x()), round(point.y())).name() == DARK.ink.lower()


def test_the_dot_is_where_the_work_goes(qtbot):
    made = state(0.4, 0.3, 0.1)
    at = corners().point(0.4, 0.1, 0.3)
    assert ink_at(picture(qtbot, made, "triangle"), at)
    assert not ink_at(picture(qtbot, state(0.4, 0.1, 0.3), "triangle"), at)


def test_at_rest_and_with_a_muscle_unknown_there_is_no_dot(qtbot):
    asleep = replace(state(0.4, 0.3, 0.1), live=True)
    asleep = replace(asleep, columns=tuple(replace(c, level=c.level / 10) for c in asleep.columns))
    lost = replace(state(0.4, 0.3, 0.1))
    lost = replace(lost, columns=(replace(lost.columns[0], problem="off"), *lost.columns[1:]))
    at = corners().point(0.4, 0.1, 0.3)
    for made in (asleep, lost):
        assert not ink_at(picture(qtbot, made, "triangle"), at)


def test_the_dot_is_hollow_while_the_target_sleeps(qtbot):
    made = state(0.05, 0.3, 0.1)
    at = corners().point(0.05, 0.1, 0.3)
    assert not ink_at(picture(qtbot, made, "triangle"), at)
    assert ink_at(picture(qtbot, made, "triangle"), at + QPointF(triangle.SMALLEST_DOT + 1, 0))


def test_the_trail_follows_and_is_forgotten_at_rest():
    steady = Steady()
    for hop in range(60):
        shown = steady.step(state(0.2 + hop * 0.005, 0.2, 0.1), 10.0 + hop * 0.02)
    assert 12 <= len(shown.trail) <= Steady.TRAIL_POINTS
    targets = [parts[1] for parts in shown.trail]
    assert targets == sorted(targets)
    assert all(math.isclose(sum(parts), 1.0) for parts in shown.trail)
    rest = replace(state(0.01, 0.01, 0.01), found=False)
    for hop in range(60):
        shown = steady.step(rest, 12.0 + hop * 0.02)
    assert shown.trail == ()
    assert steady.step(replace(state(), columns=()), 14.0).trail == ()


def test_no_region_is_offered_where_nothing_is_asked(qtbot):
    shots = [
        picture(qtbot, replace(state(0.02, 0.02, 0.02), ring_good=asked), "triangle")
        for asked in (True, False)
    ]
    done = [
        sum(
            shot.pixelColor(x, y).name() == DARK.done.lower()
            for x in range(100, 950, 2)
            for y in range(80, 700, 2)
        )
        for shot in shots
    ]
    assert done[0] > 100
    assert done[1] == 0
