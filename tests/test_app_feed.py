"""The feed keeps the newest state, counts what is missing, and its trace survives a fast writer."""

from __future__ import annotations

import math

import app_kit as kit
import numpy as np

from emgfeedback.app.feed import DelayMeter, Feed
from emgfeedback.values import Event

NAN = math.nan


def fed(*ticks) -> Feed:
    feed = Feed(kit.INFO, kit.PROTOCOL)
    for number, one in enumerate(ticks):
        feed.on_chunk(kit.chunk(number * kit.HOP))
        feed.on_tick(one)
    return feed


def test_the_snapshot_is_the_newest_tick_with_its_arrival_and_counts():
    feed = Feed(kit.INFO, kit.PROTOCOL)
    assert feed.snapshot is None
    feed.on_chunk(kit.chunk(0, 10, received_s=5.0))
    feed.on_chunk(kit.chunk(40, 10, received_s=6.5))
    newest = kit.tick(hop=10)
    feed.on_tick(newest)
    assert feed.snapshot.tick is newest
    assert feed.snapshot.received_s == 6.5
    assert (feed.snapshot.received_samples, feed.snapshot.lost_samples) == (20, 30)
    assert feed.snapshot.lost_pct == 60.0


def test_an_empty_chunk_is_no_news():
    feed = Feed(kit.INFO, kit.PROTOCOL)
    feed.on_chunk(kit.chunk(0, 10, received_s=5.0))
    feed.on_chunk(kit.chunk(0, 0, received_s=9.0))
    feed.on_chunk(kit.chunk(10, 10, received_s=6.0))
    feed.on_tick(kit.tick())
    assert (feed.snapshot.lost_samples, feed.snapshot.received_s) == (0, 6.0)


def test_a_polled_snapshot_misses_no_repetition_and_no_change_of_the_line():
    ratio = Event(10, "ratio", {"from": 1.32, "to": 1.46, "cause": "operator"})
    feed = fed(kit.tick(events=kit.RESULTS), kit.tick(events=(ratio,)), kit.tick())
    assert [result.repetition for result in feed.snapshot.results] == [1, 2]
    assert feed.snapshot.results[0].rewarded
    assert feed.snapshot.ratio == 1.46
    assert ratio in feed.snapshot.recent


def test_a_repetition_without_a_measurable_share_is_kept():
    event = Event(5, "repetition", {"repetition": 1, "good_s": 0.0, "rewarded": False, "share_median": None})
    assert math.isnan(fed(kit.tick(events=(event,))).snapshot.results[0].share_median)


def test_the_trace_holds_the_last_ten_seconds_up_to_now():
    feed = fed(*(kit.tick((hop % 100, 1.0, NAN), hop=hop + 1) for hop in range(3000)))
    trace = feed.trace()
    assert trace.time_s[-1] == 0.0
    assert -10.0 <= trace.time_s[0] < -9.97
    expected = np.arange(3000 - len(trace.time_s), 3000) % 100
    np.testing.assert_array_equal(trace.level_pct[:, 0], expected)
    assert np.isnan(trace.level_pct[:, 2]).all()


def test_an_empty_trace_is_no_error():
    assert len(Feed(kit.INFO, kit.PROTOCOL).trace().time_s) == 0


def test_a_reader_that_was_lapped_copies_again():
    feed = fed(kit.tick((1.0, 1.0, 1.0)))
    values = feed._values

    class Slow:
        """Hands out a copy only after the writer went round once."""

        reads = 0

        def __getitem__(self, rows):
            self.reads += 1
            if self.reads == 1:
                feed._values = values
                for hop in range(2 * len(values)):
                    feed.on_tick(kit.tick((2.0, 2.0, 2.0), hop=hop + 2))
                feed._values = self
            return values[rows]

    slow = feed._values = Slow()
    trace = feed.trace()
    assert slow.reads == 2
    assert (np.diff(trace.time_s) > 0).all()
    assert (trace.level_pct == 2.0).all()


def test_the_delay_counts_each_snapshot_once_from_arrival_to_paint():
    meter = DelayMeter()
    assert all(map(math.isnan, meter.summary_ms()))
    feed = fed(kit.tick())
    meter.painted(feed.snapshot, feed.snapshot.received_s + 0.010)
    meter.painted(feed.snapshot, feed.snapshot.received_s + 9.0)
    assert np.allclose(meter.summary_ms(), (10.0, 10.0))
