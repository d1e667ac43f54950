"""The virtual Cyton, spoken to over its port and without BrainFlow."""

from __future__ import annotations

import math
import os
import time

import numpy as np
import pytest
from virtual_cyton_kit import PACKET, PATIENCE_S, ask, becomes_true, counting_feed, decode, opened, read_until

from emgfeedback.sources import virtual_cyton
from emgfeedback.sources.virtual_cyton import BANNER, Firmware, VirtualCyton, encode_packets
from emgfeedback.sources.virtual_cyton.machine import Machine

pytestmark = pytest.mark.skipif(not virtual_cyton.available(), reason="no pseudo-terminals here")


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
    with VirtualCyton(counting_feed(), speed=20) as board, opened(board.port) as cable:
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
    with board, opened(board.port) as cable:
        os.write(cable, b"b")
        numbers, _ = decode(read_until(cable, lambda got: len(got) >= 33 * 97))
    assert sorted(set(range(100)) - set(numbers.tolist())) == [3, 50, 51]


def test_gain_and_switch_of_a_channel_change_its_counts():
    board = VirtualCyton(lambda n: np.full((n, 8), 2400, np.int32), speed=math.inf)
    with board, opened(board.port) as cable:
        assert "Success" in ask(cable, "x2050100X")
        os.write(cable, b"3b")
        _, rows = decode(read_until(cable, lambda got: len(got) >= 33 * 4))
    assert rows[0].tolist() == [2400, 1200, 0, 2400, 2400, 2400, 2400, 2400]


def test_the_schedule_is_absolute_and_not_faster_than_asked():
    began_s = time.monotonic()
    with VirtualCyton(counting_feed(), speed=4) as board, opened(board.port) as cable:
        os.write(cable, b"b")
        read_until(cable, lambda got: len(got) >= 33 * 500)
        assert time.monotonic() - began_s >= 0.5


def test_what_a_forgotten_session_left_unread_is_not_read_by_the_next(monkeypatch):
    forgotten = []
    talk_to_nobody = Machine._talk_to_nobody
    monkeypatch.setattr(
        Machine,
        "_talk_to_nobody",
        lambda machine: (talk_to_nobody(machine), forgotten.append(machine.n_sampled)),
    )
    with VirtualCyton(counting_feed(), speed=math.inf) as board:
        with opened(board.port) as cable:
            os.write(cable, b"b")
            assert read_until(cable, lambda got: len(got) > PACKET)
            forgotten.clear()
        becomes_true(lambda: forgotten)
        with opened(board.port) as cable:
            os.write(cable, b"v")
            got = read_until(cable, lambda got: got.endswith(BANNER.encode()))
            assert not board.firmware.streaming
    _, rows = decode(got.removesuffix(BANNER.encode()))
    assert all(row[0] >= forgotten[0] for row in rows)


def test_a_board_closes_although_nobody_reads():
    with VirtualCyton(counting_feed(), speed=math.inf) as board, opened(board.port) as cable:
        os.write(cable, b"b")
        read_until(cable, lambda _: board.firmware.streaming)
        board.close()
    assert board.ended.is_set()


def test_the_feed_at_its_end_is_announced():
    with VirtualCyton(counting_feed(10), speed=math.inf) as board, opened(board.port) as cable:
        os.write(cable, b"b")
        assert board.ended.wait(PATIENCE_S)


def test_after_close_the_port_is_dead_and_closing_again_is_harmless():
    board = VirtualCyton(counting_feed()).start()
    with opened(board.port) as cable:
        board.close()
        board.close()
        with pytest.raises(OSError):
            os.write(cable, b"v")
    assert board.ended.is_set()
