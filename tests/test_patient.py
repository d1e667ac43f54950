"""The simulated person: does it obey, does it lose its electrode, is it a proper source?"""

import itertools
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from patient_kit import NAN, tick

from emgfeedback.errors import UsageError
from emgfeedback.sources.patient import MUSCLES, SCRIPTS, Patient, Segment, parse_patient
from emgfeedback.sources.patient.address import KEYS
from emgfeedback.values import COUNT_MAX, Phase

GMED, TFL, QL = range(3)
RATES = (125.0, 200.0, 250.0, 500.0, 1000.0, 1600.0)
BARE = {"crosstalk": 0, "noise_uv": 0, "ecg_uv": 0, "mains_uv": 0, "offset_uv": 0, "drift_uv": 0}
FULL = {"gmed": 1.0, "tfl": 1.0, "ql": 1.0}


def recorded_uv(patient: Patient, seconds: float) -> np.ndarray:
    return patient.next_counts(round(seconds * patient.info.fs_hz)) * patient.info.lsb_uv


def rms(x: np.ndarray) -> np.ndarray:
    return np.sqrt(np.mean(x**2, axis=0))


def levels_in(script: str, kind: str, muscle: str = "", repetition: int = 0) -> dict[str, float]:
    """Levels that the person of a script has reached some seconds into a phase."""
    patient = Patient(script)
    patient.on_tick(tick(0, 0, kind, muscle, repetition))
    return dict(zip(MUSCLES, patient.truth(500, 501)[0].tolist(), strict=True))


def test_the_person_reacts_to_a_new_phase_after_350_to_600_ms_and_then_moves_smoothly() -> None:
    reactions = []
    for seed in range(20):
        patient = Patient("taught", 1000.0, seed)
        patient.next_counts(1020)
        patient.on_tick(tick(1000, 0, "work", repetition=1))
        gmed = patient.truth(0, 4000)[:, GMED]
        start = int(np.flatnonzero(gmed)[0])
        reactions.append((start - 1000) / 1000)
        assert gmed[start + 199] == SCRIPTS["taught"].work["gmed"]
        assert 0 < np.diff(gmed).max() < 0.5 / 100
        assert np.diff(gmed).min() >= 0
        assert max(gmed[start], 0.5 - gmed[start + 198]) < 0.5 / 2000
    assert min(reactions) >= 0.35
    assert max(reactions) <= 0.61
    assert max(reactions) - min(reactions) > 0.1


def test_the_muscle_of_a_reference_phase_is_at_full_effort_and_the_others_are_nearly_quiet() -> None:
    for muscle in MUSCLES:
        levels = levels_in("rest", "reference", muscle)
        assert levels.pop(muscle) == 1.0
        assert all(0.05 <= level <= 0.1 for level in levels.values())


@pytest.mark.parametrize("kind", ["rest", "relax"])
def test_everybody_rests_when_told_to(kind: str) -> None:
    for script in SCRIPTS:
        assert not any(levels_in(script, kind).values())


@pytest.mark.parametrize("kind", ["work", "observe"])
def test_the_learner_lets_the_waist_lead_twice_and_gmed_from_the_third_repetition(kind: str) -> None:
    for repetition, leader in ((1, "ql"), (2, "ql"), (3, "gmed"), (9, "gmed")):
        levels = levels_in("learner", kind, repetition=repetition)
        assert max(levels, key=levels.__getitem__) == leader
    assert levels["gmed"] / max(levels["tfl"], levels["ql"]) > 2 * 1.55


def test_each_script_works_as_its_name_says() -> None:
    work = {script: levels_in(script, "work", repetition=1) for script in SCRIPTS}
    assert work["untaught"] == work["learner"] == {"gmed": 0.25, "tfl": 0.31, "ql": 0.60}
    assert set(work["rest"].values()) == {0.0}
    assert len(set(work["equal"].values())) == 1
    assert work["pair"]["gmed"] == work["pair"]["tfl"] == 4 * work["pair"]["ql"]
    for script, leader in (("cheat-tfl", "tfl"), ("cheat-ql", "ql"), ("taught", "gmed")):
        assert max(work[script], key=work[script].__getitem__) == leader
    for script in (name for name in SCRIPTS if name.startswith("detached-")):
        assert work[script]["tfl"] > work[script]["gmed"] > 2 * work[script]["ql"]


@pytest.mark.parametrize("state", ["ready", "paused", "done"])
def test_nobody_works_unless_the_session_runs(state: str) -> None:
    patient = Patient("taught")
    patient.on_tick(tick(0, 0, "work", repetition=1))
    patient.next_counts(500)
    patient.on_tick(tick(500, 0, "work", repetition=1, state=state))
    assert patient.truth(500, 501).any()
    assert not patient.truth(800, 1000).any()


def test_the_same_phase_told_again_changes_nothing() -> None:
    patient = Patient("taught")
    patient.on_tick(tick(0, 0, "work", repetition=1))
    before = patient.truth(0, 5000)
    for end_sample in range(5, 2000, 5):
        patient.on_tick(tick(end_sample, 0, "work", repetition=1))
    np.testing.assert_array_equal(patient.truth(0, 5000), before)


def test_samples_handed_out_do_not_change_when_a_tick_comes_late() -> None:
    patient = Patient("taught")
    patient.next_counts(1000)
    patient.on_tick(tick(10, 0, "work", repetition=1))
    assert not patient.truth(0, 1000).any()
    assert patient.truth(1000, 1100).any()


def test_a_tick_whose_index_runs_ahead_of_the_board_still_gets_its_reaction_in_time() -> None:
    patient = Patient("taught")
    patient.on_tick(tick(10_000, 0, "work", repetition=1))
    assert patient.truth(0, 200).any()


def test_a_phase_that_ends_before_the_reaction_leaves_no_trace() -> None:
    patient = Patient("taught", rise_s=0)
    patient.next_counts(105)
    patient.on_tick(tick(100, 0, "work", repetition=1))
    patient.on_tick(tick(105, 1, "relax"))
    truth = patient.truth(0, 1000)
    assert not truth[200 + 105 :].any()
    assert np.flatnonzero(truth[:, GMED]).size <= 0.25 * 250 + 5


def test_a_timed_script_follows_its_clock_ends_and_listens_to_nobody() -> None:
    patient = Patient([Segment(2, {"gmed": 0.4}), Segment(1), Segment(1.5, {"ql": 0.2})], 200.0, rise_s=0.25)
    patient.on_tick(tick(0, 0, "work", repetition=1))
    chunks = list(patient)
    assert sum(len(chunk.counts) for chunk in chunks) == 900
    assert [chunk.first_sample for chunk in chunks] == list(range(0, 900, 10))
    truth = patient.truth(0, 900)
    np.testing.assert_array_equal(
        truth[[49, 50, 399, 450, 599, 650, 899], GMED], [truth[49, 0], 0.4, 0.4, 0, 0, 0, 0]
    )
    np.testing.assert_array_equal(truth[[599, 650, 899], QL], [0, 0.2, 0.2])
    assert not truth[:, TFL].any()


def test_what_is_recorded_follows_the_truth_sample_by_sample() -> None:
    patient = Patient("learner", **BARE)
    patient.on_tick(tick(0, 0, "reference", "tfl"))
    full = recorded_uv(Patient([Segment(60, FULL)], rise_s=0, **BARE), 60)
    np.testing.assert_allclose(
        recorded_uv(patient, 60), full * patient.truth(0, 15_000), atol=patient.info.lsb_uv
    )


def fallen(script: str) -> tuple[np.ndarray, np.ndarray]:
    """Return TFL before and after its electrode falls off at the first work phase, in µV."""
    patient = Patient(script, 250.0)
    patient.on_tick(tick(0, 0, "rest"))
    rest = recorded_uv(patient, 10)
    patient.on_tick(tick(2500, 1, "reference", "tfl"))
    before = np.concatenate([rest, recorded_uv(patient, 10)])
    assert patient.detached_at is None
    patient.on_tick(tick(5000, 2, "work", repetition=1))
    assert patient.detached_at is not None
    assert 5000 + 87 <= patient.detached_at <= 5000 + 151
    uv = np.concatenate([before, recorded_uv(patient, 10)])[:, TFL]
    assert rms(np.diff(uv[3000 : patient.detached_at])) > 20
    return uv[: patient.detached_at], uv[patient.detached_at :]


def test_a_railed_electrode_is_the_largest_count_and_nothing_else() -> None:
    _, loose = fallen("detached-rail")
    assert set(np.rint(loose / Patient().info.lsb_uv)) == {COUNT_MAX}


def test_an_electrode_on_mains_carries_a_large_line_and_nothing_else() -> None:
    _, loose = fallen("detached-mains")
    time_s = np.arange(len(loose)) / 250
    line = np.stack(
        [np.sin(2 * np.pi * 50 * time_s), np.cos(2 * np.pi * 50 * time_s), np.ones_like(time_s)], axis=1
    )
    fit, *_ = np.linalg.lstsq(line, loose, rcond=None)
    assert np.hypot(*fit[:2]) == pytest.approx(2000 * np.sqrt(2), rel=0.001)
    assert np.abs(loose - line @ fit).max() < 0.05


def test_a_quiet_electrode_carries_less_than_half_the_power_of_rest() -> None:
    before, loose = fallen("detached-quiet")
    rest = rms(np.diff(before[:2500]))
    assert 0.2 < rms(np.diff(loose)) / rest < 0.35


def test_only_tfl_falls_off_and_the_work_goes_on() -> None:
    held = Patient([Segment(9, FULL)])
    lost = Patient([Segment(9, FULL)], detached="quiet", detach_s=4.0)
    kept, broken = held.next_counts(2250), lost.next_counts(2250)
    assert lost.detached_at == 1000
    np.testing.assert_array_equal(kept[:, [GMED, QL]], broken[:, [GMED, QL]])
    np.testing.assert_array_equal(kept[:1000], broken[:1000])
    assert (kept[1000:, TFL] != broken[1000:, TFL]).mean() > 0.99


@given(st.lists(st.integers(0, 43), min_size=1), st.sampled_from(RATES), st.sampled_from(sorted(SCRIPTS)))
def test_the_size_of_requests_changes_no_bit(sizes: list[int], fs_hz: float, script: str) -> None:
    asked = tick(100, 3, "work", repetition=1)
    n, busy = 900, {"motion_per_min": 60, "n_channels": 8}
    whole = Patient(script, fs_hz, **busy)
    parts = [whole.next_counts(100)]
    whole.on_tick(asked)
    expected = np.concatenate([*parts, whole.next_counts(n - 100)])
    cut = Patient(script, fs_hz, **busy)
    pieces, done, told = [], 0, False
    for size in itertools.cycle([*sizes, 43]):
        if done >= 100 and not told:
            cut.on_tick(asked)
            told = True
        pieces.append(cut.next_counts(min(size, n - done)))
        done += len(pieces[-1])
        if done == n:
            break
    np.testing.assert_array_equal(np.concatenate(pieces), expected)


def test_iteration_yields_chunks_of_50_ms_for_ever_until_closed() -> None:
    patient = Patient(fs_hz=1000.0)
    chunks = list(itertools.islice(patient, 100))
    assert [chunk.first_sample for chunk in chunks] == list(range(0, 5000, 50))
    np.testing.assert_array_equal(chunks[7].emg_uv, chunks[7].counts * patient.info.lsb_uv)
    patient.close()
    assert list(patient) == []


def test_a_paced_patient_is_never_ahead_of_the_clock() -> None:
    patient = Patient(chunk_s=0.02, paced=True)
    began = time.monotonic()
    for count, _ in zip(range(1, 4), patient, strict=False):
        assert time.monotonic() - began >= count * 5 / 250 - 0.001


def test_close_ends_a_paced_wait_from_another_thread() -> None:
    patient = Patient(chunk_s=10.0, paced=True)
    chunks: list[object] = []
    reader = threading.Thread(target=lambda: chunks.extend(patient))
    reader.start()
    patient.close()
    reader.join(timeout=5)
    assert not reader.is_alive()
    assert chunks == []


def test_ticks_from_another_thread_do_not_disturb_the_samples() -> None:
    patient = Patient("taught", **BARE)

    def tell() -> None:
        for index in range(300):
            patient.on_tick(tick(10 * index, index, ("work", "relax")[index % 2], repetition=1))

    teller = threading.Thread(target=tell)
    teller.start()
    uv = np.concatenate([recorded_uv(patient, 0.02) for _ in range(1000)])
    teller.join(timeout=20)
    full = recorded_uv(Patient([Segment(20, FULL)], rise_s=0, **BARE), 20)
    np.testing.assert_allclose(uv, full * patient.truth(0, 5000), atol=patient.info.lsb_uv)


def test_an_address_sets_what_it_names() -> None:
    patient = parse_patient(
        "seed=5, script=rest,fs=500,channels=8,gain=12,crosstalk=0,ecg=0,motion=6,sinc3=0"
    )
    same = Patient("rest", 500.0, 5, 12, 8, crosstalk=0, ecg_uv=0, motion_per_min=6, sinc3=False)
    assert patient.info == same.info
    np.testing.assert_array_equal(patient.next_counts(3000), same.next_counts(3000))


def test_an_empty_address_is_the_learner_and_given_options_fill_its_silence() -> None:
    np.testing.assert_array_equal(parse_patient("").next_counts(500), Patient("learner").next_counts(500))
    assert parse_patient("", fs_hz=1000.0).info.fs_hz == 1000
    assert parse_patient("fs=125", fs_hz=1000.0).info.fs_hz == 125


def test_every_key_of_the_address_is_an_option() -> None:
    usable = {
        "script": "equal",
        "fs": "250",
        "gain": "24",
        "channels": "3",
        "detached": "rail",
        "heart": "60",
    }
    for key in KEYS:
        parse_patient(f"detached=quiet,{key}={usable.get(key, '1')}")


@pytest.mark.parametrize(
    ("tail", "says"),
    [
        ("speed=3", "no option 'speed'"),
        ("script=nobody", "choose one of learner"),
        ("fs=0", "fs is 0 Hz"),
        ("fs=nan", "fs is nan Hz"),
        ("fs=inf", "fs is inf Hz"),
        ("fs=fast", "write fs= and a number"),
        ("seed=-1", "seed is -1"),
        ("seed=1.5", "write seed= and a whole number"),
        ("gain=7", "one of 1, 2, 4"),
        ("channels=2", "channels is 2"),
        ("paced=yes", "write paced= and 0 or 1"),
        ("noise=-2", "noise_uv is"),
        ("ecg=nan", "ecg_uv is"),
        ("heart=0", "heart_per_min is"),
        ("motion=1e9", "motion_per_min is"),
        ("detached=gone", "write rail, mains or quiet"),
        ("detach=-1", "write seconds from 0"),
        ("detach=5", "write detached to say how"),
        ("chunk=1e9", "chunk is"),
        ("seed", "cannot be read"),
        ("x" * 5000, "there is no option"),
    ],
)
def test_a_wrong_address_is_refused_in_one_short_sentence(tail: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as refused:
        parse_patient(tail)
    assert refused.value.exit_code == 2
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize(
    "bad", [(-1.0, {}), (NAN, {}), (1.0, {"vmo": 0.5}), (1.0, {"ql": NAN}), (1.0, {"ql": -1.0})]
)
def test_a_segment_that_cannot_be_is_refused(bad: tuple) -> None:
    with pytest.raises(UsageError):
        Segment(*bad)


def test_a_rehearsed_person_obeys_the_phases_by_the_clock_and_then_rests() -> None:
    patient = Patient("taught", seed=1)
    phases = [
        Phase("rest", 2, "Rest"),
        Phase("reference", 2, "Press", muscle="tfl"),
        Phase("work", 3, "Lift", repetition=1),
    ]
    patient.rehearse(phases)
    middles = [round(250 * at_s) for at_s in (1.5, 3.5, 6.5, 9.0)]
    truths = [patient.truth(sample, sample + 1)[0].round(2).tolist() for sample in middles]
    assert truths[0] == [0.0, 0.0, 0.0]
    assert truths[1][1] == 1.0
    assert truths[2] == [SCRIPTS["taught"].work[muscle] for muscle in MUSCLES]
    assert truths[3] == [0.0, 0.0, 0.0]
