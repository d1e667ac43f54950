"""The virtual Cyton, spoken to over its port and without BrainFlow."""

from __future__ import annotations

import contextlib
import math
import os
import threading
import time

import numpy as np
import pytest

from emgfeedback.sources import virtual_cyton
from emgfeedback.sources.virtual_cyton import BANNER, Firmware, VirtualCyton, encode_packets

pytestmark = pytest.mark.skipif(not virtual_cyton.available(), reason="no pseudo-terminals here")

PATIENCE_S = 20.0


def counting_feed(n_rows=10**9):
    """Counts whose first column is the row number and whose last is its negative."""
    state = {"at": 0}

    def next_counts(n):
        first, end = state["at"], min(state["at"] + n, n_rows)
        state["at"] = end
        if first == end:
            return None
        rows = np.arange(first, end, dtype=np.int32)[:, None]
        return np.hstack([rows + np.zeros((1, 7), np.int32), -rows]).astype(np.int32)

    return next_counts


@contextlib.contextmanager
def opened(board):
    """The host's end of the cable."""
    import tty

    cable = os.open(board.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        tty.setraw(cable)
        yield cable
    finally:
        os.close(cable)


def read_until(cable, enough):
    got, deadline = b"", time.monotonic() + PATIENCE_S
    while not enough(got):
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain; got {got[-200:]!r}")
        with contextlib.suppress(BlockingIOError):
            got += os.read(cable, 65536)
    return got


def ask(cable, command):
    os.write(cable, command.encode())
    return read_until(cable, lambda got: got.endswith(b"$$$")).decode()


def decode(data):
    """Number and counts of whole packets, decoded independently of the encoder."""
    numbers, rows = [], []
    for at in range(0, len(data) // 33 * 33, 33):
        packet = data[at : at + 33]
        assert (packet[0], packet[32]) == (0xA0, 0xC0)
        numbers.append(packet[1])
        rows.append([int.from_bytes(packet[i : i + 3], "big", signed=True) for i in range(2, 26, 3)])
    return np.array(numbers), np.array(rows)


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("v", BANNER),
        ("V", "v3.1.2$$$"),
        ("C", "no daisy to attach!8$$$"),
        ("d", "updating channel settings to default$$$"),
        ("x3060100X", "Success: Channel set for 3$$$"),
        ("z401Z", "Success: Lead off set for 4$$$"),
        ("x30601X", "Failure: too few chars$$$"),
        ("x30601000", "Failure: 9th char not X$$$"),
        ("z4010", "Failure: 5th char not Z$$$"),
        ("x3090100X", "Failure: Err: too many chars$$$"),
        ("~6", "Success: Sample rate is 250Hz$$$"),
        ("~9", "Failure: sample value out of bounds$$$"),
        ("x1020000Xx2020000X", "Success: Channel set for 1$$$Success: Channel set for 2$$$"),
    ],
)
def test_the_firmware_answers_as_version_3_1_2(command, reply):
    firmware = Firmware()
    assert "".join(firmware.hear(char, 0.0) for char in command) == reply


def test_the_register_report_shows_gain_and_power_of_each_channel():
    firmware = Firmware()
    report = "".join(firmware.hear(char, 0.0) for char in "x2010100X3?")
    assert "CH1SET, 05, 60\nCH2SET, 06, 10\nCH3SET, 07, E0\n" in report


def test_a_streaming_board_obeys_without_a_word():
    firmware = Firmware()
    assert "".join(firmware.hear(char, 0.0) for char in "bx3000100Xd?V") == ""
    assert firmware.streaming


def test_a_command_left_unfinished_for_a_second_times_out():
    firmware = Firmware()
    assert firmware.hear("x", 0.0) == ""
    assert firmware.expire(0.9) == ""
    assert firmware.expire(1.0).startswith("Timeout processing")
    assert firmware.hear("V", 1.1) == "v3.1.2$$$"


@pytest.mark.parametrize("extreme", [-(2**23), 2**23 - 1, -1, 0, 1])
def test_a_packet_carries_every_24_bit_count(extreme):
    numbers, rows = decode(encode_packets(254, np.full((4, 8), extreme, np.int32)).tobytes())
    assert numbers.tolist() == [254, 255, 0, 1]
    assert np.all(rows == extreme)


def test_the_port_streams_what_the_feed_gives_until_it_is_stopped():
    with VirtualCyton(counting_feed(), speed=20) as board, opened(board) as cable:
        assert ask(cable, "v") == BANNER
        os.write(cable, b"b")
        numbers, rows = decode(read_until(cable, lambda got: len(got) >= 33 * 600))
        os.write(cable, b"s")
        read_until(cable, lambda _: not board.firmware.streaming)
    assert np.array_equal(numbers, np.arange(len(numbers)) % 256)
    assert np.array_equal(rows[:, 0], np.arange(len(rows)))
    assert np.array_equal(rows[:, 7], -np.arange(len(rows)))


def test_dropped_packets_are_missing_from_the_numbers():
    board = VirtualCyton(counting_feed(100), speed=math.inf, drop={3, 50, 51}.__contains__)
    with board, opened(board) as cable:
        os.write(cable, b"b")
        numbers, _ = decode(read_until(cable, lambda got: len(got) >= 33 * 97))
    assert sorted(set(range(100)) - set(numbers.tolist())) == [3, 50, 51]


def test_gain_and_switch_of_a_channel_change_its_counts():
    board = VirtualCyton(lambda n: np.full((n, 8), 2400, np.int32), speed=math.inf)
    with board, opened(board) as cable:
        assert "Success" in ask(cable, "x2050100X")
        os.write(cable, b"3b")
        _, rows = decode(read_until(cable, lambda got: len(got) >= 33 * 4))
    assert rows[0].tolist() == [2400, 1200, 0, 2400, 2400, 2400, 2400, 2400]


def test_the_schedule_is_absolute_and_not_faster_than_asked():
    began_s = time.monotonic()
    with VirtualCyton(counting_feed(), speed=4) as board, opened(board) as cable:
        os.write(cable, b"b")
        read_until(cable, lambda got: len(got) >= 33 * 500)
        assert time.monotonic() - began_s >= 0.5


def test_what_a_forgotten_session_left_unread_is_not_read_by_the_next(monkeypatch):
    unplugged = threading.Event()
    talk_to_nobody = VirtualCyton._talk_to_nobody
    monkeypatch.setattr(
        VirtualCyton, "_talk_to_nobody", lambda board: (talk_to_nobody(board), unplugged.set())
    )
    with VirtualCyton(counting_feed(), speed=math.inf) as board:
        with opened(board) as cable:
            os.write(cable, b"b")
            assert read_until(cable, lambda got: len(got) > 33)
            unplugged.clear()
        assert unplugged.wait(PATIENCE_S)
        with opened(board) as cable:
            assert ask(cable, "v") == BANNER
            assert not board.firmware.streaming


def test_a_board_closes_although_nobody_reads():
    with VirtualCyton(counting_feed(), speed=math.inf) as board, opened(board) as cable:
        os.write(cable, b"b")
        read_until(cable, lambda _: board.firmware.streaming)
        board.close()
    assert board.ended.is_set()


def test_the_feed_at_its_end_is_announced():
    with VirtualCyton(counting_feed(10), speed=math.inf) as board, opened(board) as cable:
        os.write(cable, b"b")
        assert board.ended.wait(PATIENCE_S)


def test_after_close_the_port_is_dead_and_closing_again_is_harmless():
    board = VirtualCyton(counting_feed()).start()
    with opened(board) as cable:
        board.close()
        board.close()
        with pytest.raises(OSError):
            os.write(cable, b"v")
    assert board.ended.is_set()
