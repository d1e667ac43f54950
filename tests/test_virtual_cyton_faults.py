"""What goes wrong with the virtual Cyton: each fault does what its truth says."""

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
    lines_of,
    opened,
    read_until,
    stream_to_the_end,
)

from emgfeedback.errors import UsageError
from emgfeedback.sources import virtual_cyton
from emgfeedback.sources.virtual_cyton import (
    BANNER,
    GARBAGE,
    Burst,
    ChannelFault,
    Fate,
    Faults,
    Outage,
    Resistors,
    Stall,
    VirtualCyton,
    encode_packets,
)
from emgfeedback.sources.virtual_cyton.line import Line
from emgfeedback.sources.virtual_cyton.outbox import Schedule

pytestmark = pytest.mark.skipif(not virtual_cyton.available(), reason="no pseudo-terminals here")

LSB_UV = 4.5 / (2**23 - 1) / 24 * 1e6


def silent_feed(n_rows):
    """So many rows of nothing."""
    feed = counting_feed(n_rows)
    return lambda n: None if (rows := feed(n)) is None else rows * 0


def test_a_board_without_faults_sends_every_packet_intact():
    data, fates = stream_to_the_end(counting_feed(2000), faults=Faults())
    assert np.array_equal(decode(data)[1][:, 0], np.arange(2000))
    assert np.all(fates == Fate.SENT)


def test_packets_lost_at_random_are_those_the_truth_calls_lost():
    data, fates = stream_to_the_end(counting_feed(8000), faults=Faults(loss_pct=5.0, seed=3))
    arrived = decode(data)[1][:, 0]
    assert np.array_equal(arrived, np.flatnonzero(fates == Fate.SENT))
    assert np.array_equal(np.setdiff1d(np.arange(8000), arrived), np.flatnonzero(fates == Fate.LOST))
    assert 0.04 < np.mean(fates == Fate.LOST) < 0.06


def test_equal_seeds_give_equal_fates_whatever_the_sizes_of_the_reads():
    def fates(seed, most):
        wrong = Faults(loss_pct=5.0, garbage_pct=5.0, seed=seed)
        return stream_to_the_end(counting_feed(1500, most=most), faults=wrong)

    data, codes = fates(1, 10**9)
    other_data, other_codes = fates(1, 7)
    assert data == other_data
    assert np.array_equal(codes, other_codes)
    assert not np.array_equal(codes, fates(2, 7)[1])


def test_a_burst_of_300_loses_exactly_these_300():
    data, fates = stream_to_the_end(
        counting_feed(1000), faults=Faults(bursts=(Burst(1.0, 300), Burst(3.2, 3)))
    )
    assert np.flatnonzero(fates == Fate.LOST).tolist() == [*range(250, 550), 800, 801, 802]
    assert len(decode(data)[0]) == 697


def told_apart(kind, intact, came):
    """Whether these bytes are that packet, damaged in this way; said by rules of our own."""
    flipped = np.unpackbits(np.frombuffer(bytes(a ^ b for a, b in zip(intact, came, strict=False)), np.uint8))
    return {
        Fate.BIT: len(came) == PACKET and flipped.sum() == 1,
        Fate.FOOTER: came[:-1] == intact[:-1] and not 0xC0 <= came[-1] <= 0xC6,
        Fate.CUT: len(came) < PACKET and intact.startswith(came),
        Fate.JUNK: len(came) > PACKET and came.endswith(intact),
    }[kind]


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_is_of_the_kind_the_truth_names(kind):
    wrong = Faults(garbage_pct=10.0, garbage_kinds=(kind,))
    data, fates = stream_to_the_end(counting_feed(1200), faults=wrong, next_accel=lambda n: None)
    intact = [packet.tobytes() for packet in encode_packets(0, counting_feed(1200)(1200))]
    broken = np.flatnonzero(fates != Fate.SENT)
    alone = [i for i in broken if 0 < i < 1199 and not {i - 1, i + 1} & set(broken.tolist())]
    assert {int(code) for code in fates[broken]} == {Fate[kind.upper()]}
    assert len(alone) > 50
    for i in alone:
        first = data.index(intact[i - 1]) + PACKET
        assert told_apart(Fate(fates[i]), intact[i], data[first : data.index(intact[i + 1])])
    for i in np.flatnonzero(fates == Fate.SENT):
        assert intact[i] in data


def test_all_kinds_of_garbage_come_unless_some_are_chosen():
    _, fates = stream_to_the_end(counting_feed(1000), faults=Faults(garbage_pct=10.0))
    assert {Fate(code) for code in fates} == {Fate.SENT, Fate.BIT, Fate.FOOTER, Fate.CUT, Fate.JUNK}
    assert [fate.corrupted for fate in (Fate.SENT, Fate.DELAYED, Fate.BIT, Fate.JUNK)] == [0, 0, 1, 1]


def arrivals_s(faults, n=1000):
    """Due and arrival times of packets, by the line alone."""
    line = Line(faults, 250.0, None)
    parcels = line.carry(0, encode_packets(0, counting_feed()(n)))
    return np.array([[parcel.due_s, parcel.arrives_s] for parcel in parcels]).T


def test_batches_arrive_every_16_ms_and_never_before_their_packets_are_due():
    due_s, arrives_s = arrivals_s(Faults(batch_s=0.016))
    assert np.allclose(arrives_s / 0.016, np.rint(arrives_s / 0.016))
    assert np.all((arrives_s - due_s > -1e-9) & (arrives_s - due_s < 0.016))
    assert set(np.bincount(np.rint(arrives_s / 0.016).astype(int))[1:]) == {4}


def test_jitter_delays_each_arrival_by_at_most_its_size_and_keeps_the_order():
    due_s, arrives_s = arrivals_s(Faults(jitter_s=0.010))
    late_s = arrives_s - due_s
    assert np.all((late_s >= 0) & (late_s <= 0.010))
    assert np.all(np.diff(arrives_s) >= 0)
    assert np.ptp(late_s) > 0.008
    assert np.array_equal(arrives_s, arrivals_s(Faults(jitter_s=0.010))[1])


def test_nothing_is_written_before_its_batch_is_due(tmp_path):
    truth = tmp_path / "truth.jsonl"
    stream_to_the_end(counting_feed(400), speed=4.0, faults=Faults(batch_s=0.1), truth_file=truth)
    packets, _ = lines_of(truth)
    batch_s = np.ceil(np.arange(1, 401) / 25.0 - 1e-9) * 0.025
    written_s, due_s = (np.array([packet[key] for packet in packets]) for key in ("written_s", "due_s"))
    assert np.all(written_s - (due_s[0] - 0.001) >= batch_s - 1e-6)


@pytest.mark.parametrize("ppm", [-2000.0, 1500.0])
def test_a_wrong_clock_shifts_the_schedule_by_so_many_millionths(tmp_path, ppm):
    truth = tmp_path / "truth.jsonl"
    stream_to_the_end(counting_feed(1000), speed=40.0, faults=Faults(clock_ppm=ppm), truth_file=truth)
    due_s = np.array([packet["due_s"] for packet in lines_of(truth)[0]])
    assert np.allclose(
        np.diff(due_s) * 40.0, 0.004 / (1 + ppm * 1e-6), rtol=0, atol=1e-6 * 0.004 + 4e-11 * 40
    )
    schedule = Schedule(250.0 * (1 + ppm * 1e-6), 1.0)
    schedule.start(0, 100.0)
    assert schedule.packets(1100.0) == pytest.approx(250_000 + 0.25 * ppm)


def test_what_a_stall_holds_back_comes_late_or_never(tmp_path):
    truth = tmp_path / "truth.jsonl"
    wrong = Faults(stalls=(Stall(1.0, 1.0), Stall(3.0, 0.4, late=False)))
    data, fates = stream_to_the_end(counting_feed(1000), speed=20.0, faults=wrong, truth_file=truth)
    assert np.flatnonzero(fates == Fate.DELAYED).tolist() == [*range(250, 500)]
    assert np.flatnonzero(fates == Fate.LOST).tolist() == [*range(750, 850)]
    assert np.array_equal(decode(data)[1][:, 0], np.flatnonzero(fates != Fate.LOST))
    packets, events = lines_of(truth)
    late = [packet for packet in packets if packet["fate"] == "delayed"]
    end_s = max(packet["due_s"] for packet in late)
    assert all(packet["written_s"] >= end_s - 1e-6 for packet in late)
    told = [(event["event"], event["packet"]) for event in events if "stall" in event["event"]]
    assert told == [("stall", 250), ("stall over", 500), ("stall", 750), ("stall over", 850)]


def is_over(fates):
    """Whether packets are sent again after some that were delayed."""
    delayed = np.flatnonzero(fates == Fate.DELAYED)
    return len(delayed) and np.any(fates[delayed[-1] :] == Fate.SENT)


def test_an_operator_can_stall_a_running_board():
    with VirtualCyton(counting_feed(), speed=10.0) as board, opened(board.port) as cable:
        os.write(cable, b"b")
        read_until(cable, lambda got: len(got) >= PACKET * 20)
        board.stall(0.5, late=True)
        board.stall(0.5, late=True)
        read_until(cable, lambda _: is_over(board.fates))
        held = np.flatnonzero(board.fates == Fate.DELAYED)
        with pytest.raises(UsageError):
            board.stall(math.inf)
    assert len(held) >= 125
    assert np.all(np.diff(held) == 1)


def gone(cable):
    """Whether the port of this end of the cable vanished."""
    try:
        return os.read(cable, 65536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_an_unplugged_port_vanishes_and_returns_behind_the_same_link(tmp_path):
    link, truth = tmp_path / "cyton", tmp_path / "truth.jsonl"
    wrong = Faults(outages=(Outage(1.0, 2.0),))
    with VirtualCyton(counting_feed(), speed=10.0, faults=wrong, link=link, truth_file=truth) as board:
        first = board.device
        assert (board.port, os.readlink(link)) == (str(link), first)
        with opened(link) as cable:
            os.write(cable, b"b")
            becomes_true(lambda: gone(cable))
            becomes_true(lambda: board.plugged)
            assert os.readlink(link) == board.device != first
            with opened(link) as new_cable:
                os.write(new_cable, b"v")
                read_until(new_cable, lambda got: got.endswith(BANNER.encode()))
                assert gone(cable)
                os.write(new_cable, b"b")
                numbers, rows = decode(read_until(new_cable, lambda got: len(got) >= PACKET * 5))
    assert numbers[:5].tolist() == [0, 1, 2, 3, 4]
    assert rows[0, 0] >= 750
    assert not link.is_symlink()
    lost = np.flatnonzero(board.fates == Fate.LOST)
    assert set(range(250, 750)) <= set(lost.tolist())
    assert lost.min() == 250
    events = [(event["event"], event["packet"]) for event in lines_of(truth)[1]]
    assert events[:4] == [("begin", 0), ("start", 0), ("unplug", 250), ("plug", 750)]
    assert events[4][0] == "reset"


def test_what_a_stall_holds_back_is_lost_when_the_port_vanishes():
    wrong = Faults(stalls=(Stall(1.0, 2.0),), outages=(Outage(2.0),))
    data, fates = stream_to_the_end(counting_feed(1000), speed=20.0, faults=wrong)
    assert len(data) == PACKET * 250
    assert (fates == Fate.LOST).tolist() == [False] * 250 + [True] * 750


def test_an_operator_can_pull_the_plug_and_put_it_back(tmp_path):
    link = tmp_path / "cyton"
    with VirtualCyton(counting_feed(), link=link) as board, opened(link) as cable:
        board.unplug()
        board.unplug()
        assert (board.plugged, link.is_symlink(), gone(cable)) == (False, False, True)
        board.plug_in()
        board.plug_in()
        assert board.plugged
        with opened(link) as new_cable:
            assert ask(new_cable, "V") == "v3.1.2$$$"


def test_a_stale_link_is_replaced_and_a_file_is_not(tmp_path):
    link = tmp_path / "cyton"
    link.symlink_to("/nowhere")
    with VirtualCyton(counting_feed(), link=link) as board:
        assert os.readlink(link) == board.device
    link.write_text("precious")
    with pytest.raises(UsageError, match="something else has this name"):
        VirtualCyton(counting_feed(), link=link)
    assert link.read_text() == "precious"


def test_channels_fail_from_one_time_to_another_and_the_others_go_on():
    wrong = Faults(
        railed=(ChannelFault(2, 1.0, 2.0),),
        flat=(ChannelFault(3, 1.0, 2.0),),
        lead_off=(ChannelFault(4, 1.0),),
    )
    feed = counting_feed(1000)
    data, _ = stream_to_the_end(lambda n: None if (rows := feed(n)) is None else rows + 7, faults=wrong)
    _, rows = decode(data)
    fed = np.arange(1000) + 7
    assert np.array_equal(rows[:, 0], fed)
    during, after = slice(250, 500), slice(500, 1000)
    assert np.all(rows[during, 1] == 2**23 - 1)
    assert np.all(rows[during, 2] == 0)
    assert np.array_equal(rows[after, 1:3], np.stack([fed[after]] * 2, axis=1))
    spectrum = np.abs(np.fft.rfft(rows[250:, 3]))
    assert np.array_equal(rows[:250, 3], fed[:250])
    assert (spectrum.argmax(), np.ptp(rows[250:, 3]) * LSB_UV > 1000) == (150, True)


def test_an_operator_can_detach_rail_and_attach_a_channel():
    with VirtualCyton(counting_feed(), speed=20.0) as board, opened(board.port) as cable:
        os.write(cable, b"b")

        def newest():
            data = read_until(cable, lambda got: len(got) >= PACKET * 64 and len(got) % PACKET == 0)
            return decode(data)[1][-1]

        board.rail(5)
        becomes_true(lambda: newest()[4] == 2**23 - 1)
        board.attach(5)
        becomes_true(lambda: (row := newest())[4] == row[0])
        board.detach(5)
        becomes_true(lambda: (row := newest())[4] != row[0])
        for channel in (0, 9):
            with pytest.raises(UsageError, match=f"no channel {channel}; write 1 to 8"):
                board.detach(channel)


OHMS = (1e3, 5e3, 20e3, 50e3, 200e3)


@pytest.mark.parametrize("gain", [1, 24])
@pytest.mark.parametrize("pin", ["P", "N"])
def test_a_driven_pin_shows_its_resistor_under_mains_and_muscle(gain, pin):
    n_rows = 20_000
    rng = np.random.default_rng(5)
    signal_uv = 20 * rng.standard_normal((n_rows, 8))
    signal_uv += 30 * np.sin(2 * np.pi * 50 * np.arange(n_rows) / 250)[:, None]
    counts, taken = np.rint(signal_uv / LSB_UV).astype(np.int32), counting_feed(n_rows)
    resistors = tuple(
        Resistors(channel, *((ohm, 77e3) if pin == "P" else (77e3, ohm)))
        for channel, ohm in enumerate(OHMS, 1)
    )
    drive = "10" if pin == "P" else "01"
    commands = [f"x{channel}0{(1, 2, 4, 6, 8, 12, 24).index(gain)}0100X" for channel in range(1, 7)]
    commands += [f"z{channel}{drive}Z" for channel in range(1, 6)]

    def feed(n):
        rows = taken(n)
        return None if rows is None else counts[rows[:, 0]]

    data, _ = stream_to_the_end(feed, commands, faults=Faults(resistors=resistors))
    uv = decode(data)[1] * LSB_UV * 24 / gain
    wave = np.exp(-2j * np.pi * 31.25 * np.arange(n_rows) / 250)
    ohm = 2 * np.abs(wave @ uv / n_rows) * 1e-6 / 6e-9 - 2200
    assert ohm[:5] == pytest.approx(OHMS, abs=200)
    assert ohm[5] == pytest.approx(-2200, abs=200)
    assert np.all(np.abs(uv - signal_uv)[:, 5] <= LSB_UV * 24 / gain)


def test_both_pins_add_up_an_open_electrode_saturates_and_z00_ends_it():
    def rows(commands, **wrong):
        both = Faults(resistors=(Resistors(1, 10e3, 30e3),), **wrong)
        return decode(stream_to_the_end(silent_feed(80), commands, faults=both)[0])[1]

    assert rows(["z111Z"])[:, 0].max() * LSB_UV == pytest.approx(6e-3 * (40e3 + 4400), abs=0.1)
    assert rows(["z111Z"])[:, 1].any() == np.False_
    loose = rows(["z110Z"], lead_off=(ChannelFault(1, 0.0),))[:, 0]
    assert (loose.max(), loose.min()) == (2**23 - 1, -(2**23))
    assert not rows(["z111Z", "z100Z"]).any()
    assert not rows(["z111Z", "d"]).any()
