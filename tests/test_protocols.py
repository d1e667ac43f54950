"""Exercise files: the drawer that comes with the program, names and paths, and a dry run of each."""

import re
import tomllib
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from protocol_kit import EXAMPLE, changed
from run_kit import frame, stream

from emgfeedback.cli.protocols import load_protocol
from emgfeedback.errors import InputError, ProtocolError, ProtocolNotFound
from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.training.placement import NEIGHBOURS
from emgfeedback.training.protocol import find_protocol, parse_protocol
from emgfeedback.training.session import Session, tailor
from emgfeedback.values import Command, Event, Protocol

REPO = Path(__file__).resolve().parent.parent
FILES = sorted((REPO / "protocols").glob("*.toml"))
SAMPLE = ("demo", "placement-check", "foam-roller", "inner-thigh-vmo")
RATES_HZ = (125.0, 250.0, 1000.0)
TEXTS = {file.stem: file.read_text(encoding="utf-8") for file in FILES}


def test_the_drawer_holds_the_exercises_of_the_first_programme() -> None:
    assert {find_protocol(slug, TEXTS).id for slug in TEXTS} >= {"demo", "E01", "E02", "E03", "E04"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_exercise_is_well_formed(file: Path) -> None:
    protocol = parse_protocol(TEXTS[file.stem], file.name)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", file.stem)
    assert find_protocol(protocol.id.lower(), TEXTS) == protocol
    assert "not clinician-reviewed" in protocol.provenance
    assert protocol.position
    assert protocol.steps
    assert all(len(phase.cue) <= 60 for phase in protocol.phases)
    assert protocol.phases[0].kind == "rest"
    contracted = {phase.muscle for phase in protocol.phases if phase.kind in ("reference", "test")}
    if contracted:
        assert contracted - set(NEIGHBOURS) - set(protocol.watch) == {protocol.target, *protocol.rivals}
    assert all(phase.seconds > phase.hold_s for phase in protocol.phases if phase.kind == "work")


@pytest.mark.parametrize("slug", TEXTS)
def test_no_exercise_promises_a_benefit(slug: str) -> None:
    promises = r"\b(cure[ds]?\b|heal|treat|prevent|guarantee|proven\b|stronger|strengthen|relie[fv])"
    assert not re.search(promises, TEXTS[slug], re.IGNORECASE)


def in_short(protocol: Protocol) -> Protocol:
    """Return an exercise whose repetitions and pauses last a second, and whose misses do not end it."""
    kept = ("rest", "reference", "test")
    phases = (
        phase if phase.kind in kept else replace(phase, seconds=1.0, hold_s=min(phase.hold_s, 0.5))
        for phase in protocol.phases
    )
    return replace(protocol, phases=tuple(phases), stop_after=0)


def dry_run(slug: str, fs_hz: float) -> tuple[Protocol, list[Event]]:
    """Send an exercise through a session with hand-made frames: every muscle as it is asked."""
    read = parse_protocol(TEXTS[slug], slug)
    info = stream(fs_hz, (read.target, *read.rivals))
    protocol = tailor(in_short(read), info, calibrated=False)
    grid = grid_for(fs_hz, trunk=True)
    session = Session(info, grid, protocol, 50.0)
    events, commands = [], [Command(0, "start")]
    phase = protocol.phases[0]
    for hop in range(1, 50 * 600):
        asked = [100.0 if phase.muscle == m else 40.0 if phase.repetition else 2.0 for m in session.muscles]
        tick = session.step(frame(hop * grid.hop_samples, asked, [0] * len(asked)), commands)
        events += tick.events
        phase = tick.phase
        commands = []
        if session.finished:
            break
    return protocol, events


@pytest.mark.parametrize(
    ("slug", "fs_hz"),
    [
        *product(SAMPLE, RATES_HZ),
        *(
            pytest.param(*row, marks=pytest.mark.full)
            for row in product(sorted(set(TEXTS) - set(SAMPLE)), RATES_HZ)
        ),
    ],
)
def test_every_exercise_runs_dry_from_start_to_end(slug: str, fs_hz: float) -> None:
    protocol, events = dry_run(slug, fs_hz)
    kinds = [event.kind for event in events]
    assert kinds[-1] == "done"
    assert kinds.count("repetition") == protocol.repetitions
    assert kinds.count("placement") == any(phase.kind == "test" for phase in protocol.phases)
    if any(phase.kind in ("reference", "test") for phase in protocol.phases):
        (calibrated,) = [event.data for event in events if event.kind == "calibration"]
        assert calibrated["reference_uv"] == pytest.approx([100.0] * (1 + len(protocol.rivals)))


def test_a_placement_check_is_drawn_up_from_tests_alone_and_a_test_serves_as_a_reference() -> None:
    check = find_protocol("placement-check", TEXTS)
    assert (check.repetitions, check.hold_s) == (0, 0.0)
    tests = [phase.muscle for phase in check.phases if phase.kind == "test"]
    assert tests == ["gmed", "tfl", "ql", "brace", "extension"]
    served = changed(('kind = "reference"', 'kind = "test"'), ('kind = "reference"', 'kind = "test"'))
    assert parse_protocol(served, "x.toml").repetitions == 3
    with pytest.raises(ProtocolError, match='"vll" is neither target nor rival; write one of vmo, vl, brace'):
        parse_protocol(served.replace('muscle = "vl"', 'muscle = "vll"'), "x.toml")
    with pytest.raises(ProtocolError, match=r'no reference of "vl" stands before it'):
        parse_protocol(served.replace('muscle = "vl"', 'muscle = "brace"'), "x.toml")


def test_ids_are_unique() -> None:
    ids = [tomllib.loads(text)["id"].casefold() for text in TEXTS.values()]
    assert len(set(ids)) == len(ids)


def test_the_demo_is_shorter_than_100_seconds_and_has_five_repetitions() -> None:
    demo = find_protocol("demo", TEXTS)
    assert sum(phase.seconds for phase in demo.phases) < 100
    assert (demo.repetitions, demo.hold_s) == (5, 3.0)


def test_blocks_expand_in_file_order_and_repetitions_count_from_one() -> None:
    protocol = parse_protocol(EXAMPLE, "x.toml")
    kinds = [phase.kind for phase in protocol.phases]
    assert kinds == ["rest", "reference", "reference", *["work", "relax"] * 3]
    assert [phase.repetition for phase in protocol.phases] == [0, 0, 0, 1, 0, 2, 0, 3, 0]
    assert protocol.repetitions == 3


def test_a_protocol_for_other_muscles_needs_no_code() -> None:
    protocol = parse_protocol(EXAMPLE, "x.toml")
    assert (protocol.target, protocol.rivals) == ("vmo", ("vl",))
    assert (protocol.ratio, protocol.min_level_pct, protocol.ceiling_pct) == (1.32, 10.0, None)


def test_observe_phases_count_as_repetitions_of_a_hold_protocol_too() -> None:
    probe = '\n[[block]]\n[[block.phase]]\nkind = "observe"\nseconds = 8\ncue = "Once more, unaided."\n'
    phases = parse_protocol(EXAMPLE + probe, "x.toml").phases
    assert (phases[-1].kind, phases[-1].repetition) == ("observe", 4)


def test_the_text_is_kept_word_for_word_and_gives_the_same_protocol_again() -> None:
    protocol = parse_protocol(EXAMPLE, "x.toml")
    assert protocol.text == EXAMPLE
    assert parse_protocol(protocol.text, "recording") == protocol


@pytest.mark.parametrize("name", ["find-the-contraction", "FIND-the-contraction", "E03", "e03"])
def test_slug_and_id_find_the_same_exercise_in_any_case(name: str) -> None:
    assert find_protocol(name, TEXTS).id == "E03"


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(ProtocolNotFound, match='"find-contraction"; write find-the-contraction, or see'):
        find_protocol("find-contraction", TEXTS)
    with pytest.raises(ProtocolNotFound, match='named ""; see "emgfeedback protocols list"'):
        find_protocol("", TEXTS)


def test_a_broken_neighbour_does_not_hide_an_exercise() -> None:
    texts = {"broken": "id = ", "other": 'id = "Q"', **TEXTS}
    assert find_protocol("E03", texts).id == "E03"
    with pytest.raises(ProtocolError, match=r"^other.toml: line 1: "):
        find_protocol("q", texts)


def test_load_takes_a_name_or_a_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(EXAMPLE, encoding="utf-8")
    assert load_protocol("e03").id == "E03"
    loaded = load_protocol(str(path))
    assert isinstance(loaded, Protocol)
    assert loaded.id == "X1"


def test_files_that_cannot_be_read_are_input_errors(tmp_path: Path) -> None:
    (tmp_path / "large.toml").write_bytes(b"#" * 2_000_000)
    (tmp_path / "latin.toml").write_bytes("# gêné".encode("latin-1"))
    for name, message in [
        ("missing.toml", "no such exercise file"),
        (".", "no such exercise file"),
        ("x" * 5000 + ".toml", "cannot be read|no such"),
        ("large.toml", "larger than 400000 bytes"),
        ("latin.toml", "byte 4 is not UTF-8"),
    ]:
        with pytest.raises(InputError, match=message) as caught:
            load_protocol(str(tmp_path / name))
        assert caught.value.exit_code == 4
        assert len(str(caught.value)) < 400
