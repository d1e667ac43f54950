"""How the virtual Cyton behaves: Daisy, refusals, slow boards, accelerometer, truth file, wrong values."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest
from virtual_cyton_kit import (
    PACKET,
    ask,
    becomes_true,
    counting_feed,
    decode,
    decode_accel,
    lines_of,
    opened,
    read_until,
    stream_to_the_end,
)

from emgfeedback.errors import UsageError
from emgfeedback.sources import virtual_cyton
from emgfeedback.sources.boards import driver
from emgfeedback.sources.virtual_cyton import (
    BANNER,
    Burst,
    ChannelFault,
    Fate,
    Faults,
    Firmware,
    Outage,
    Resistors,
    Stall,
    VirtualCyton,
)
from emgfeedback.sources.virtual_cyton.firmware import NOBODY_THERE, Processor

pytestmark = pytest.mark.skipif(not virtual_cyton.available(), reason="no pseudo-terminals here")


def said(processor, now_s):
    return "".join(answer.text for answer in processor.answers(now_s))


def test_a_daisy_is_in_the_banner_and_answers_16():
    with VirtualCyton(counting_feed(), faults=Faults(daisy=True)) as board, opened(board.port) as cable:
        banner = ask(cable, "v")
        assert ask(cable, "C") == "16$$$"
        assert ask(cable, "xQ020100X") == "Success: Channel set for 9$$$"
        assert board.firmware.settings[8:10] == ["020100", "060110"]
    lines = banner.splitlines()
    assert (
        lines.index("On Daisy ADS1299 Device ID: 0x3E") == lines.index("On Board ADS1299 Device ID: 0x3E") + 1
    )
    assert [line for line in lines if "Daisy" not in line] == BANNER.splitlines()


def test_a_daisy_sends_channels_9_to_16_in_even_and_1_to_8_in_odd_packets():
    rows = np.arange(100 * 16, dtype=np.int32).reshape(100, 16)
    counter = counting_feed(100)
    wrong = Faults(daisy=True, bursts=(Burst(0.2, 3),))

    def feed(n):
        return None if (numbers := counter(n)) is None else rows[numbers[:, 0]]

    data, fates = stream_to_the_end(feed, ["xQ020100X"], faults=wrong)
    numbers, counts = decode(data)
    halves = {number: row for number, row in zip(numbers.tolist(), counts.tolist(), strict=True)}
    assert (
        sorted(set(range(200)) - set(halves)) == [50, 51, 52] == np.flatnonzero(fates == Fate.LOST).tolist()
    )
    for number, row in halves.items():
        even = number % 2 == 0
        fed = rows[number // 2, 8:] if even else rows[number // 2, :8]
        assert row[1:] == fed[1:].tolist()
        assert row[0] == (round(int(fed[0]) / 6) if even else fed[0])


def test_a_feed_of_8_channels_leaves_those_of_the_daisy_at_zero():
    data, _ = stream_to_the_end(counting_feed(20), faults=Faults(daisy=True))
    _, counts = decode(data)
    assert not counts[0::2].any()
    assert np.array_equal(counts[1::2, 0], np.arange(20))


def test_the_dongle_of_a_board_that_is_off_says_so_once_per_message():
    with VirtualCyton(counting_feed(), faults=Faults(off=True)) as board, opened(board.port) as cable:
        assert ask(cable, "v") == NOBODY_THERE
        assert ask(cable, "x1060100X") == NOBODY_THERE
        assert ask(cable, "b") == NOBODY_THERE
        assert board.sampled == 0


def test_a_silent_board_says_nothing_and_streams_nothing():
    firmware = Firmware()
    processor = Processor(firmware, Faults(silent=True))
    processor.hear("vb")
    assert said(processor, 0.0) + said(processor, 60.0) == ""
    assert not firmware.streaming


@pytest.mark.parametrize(
    ("refused", "failures"), [("xz~", [True, True, True]), ("z", [False, True, False]), ("", [False] * 3)]
)
def test_commands_are_refused_and_change_nothing(refused, failures):
    with VirtualCyton(counting_feed(), faults=Faults(refused=refused)) as board, opened(board.port) as cable:
        replies = [ask(cable, command) for command in ("x1020000X", "z110Z", "~6")]
        assert [reply.startswith("Failure: ") for reply in replies] == failures
        assert (board.firmware.settings[0] == "060110", not board.firmware.driven.any()) == tuple(
            failures[:2]
        )


def test_settings_and_drives_are_kept_until_the_defaults_or_a_reset():
    firmware = Firmware()
    for end in "dv":
        for char in "x2131101Xz201Z":
            firmware.hear(char, 0.0)
        assert (firmware.settings[1], firmware.driven[1].tolist()) == ("131101", [False, True])
        assert (firmware.gains[1], firmware.powered[1]) == (6, False)
        firmware.hear(end, 0.0)
        assert (firmware.settings[1], firmware.driven.any()) == ("060110", np.False_)


@pytest.mark.parametrize("stop", "sv")
def test_a_slow_board_streams_on_for_a_while_after_it_is_stopped(stop):
    firmware = Firmware()
    processor = Processor(firmware, Faults(slow_stop_s=0.1))
    processor.hear("b" + stop + "V")
    assert said(processor, 5.0) == ""
    assert (firmware.streaming, processor.busy_until_s) == (True, 5.1)
    assert said(processor, 5.09) == ""
    assert said(processor, 5.1).endswith("v3.1.2$$$")
    assert not firmware.streaming
    processor.hear("s")
    said(processor, 6.0)
    assert processor.busy_until_s == math.inf


def test_a_slow_reset_hears_nothing_until_its_banner():
    firmware = Firmware()
    processor = Processor(firmware, Faults(slow_reset_s=2.0))
    processor.hear("vC")
    assert said(processor, 1.0) == ""
    processor.hear("b")
    assert (said(processor, 2.9), processor.busy_until_s) == ("", 3.0)
    assert said(processor, 3.0) == BANNER
    processor.hear("V")
    assert said(processor, 3.1) == "v3.1.2$$$"
    assert not firmware.streaming


def test_a_killed_sessions_packets_go_on_when_the_next_one_resets_a_slow_board():
    wrong = Faults(slow_stop_s=0.05)
    with VirtualCyton(counting_feed(), faults=wrong) as board:
        with opened(board.port) as cable:
            os.write(cable, b"b")
            read_until(cable, lambda got: len(got) >= PACKET)
        with opened(board.port) as cable:
            os.write(cable, b"v")
            got = read_until(cable, lambda got: got.endswith(BANNER.encode()))
            assert len(got) > len(BANNER) + PACKET
            assert not board.firmware.streaming


def test_the_accelerometer_has_25_values_a_second_near_1_g():
    data, _ = stream_to_the_end(counting_feed(3000))
    accel = decode_accel(data)
    assert np.array_equal(np.flatnonzero(accel.any(axis=1)), np.arange(0, 3000, 10))
    length_g = np.linalg.norm(accel[::10] * 0.000125, axis=1)
    assert np.all(np.abs(length_g - 1) < 0.03)
    assert np.all(np.ptp(accel[::10], axis=0) > 10)


def test_the_accelerometer_can_be_fed():
    values = iter(range(1000))
    data, _ = stream_to_the_end(
        counting_feed(100),
        next_accel=lambda n: np.array([[k := next(values), -k, -(2**15) + k] for _ in range(n)]),
    )
    assert decode_accel(data)[::10].tolist() == [[k, -k, -(2**15) + k] for k in range(10)]


def test_an_accelerometer_feed_may_end_before_the_samples():
    left = [np.full((2, 3), 7), None]
    data, _ = stream_to_the_end(counting_feed(60), next_accel=lambda n: left.pop(0) if left else None)
    assert decode_accel(data)[::10, 0].tolist()[:2] == [7, 7]
    assert not decode_accel(data)[20:].any()


def test_the_truth_file_has_a_line_for_every_packet_and_every_event(tmp_path):
    truth, sentences = tmp_path / "truth.jsonl", []
    wrong = Faults(
        loss_pct=10.0, garbage_pct=10.0, bursts=(Burst(1.0, 5),), flat=(ChannelFault(1, 2.0, 3.0),)
    )
    _, fates = stream_to_the_end(counting_feed(1000), faults=wrong, truth_file=truth, tell=sentences.append)
    packets, events = lines_of(truth)
    assert sorted(packet["packet"] for packet in packets) == list(range(1000))
    for packet in packets:
        fate = Fate(fates[packet["packet"]])
        expected = ("corrupted", fate.name.lower()) if fate.corrupted else (fate.name.lower(), "")
        assert (packet["fate"], packet["kind"]) == expected
        assert packet["number"] == packet["packet"] % 256
        assert (packet["written_s"] is None) == (fate is Fate.LOST)
    assert {packet["fate"] for packet in packets} == {"sent", "lost", "corrupted"}
    written = [packet["written_s"] for packet in packets if packet["written_s"]]
    assert written == sorted(written)
    assert [(event["event"], event["packet"]) for event in events] == [
        ("begin", 0),
        ("start", 0),
        ("burst", 250),
        ("flat", 500),
        ("attached", 750),
    ]
    assert sentences[:2] == ["10 % of the packets are lost", sentences[1]]
    assert sentences[2:] == [
        "1.0 s: 5 packets are lost",
        "2.0 s: channel 1 is flat",
        "3.0 s: channel 1 is attached",
    ]


def test_what_nobody_reads_is_lost_and_no_fate_stays_open():
    board = VirtualCyton(counting_feed(), speed=math.inf)
    with board:
        with opened(board.port) as cable:
            os.write(cable, b"b")
            becomes_true(lambda: Fate.SENT in board.fates)
        becomes_true(lambda: Fate.LOST in board.fates)
    assert set(board.fates.tolist()) == {Fate.SENT, Fate.LOST}


def test_sample_numbers_start_again_but_fates_go_on_after_a_restart():
    board = VirtualCyton(counting_feed(), speed=20.0)
    with board, opened(board.port) as cable:
        for first in (0, 30):
            os.write(cable, b"b")
            numbers, rows = decode(read_until(cable, lambda got: len(got) >= PACKET * 30))
            assert numbers[0] == 0
            assert rows[0, 0] >= first
            os.write(cable, b"v")
            read_until(cable, lambda got: got.endswith(BANNER.encode()))
    assert len(board.fates) == board.sampled >= 60


def test_brainflow_receives_what_the_truth_calls_sent():
    wrong = Faults(loss_pct=5.0, bursts=(Burst(0.5, 300),), seed=2)
    with VirtualCyton(counting_feed(1000), speed=4.0, faults=wrong) as board:
        shim = driver()
        params = shim.BrainFlowInputParams()
        params.serial_port = board.port
        device = shim.BoardShim(0, params)
        device.prepare_session()
        try:
            device.start_stream()
            n_sent = 0
            becomes_true(board.ended.is_set)
            n_sent = int((board.fates == Fate.SENT).sum())
            becomes_true(lambda: device.get_board_data_count() >= n_sent)
            data = device.get_board_data()
        finally:
            device.release_session()
    counts = np.rint(data[1] / (4.5 / (2**23 - 1) / 24 * 1e6)).astype(int)
    assert np.array_equal(counts, np.flatnonzero(board.fates == Fate.SENT))
    assert np.all(np.abs(np.linalg.norm(data[9:12, 10:], axis=0) - 1) < 0.03)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"loss_pct": 101.0}, "loss is 101 %; write 0 to 100"),
        ({"garbage_pct": math.nan}, "garbage is nan %"),
        ({"garbage_kinds": ("egg",)}, 'kinds "egg"; write some of bit, footer, cut, junk'),
        ({"garbage_kinds": ()}, "write some of bit"),
        ({"clock_ppm": math.inf}, "the clock is inf ppm off"),
        ({"refused": "q"}, "'q' cannot be refused"),
        ({"mains_hz": 0.0}, "mains is 0 Hz"),
        ({"seed": -1}, "seed is -1"),
        ({"batch_s": -0.016}, "a time is -0.016 s"),
        ({"stalls": (Stall(1.0, math.inf),)}, "a time is inf s"),
        ({"bursts": (Burst(1.0, 0),)}, "a burst of 0 packets"),
        ({"outages": (Outage(1.0, 0.0),)}, "unplugged for 0 s"),
        ({"flat": (ChannelFault(1, 2.0, 2.0),)}, "channel 1 is wrong from 2 to 2 s"),
        ({"railed": (ChannelFault(9, 2.0),)}, "there is no channel 9; write 1 to 8"),
        ({"daisy": True, "lead_off": (ChannelFault(17, 2.0),)}, "write 1 to 16"),
        ({"resistors": (Resistors(1, -5.0, 0.0),)}, "resistors of channel 1 are -5 and 0 ohm"),
    ],
)
def test_faults_that_cannot_be_are_one_sentence(wrong, sentence):
    with pytest.raises(UsageError) as caught:
        Faults(**wrong)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_truth_file_or_link_that_cannot_be_made_is_one_sentence(tmp_path):
    for option, sentence in (("truth_file", "cannot be written"), ("link", "cannot be made")):
        with pytest.raises(UsageError, match=sentence):
            VirtualCyton(counting_feed(), **{option: tmp_path / "nowhere" / "x"})
