"""What happens to a stream when the board, its dongle or its radio fail: through BrainFlow's real driver."""

from __future__ import annotations

import gc
import itertools
import os
import threading
import time

import numpy as np
import pytest

from emgfeedback.errors import SourceError
from emgfeedback.sources import virtual_cyton
from emgfeedback.sources.brainflow import open_brainflow, owner
from emgfeedback.sources.ports import held
from emgfeedback.sources.virtual_cyton import Fate, Faults, Stall, VirtualCyton

pytestmark = pytest.mark.skipif(not virtual_cyton.available(), reason="no pseudo-terminals here")

PATIENCE_S = 60.0


def numbered(n_channels=8):
    """A feed whose counts say which row they are."""
    at = 0

    def next_counts(n):
        nonlocal at
        rows = np.arange(at, at + n, dtype=np.int32)
        at += n
        return np.repeat(rows[:, None], n_channels, axis=1)

    return next_counts


class Heard:
    """What a source gave: sample indices, counts, flags, and what the link told at which sample."""

    def __init__(self, source):
        self.source = source
        self.index, self.counts, self.flagged = [], [], []
        self.told = []
        self.told_s = {}
        source.on_link = self._told

    def _told(self, state, cause):
        self.told.append((state, cause, self.end))
        self.told_s[state] = time.monotonic()

    @property
    def end(self):
        return self.index[-1] + 1 if self.index else 0

    @property
    def states(self):
        return [state for state, *_ in self.told]

    def listen(self, enough):
        """Take chunks until ``enough()``, which is asked after each; all of the stream in one go."""
        deadline = time.monotonic() + PATIENCE_S
        for chunk in self.source:
            if len(chunk.counts):
                self.index.extend(range(chunk.first_sample, chunk.end_sample))
                self.counts.append(chunk.counts)
                self.flagged.append(
                    np.zeros(len(chunk.counts), bool) if chunk.flagged is None else chunk.flagged == 1
                )
                self.received_s = chunk.received_s
            if enough():
                break
            assert time.monotonic() < deadline, (self.told, self.end)
        self.counts, self.flagged = np.concatenate(self.counts), np.concatenate(self.flagged)
        return self


def becomes_true(condition, patience_s=PATIENCE_S):
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.01)
    return True


def ended(source):
    """Whether the owner of a source let its device go."""
    return becomes_true(lambda: not source._owner.is_alive())


def test_an_unplugged_board_is_told_let_go_found_again_and_goes_on_with_a_gap(tmp_path):
    seen, closed = set(), threading.Event()
    with VirtualCyton(numbered(), link=tmp_path / "dongle") as board:
        source = open_brainflow(f"cyton:{board.port}")
        assert source.link == "absent"
        heard = Heard(source)
        before = []

        def enough():
            seen.add(source.link)
            if heard.end >= 300 and not before:
                before.extend((heard.end, heard.received_s))
                board.unplug()
            if source.link == "lost" and not closed.is_set() and is_free(board.port):
                closed.set()  # let go, while the port is still away
                board.plug_in()
            return "streaming" in heard.states and heard.index[-100] == heard.index[-1] - 99

        heard.listen(enough)
    assert heard.states == ["lost", "streaming"]
    assert "is gone" in heard.told[0][1]
    assert seen >= {"streaming", "lost", "reconnecting"}
    assert heard.told_s["lost"] - before[1] < owner.LOST_S
    gaps = [(a, b) for a, b in itertools.pairwise(heard.index) if b != a + 1]
    assert len(gaps) == 1
    ends, begins = gaps[0]
    away_s = heard.received_s - before[1]
    assert heard.index[-1] - before[0] == pytest.approx(250 * away_s, abs=25)
    assert begins - ends > 250
    assert np.array_equal(heard.counts[: heard.index.index(ends), 0], heard.index[: heard.index.index(ends)])
    assert source.link == "closed"


def is_free(port):
    try:
        with held(port, port):
            return True
    except SourceError:
        return False


def test_rows_that_a_stall_of_two_seconds_held_back_keep_their_index_and_come_before_streaming():
    with VirtualCyton(numbered(), faults=Faults(stalls=(Stall(1.0, 2.0, late=True),))) as board:
        heard = Heard(open_brainflow(f"cyton:{board.port}"))
        heard.listen(lambda: "streaming" in heard.states and heard.end > 900)
    assert heard.states == ["stalled", "streaming"]
    assert heard.index == list(range(heard.end))
    assert np.array_equal(heard.counts[:, 0], heard.index)
    assert heard.told[0][2] <= 250
    assert heard.told[1][2] >= 750


def test_rows_that_a_stall_lost_are_one_gap():
    with VirtualCyton(numbered(), faults=Faults(stalls=(Stall(1.0, 2.0, late=False),))) as board:
        heard = Heard(open_brainflow(f"cyton:{board.port}"))
        heard.listen(lambda: "streaming" in heard.states and heard.end > 900)
    assert heard.states == ["stalled", "streaming"]
    assert np.array_equal(heard.counts[:, 0], heard.index)
    assert set(range(heard.end)) - set(heard.index) == set(range(250, 750))


def test_a_port_that_is_there_and_silent_is_opened_anew(monkeypatch):
    monkeypatch.setattr(owner, "LOST_S", 1.5)
    with VirtualCyton(numbered(), faults=Faults(stalls=(Stall(1.0, 2.0, late=False),))) as board:
        heard = Heard(open_brainflow(f"cyton:{board.port}"))
        heard.listen(lambda: heard.states[-1:] == ["streaming"])
    assert heard.states[:2] == ["stalled", "lost"]
    assert heard.told[1][1].startswith("no samples for")


def test_a_board_that_does_not_come_back_is_given_up(tmp_path):
    board = VirtualCyton(numbered(), link=tmp_path / "dongle").start()
    source = open_brainflow(f"cyton:{board.port}", give_up_s=2.0)
    heard = Heard(source)

    def pull_the_plug():
        if heard.end > 50:
            board.close()
        return False

    with pytest.raises(SourceError, match=r"was lost and did not come back within 2 s: check its power"):
        heard.listen(pull_the_plug)
    assert heard.states == ["lost"]
    assert source.link == "closed"


def test_a_board_that_answers_and_sends_nothing_is_a_failure(monkeypatch):
    monkeypatch.setattr(owner, "LOST_S", 0.5)
    unanswered = pytest.raises(SourceError, match=r"answers but has sent no samples .* check its power")
    board = VirtualCyton(numbered(), faults=Faults(stalls=(Stall(0.0, 100.0, late=False),)))
    with board, unanswered:
        Heard(open_brainflow(f"cyton:{board.port}")).listen(lambda: False)


@pytest.mark.parametrize(
    ("faults", "sentence"),
    [
        (Faults(silent=True), r"nothing answers on .*: check that this is the port of the dongle"),
        (Faults(off=True), r"the dongle on .* finds no board: switch OpenBCI Cyton to PC"),
    ],
)
def test_a_silent_board_and_a_board_that_is_off_have_sentences_of_their_own(faults, sentence):
    with (
        VirtualCyton(numbered(), faults=faults) as board,
        pytest.raises(SourceError, match=sentence) as caught,
    ):
        open_brainflow(f"cyton:{board.port}").connect()
    assert "\n" not in str(caught.value)


def test_closing_while_brainflow_waits_for_a_silent_port_returns_at_once_and_ends_the_wait():
    with VirtualCyton(numbered(), faults=Faults(silent=True)) as board:
        source = open_brainflow(f"cyton:{board.port}")
        waiting = threading.Thread(target=source.connect)
        waiting.start()
        assert becomes_true(lambda: source.link == "connecting")
        began_s = time.monotonic()
        source.close()
        assert time.monotonic() - began_s < 4.0  # the call itself takes 6 s
        waiting.join(4.0)
        assert not waiting.is_alive()
        assert source.link == "closed"
        assert ended(source)


def test_closing_between_two_tries_ends_them():
    with VirtualCyton(numbered(), faults=Faults(off=True)) as board:
        source = open_brainflow(f"cyton:{board.port}")
        failed = []

        def connect():
            try:
                source.connect()
            except SourceError as error:
                failed.append(error)

        waiting = threading.Thread(target=connect)
        waiting.start()
        assert becomes_true(lambda: source.link == "connecting")
        source.close()
        waiting.join(PATIENCE_S)
        assert ended(source)
        assert failed == []


def test_a_board_that_is_slow_to_stop_for_a_killed_session_is_connected_to():
    with VirtualCyton(numbered(), faults=Faults(slow_stop_s=0.1)) as board:
        killed = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
        os.write(killed, b"b")
        assert becomes_true(lambda: board.sampled > 50)
        source = open_brainflow(f"cyton:{board.port}")
        heard = Heard(source)
        heard.listen(lambda: heard.end > 20)
        os.close(killed)


@pytest.mark.parametrize(
    ("opened_as", "is_daisy", "sentence"),
    [
        ("cyton", True, r"has a Daisy \(16 channels\) and was opened as OpenBCI Cyton: use cyton-daisy:"),
        ("cyton-daisy", False, r"has no Daisy \(8 channels\) and was opened as .*Daisy: use cyton:"),
    ],
)
def test_a_board_of_the_other_type_is_refused_with_its_right_address(opened_as, is_daisy, sentence):
    board = VirtualCyton(numbered(16 if is_daisy else 8), faults=Faults(daisy=is_daisy))
    with board, pytest.raises(SourceError, match=sentence):
        open_brainflow(f"{opened_as}:{board.port}").connect()


def test_garbage_among_random_loss_shifts_nothing_and_is_accounted_for():
    faults = Faults(loss_pct=5.0, garbage_pct=1.0, seed=3)
    n_rows = 8000
    with VirtualCyton(numbered(), faults=faults, speed=8) as board:
        source = open_brainflow(f"cyton:{board.port}")
        heard = Heard(source)
        heard.listen(lambda: heard.end >= n_rows)
        fates = board.fates[: heard.end]
    index, good = np.array(heard.index), ~heard.flagged
    came = np.isin(fates, [Fate.SENT, Fate.DELAYED])
    true_loss = 1 - np.count_nonzero(came | (fates == Fate.BIT) | (fates == Fate.JUNK)) / len(fates)
    assert 1 - len(index) / heard.end == pytest.approx(true_loss, abs=0.005)
    in_place = np.isin(index, heard.counts[:, 0])
    assert np.count_nonzero(~in_place[good]) < 0.005 * len(index)
    aligned = heard.counts[:, 7] == index
    assert np.mean(aligned) > 0.99
    assert aligned[-20:].sum() > 15
    assert ended(source)
    unread = sum(len(chunk.counts) for chunk in iter(source._owner.stream.get, None))
    undecided = source._owner.intake.undecided
    assert source.rows_received == len(index) + unread + source.rows_surplus + undecided
    assert np.all(np.diff(index) >= 1)


def test_stale_halves_of_a_daisy_are_flagged_and_all_other_rows_are_whole():
    with VirtualCyton(numbered(16), faults=Faults(daisy=True, loss_pct=5.0, seed=2), speed=8) as board:
        heard = Heard(open_brainflow(f"cyton-daisy:{board.port}"))
        heard.listen(lambda: heard.end >= 2000)
    assert len(heard.source.info.channels) == 19
    emg, index = heard.counts[:, :16], np.array(heard.index)
    stale = emg[:, 15] != emg[:, 0]
    assert np.count_nonzero(stale) > 20
    assert not np.any(heard.flagged & ~stale)
    assert np.mean(heard.flagged[stale]) > 0.8  # the number alone cannot tell a few that lost both neighbours
    assert np.array_equal(emg[~stale, 0], index[~stale] + emg[0, 0])


def test_the_accelerometer_comes_in_columns_behind_the_muscles():
    with VirtualCyton(numbered(), next_accel=lambda n: np.tile([800, -400, 8000], (n, 1))) as board:
        source = open_brainflow(f"cyton:{board.port}")
        heard = Heard(source)
        heard.listen(lambda: heard.end > 200)
    axes = source.info.channels[8:]
    assert [(axis.name, axis.kind, axis.unit, axis.lsb) for axis in axes] == [
        (f"Accel {letter}", "ACCEL", "g", 0.000125) for letter in "XYZ"
    ]
    assert heard.counts[-1, 8:].tolist() == [800, -400, 8000]


def test_no_object_of_brainflow_outlives_its_session_to_close_the_next_one():
    gc.collect()
    gc.disable()
    try:
        with VirtualCyton(numbered()) as board:
            heard = Heard(open_brainflow(f"cyton:{board.port}"))
            heard.listen(lambda: heard.end > 20)
            assert ended(heard.source)
            assert [o for o in gc.get_objects() if type(o).__name__ == "BoardShim"] == []
    finally:
        gc.enable()
