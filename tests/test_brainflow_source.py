"""Boards through BrainFlow's real driver, against the virtual Cyton and with bad addresses."""

from __future__ import annotations

import gc
import itertools
import os
import sys
import threading
import time

import numpy as np
import pytest

from emgfeedback.errors import SourceError, UsageError
from emgfeedback.sources import virtual_cyton
from emgfeedback.sources.boards import driver, find_board
from emgfeedback.sources.brainflow import open_brainflow
from emgfeedback.sources.brainflow.device import Device
from emgfeedback.sources.brainflow.intake import Intake, to_counts
from emgfeedback.sources.brainflow.replies import channel_commands, channels_found, objection
from emgfeedback.sources.virtual_cyton import Firmware, VirtualCyton

needs_pty = pytest.mark.skipif(not virtual_cyton.available(), reason="no pseudo-terminals here")


def feed_of(counts):
    """A feed that hands out these counts and then ends."""
    at = 0

    def next_counts(n):
        nonlocal at
        part = counts[at : at + n]
        at += len(part)
        return part if len(part) else None

    return next_counts


def numbered(n_rows):
    """Counts that say which row they are."""
    return np.repeat(np.arange(n_rows, dtype=np.int32)[:, None], 8, axis=1)


def take(source, n_rows, patience_s=60.0):
    """Chunks of a source until so many rows came."""
    chunks, got, deadline = [], 0, time.monotonic() + patience_s
    for chunk in source:
        chunks.append(chunk)
        got += len(chunk.counts)
        if got >= n_rows or time.monotonic() > deadline:
            break
    return [chunk for chunk in chunks if len(chunk.counts)]


def becomes_true(condition, patience_s=60.0):
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.005)
    return True


@needs_pty
def test_every_count_comes_through_the_real_driver_unchanged_and_the_board_is_stopped():
    rng = np.random.default_rng(1)
    fed = rng.integers(-(2**23), 2**23, (4000, 8)).astype(np.int32)
    fed[:2] = [[-(2**23)] * 8, [2**23 - 1] * 8]
    with VirtualCyton(feed_of(fed), speed=16) as board:
        source = open_brainflow(f"cyton:{board.port}")
        chunks = take(source, len(fed))
        assert becomes_true(lambda: not board.firmware.streaming)
    assert source.info.device == "OpenBCI Cyton"
    assert [channel.name for channel in source.info.channels[:8]] == [f"EMG {i}" for i in range(1, 9)]
    assert np.array_equal(np.concatenate([chunk.counts[:, :8] for chunk in chunks]), fed)
    assert chunks[0].first_sample == 0
    assert all(before.end_sample == after.first_sample for before, after in itertools.pairwise(chunks))
    assert all(np.array_equal(chunk.emg_uv, chunk.counts * source.info.lsb_uv) for chunk in chunks)


@needs_pty
def test_random_losses_and_a_burst_become_exact_gaps_in_two_sessions_of_one_process():
    rng = np.random.default_rng(2)
    lost = set(np.flatnonzero(rng.random(4000) < 0.05)) | set(range(1000, 1200)) | {2500}
    lost -= {0, 3999}
    for drop in (lost.__contains__, None):
        with VirtualCyton(feed_of(numbered(4000)), speed=16, drop=drop) as board:
            chunks = take(open_brainflow(f"cyton:{board.port}"), 4000 - len(lost) if drop else 4000)
        for chunk in chunks:
            assert np.array_equal(chunk.counts[:, 0], np.arange(chunk.first_sample, chunk.end_sample))
        got = np.concatenate([chunk.counts[:, 0] for chunk in chunks])
        assert set(range(4000)) - set(got.tolist()) == (lost if drop else set())


@needs_pty
def test_a_loss_longer_than_a_cycle_of_the_counter_is_exact_in_real_time():
    with VirtualCyton(feed_of(numbered(1000)), drop=range(200, 500).__contains__) as board:
        chunks = take(open_brainflow(f"cyton:{board.port}"), 600)
    ends = [(chunk.first_sample, int(chunk.counts[0, 0])) for chunk in chunks]
    assert all(index == row for index, row in ends)
    assert any(index == 500 for index, _ in ends)


@needs_pty
def test_rows_held_back_for_more_than_a_cycle_are_late_and_not_lost():
    feed = feed_of(numbered(800))

    def stalling(n):
        counts = feed(n)
        if counts is not None and 300 in counts[:, 0]:
            threading.Event().wait(1.2)
        return counts

    with VirtualCyton(stalling) as board:
        chunks = take(open_brainflow(f"cyton:{board.port}"), 800)
    assert np.array_equal(np.concatenate([chunk.counts[:, 0] for chunk in chunks]), np.arange(800))
    assert chunks[-1].end_sample == 800


@needs_pty
@pytest.mark.parametrize("gain", [1, 8])
def test_another_gain_is_set_on_the_board_and_in_the_step(gain):
    with VirtualCyton(lambda n: np.full((n, 8), 24_000, np.int32), speed=16) as board:
        source = open_brainflow(f"cyton:{board.port}", gain)
        chunk = take(source, 1)[0]
        assert board.firmware.gains[:8].tolist() == [gain] * 8
    assert np.all(chunk.counts[:, :8] == 1000 * gain)
    assert chunk.emg_uv[0, 0] == pytest.approx(24_000 * 4.5 / (2**23 - 1) / 24 * 1e6)


class Refusing(Firmware):
    """A board that will not change its gain."""

    def hear(self, char, now_s):
        reply = super().hear(char, now_s)
        return "Failure: too few chars$$$" if "Channel set for 5" in reply else reply


@needs_pty
def test_a_refused_gain_is_a_failure_and_names_the_answer():
    refused = r'did not confirm gain 24 but answered "Failure: too few chars"'
    board = VirtualCyton(feed_of(numbered(10)), firmware=Refusing())
    with board, pytest.raises(SourceError, match=refused):
        open_brainflow(f"cyton:{board.port}").connect()


@needs_pty
def test_closing_from_another_thread_ends_the_iteration_and_stops_the_board():
    with VirtualCyton(lambda n: np.zeros((n, 8), np.int32)) as board:
        source = open_brainflow(f"cyton:{board.port}")
        ended = threading.Event()

        def listen():
            for _ in source:
                pass
            ended.set()

        listener = threading.Thread(target=listen)
        listener.start()
        assert becomes_true(lambda: board.firmware.streaming)
        source.close()
        assert ended.wait(1.0)
        listener.join()
        assert becomes_true(lambda: not board.firmware.streaming)
    assert list(source) == []


@needs_pty
def test_a_second_session_on_an_open_port_is_refused_and_the_first_goes_on():
    with VirtualCyton(lambda n: np.zeros((n, 8), np.int32)) as board:
        source = open_brainflow(f"cyton:{board.port}")
        stream = iter(source)
        next(stream)
        with pytest.raises(SourceError, match="already open in this program"):
            open_brainflow(f"cyton:{board.port}").connect()
        gc.collect()
        assert becomes_true(lambda: len(next(stream).counts) > 0)
        assert becomes_true(lambda: len(next(stream).counts) > 0)
        source.close()


def test_the_synthetic_board_streams_and_is_closed():
    source = open_brainflow("synthetic:")
    chunks = take(source, 50)
    assert source.info.fs_hz == 250
    assert chunks[0].counts.shape[1] == len(source.info.channels) == 16
    assert np.ptp(np.concatenate([chunk.emg_uv for chunk in chunks])) > 1


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("cyton:{tmp}/ttyUSB9", "there is no port .*ttyUSB9"),
        ("cyton:{tmp}", "is a directory and not a serial port"),
        ("cyton:{tmp}/notes.txt", "is a file and not a serial port"),
        ("cyton:/dev/" + 5000 * "x", "has 5005 characters: give one of 255 at most"),
        ("cyton:/dev/tty\x07USB", "has characters that no port has"),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="ports are files on POSIX only")
def test_a_port_that_cannot_be_used_is_one_sentence(tmp_path, address, sentence):
    (tmp_path / "notes.txt").write_text("no port")
    with pytest.raises(SourceError, match=sentence) as caught:
        open_brainflow(address.format(tmp=tmp_path))
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.skipif(os.name != "posix", reason="ports are files on POSIX only")
def test_what_takes_no_baud_rate_is_no_serial_port():
    with pytest.raises(SourceError, match="/dev/null is not a serial port: give the port of the dongle"):
        open_brainflow("cyton:/dev/null").connect()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="groups own ports on Linux")
def test_a_port_without_permission_names_the_group(monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(
        SourceError, match=r"no permission to use /dev/null: run .*usermod -a -G .* then log out and in again"
    ):
        open_brainflow("cyton:/dev/null")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("cyton-wifi:", "names no ip address: write cyton-wifi:192.168.4.1:6677"),
        ("cyton-wifi:192.168.4.1", "is not an address and port: write cyton-wifi:192.168.4.1:6677"),
        ("cyton-wifi:192.168.4.1:99999", "is not an address and port"),
        ("synthetic:7", "takes no address"),
        ("banana:/dev/ttyUSB0", 'no board is called "banana"'),
    ],
)
def test_a_malformed_address_is_wrong_usage(address, sentence):
    with pytest.raises(UsageError, match=sentence) as caught:
        open_brainflow(address)
    assert caught.value.exit_code == 2


def test_a_gain_that_does_not_exist_is_wrong_usage():
    with pytest.raises(UsageError, match="gain 7 is not one of the OpenBCI Cyton"):
        open_brainflow("cyton:/dev/null", gain=7)


def test_bipolar_commands_switch_srb2_off_and_leave_bias_on():
    assert channel_commands(2, 24) == ("x1060100X", "x2060100X")
    assert channel_commands(16, 1)[8] == "xQ000100X"


@pytest.mark.parametrize(
    ("reply", "wrong"),
    [
        ("Success: Channel set for 1$$$Success: Channel set for 2$$$", ""),
        ("Success: Channel set for 1$$$Failure: too few chars$$$", '"Failure: too few chars"'),
        ("Success: Channel set for 1$$$", "1 of 2 commands confirmed"),
        ("", "0 of 2 commands confirmed"),
    ],
)
def test_only_one_success_per_command_is_a_confirmation(reply, wrong):
    assert objection(reply, 2) == wrong


class StaleFirst:
    """What BrainFlow answers when packets of a stopped stream come before the text."""

    def __init__(self):
        self.sent = []

    def config_board(self, text):
        self.sent.append(text)
        if len(self.sent) <= 2:
            raise UnicodeDecodeError("utf-8", b"\xa0", 0, 1, "invalid start byte")
        return "Success: Channel set for 1$$$"

    def stop_stream(self):
        pass


def test_stale_packets_before_an_answer_are_drained_and_the_command_sent_again():
    device = Device(find_board("cyton"), {}, "pretended")
    device._shim = StaleFirst()
    assert device.config("x1060100X") == "Success: Channel set for 1$$$"
    assert device._shim.sent == ["x1060100X", "", "x1060100X"]


def test_after_a_stream_the_line_is_drained_before_the_first_command():
    device = Device(find_board("cyton"), {}, "pretended")
    device._shim = StaleFirst()
    device.stop()
    device.config("z110Z")
    assert device._shim.sent == ["", "z110Z", "", "z110Z"]


@pytest.mark.parametrize(
    ("reply", "n_channels"),
    [
        ("no daisy to attach!8$$$", 8),
        ("daisy attached16$$$", 16),
        ("16$$$", 16),
        ("", None),
        ("V3.1.2$$$", None),
    ],
)
def test_the_answer_to_c_tells_how_many_channels_there_are(reply, n_channels):
    assert channels_found(reply) == n_channels


def board_rows(numbers, stamps_s):
    """Rows as BrainFlow returns them for a Cyton, with a microvolt in the first channel."""
    shim = driver().BoardShim
    rows = np.zeros((shim.get_num_rows(0), len(numbers)))
    rows[shim.get_package_num_channel(0)] = numbers
    rows[shim.get_timestamp_channel(0)] = stamps_s
    return rows


def test_setting_the_system_clock_invents_no_loss():
    intake = Intake(find_board("cyton"), 0.02, driver())
    chunks = [
        *intake.chunks(board_rows([0, 1, 2], [5000.0, 5000.004, 5000.008]), now_s=10.01, wall_s=5000.01)
    ]
    chunks += intake.chunks(board_rows([3, 4], [5000.012, 5000.016]), now_s=10.02, wall_s=8600.0)
    chunks += intake.chunks(board_rows([5, 6], [8600.1, 8600.104]), now_s=10.13, wall_s=8600.11)
    assert [(chunk.first_sample, chunk.end_sample) for chunk in chunks] == [(0, 3), (3, 5), (5, 7)]
    assert all(10.0 <= chunk.received_s <= 10.13 for chunk in chunks)


def test_one_read_with_a_loss_gives_two_chunks():
    intake = Intake(find_board("cyton"), 0.02, driver())
    chunks = [*intake.chunks(board_rows([254, 255, 4, 5], [1.0, 1.004, 1.024, 1.028]), 1.03, 1.03)]
    assert [(chunk.first_sample, chunk.end_sample) for chunk in chunks] == [(0, 2), (6, 8)]


def with_spike(rows, at, uv, channels=1):
    """The same rows with one value far off in the first channels."""
    rows[driver().BoardShim.get_emg_channels(0)[:channels], at] = uv
    return rows


@pytest.mark.parametrize("channels", [1, 8])
def test_a_row_that_leaves_and_comes_back_is_flagged_and_kept_as_it_came(channels):
    intake = Intake(find_board("cyton"), 0.02, driver())
    rows = with_spike(board_rows(np.arange(50), np.arange(50) / 250), 20, 93_000.0, channels)
    chunk = next(intake.chunks(rows, 0.2, 0.2))
    assert np.flatnonzero(chunk.flagged).tolist() == [20]
    assert chunk.emg_uv[20, 0] == 93_000.0
    assert (intake.received, intake.flagged, intake.surplus) == (50, 1, 0)


def test_a_step_that_stays_is_an_electrode_and_no_false_row():
    intake = Intake(find_board("cyton"), 0.02, driver())
    rows = board_rows(np.arange(50), np.arange(50) / 250)
    rows[1, 20:] = 150_000.0
    assert next(intake.chunks(rows, 0.2, 0.2)).flagged is None


def test_strong_muscle_work_after_rest_is_hardly_ever_flagged():
    intake = Intake(find_board("cyton"), 0.02, driver())
    rows = board_rows(np.arange(5000) % 256, np.arange(5000) / 250)
    noise = np.random.default_rng(4).normal(size=(8, 5000))
    rows[1:9] = noise * np.where(np.arange(5000) // 500 % 2, 300.0, 5.0)
    chunks = [chunk for chunk in intake.chunks(rows, 20.0, 20.0) if chunk.flagged is not None]
    assert sum(int(chunk.flagged.sum()) for chunk in chunks) <= 0.002 * 5000


def test_a_spike_at_the_end_of_a_read_waits_for_the_next_row():
    intake = Intake(find_board("cyton"), 0.02, driver())
    rows = with_spike(board_rows(np.arange(10), np.arange(10) / 250), 9, 50_000.0)
    chunks = [*intake.chunks(rows, 0.04, 0.04, final=False)]
    assert [chunk.end_sample for chunk in chunks] == [9]
    assert intake.undecided == 1
    chunks = [*intake.chunks(board_rows([10], [0.04]), 0.05, 0.05, final=False)]
    assert [chunk.first_sample for chunk in chunks] == [9]
    assert chunks[0].flagged.tolist() == [1, 0]
    assert intake.undecided == 0


def test_all_counts_of_24_bits_survive_microvolts_at_every_gain():
    counts = np.arange(-(2**23), 2**23, 17, dtype=np.int32)[:, None]
    cyton = find_board("cyton")
    for gain in cyton.gains:
        scale = 4.5 / float(2**23 - 1) / gain * 1000000.0
        assert np.array_equal(to_counts(counts * scale, cyton.lsb_uv(gain)), counts)
