"""The movement trace: how much the acceleration changed, whatever the chunks, and nothing across a gap."""

from __future__ import annotations

import math

import app_kit as kit
import numpy as np

from emgfeedback.app.feed import Feed


def moving(*chunks):
    feed = Feed(kit.WITH_ACCELEROMETER, kit.PROTOCOL)
    for one in chunks:
        feed.on_chunk(one)
        feed.on_tick(kit.tick(hop=one.end_sample // kit.HOP))
    return feed.trace()


LYING, UPRIGHT = [[0.0, 0.0, 1.0]] * 25, [[0.0, 1.0, 0.0]] * 25


def test_movement_is_the_change_of_acceleration_from_a_tenth_of_a_second_to_the_next():
    trace = moving(kit.moved(0, LYING), kit.moved(25, LYING), kit.moved(50, UPRIGHT), kit.moved(75, UPRIGHT))
    np.testing.assert_allclose(trace.movement_g, [0.0, math.sqrt(2), 0.0], atol=1e-3)
    np.testing.assert_allclose(trace.movement_s, [-0.2, -0.1, 0.0])


def test_movement_does_not_depend_on_how_the_samples_are_cut():
    rows = np.random.default_rng(2).normal(0, 0.3, (200, 3))
    whole = moving(kit.moved(0, rows))
    cut = moving(*(kit.moved(n, rows[n : n + 5]) for n in range(0, 200, 5)))
    np.testing.assert_array_equal(whole.movement_g, cut.movement_g)
    assert len(whole.movement_g) == 7


def test_movement_breaks_at_a_gap_and_leaves_out_what_cannot_be_true():
    wild = [*LYING[:-1], [9.0, 9.0, 9.0]]
    flagged = np.zeros(25, np.uint8)
    flagged[-1] = 1
    trace = moving(kit.moved(0, LYING), kit.moved(25, wild, flagged), kit.moved(500, UPRIGHT))
    np.testing.assert_allclose(trace.movement_g, [0.0, math.nan], atol=1e-3)


def test_movement_keeps_ten_seconds():
    trace = moving(*(kit.moved(n, LYING) for n in range(0, 25 * 300, 25)))
    assert 99 <= len(trace.movement_g) <= 101
    assert trace.movement_s[0] >= -10.0


def test_movement_begins_with_the_first_value_and_not_with_the_zeros_before_it():
    trace = moving(kit.moved(0, [[0.0, 0.0, 0.0]] * 15 + LYING[:10]), kit.moved(25, LYING))
    np.testing.assert_allclose(trace.movement_g, [0.0], atol=1e-3)
