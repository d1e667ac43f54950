"""Exercise files: the drawer that comes with the program, the names, the commands and the pages."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from protocol_kit import EXAMPLE, changed
from run_kit import MUSCLES, frame, stream

from emgfeedback.cli.protocols import load_protocol, protocols
from emgfeedback.errors import EmgFeedbackError, InputError, ProtocolError, ProtocolNotFound
from emgfeedback.processing.bandwidth import grid_for
from emgfeedback.training.placement import NEIGHBOURS
from emgfeedback.training.protocol import find_protocol, parse_protocol
from emgfeedback.training.protocol_tables import TABLES, keys_of
from emgfeedback.training.session import Session, tailor
from emgfeedback.values import Command, Protocol

REPO = Path(__file__).resolve().parent.parent
FILES = sorted((REPO / "protocols").glob("*.toml"))
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
    contracted = [phase.muscle for phase in protocol.phases if phase.kind in ("reference", "test")]
    assert [m for m in contracted if m not in NEIGHBOURS] == [protocol.target, *protocol.rivals]
    assert all(phase.seconds > protocol.hold_s for phase in protocol.phases if phase.kind == "work")
    assert protocol.ratio == 1.32


@pytest.mark.parametrize("slug", TEXTS)
def test_no_exercise_promises_a_benefit(slug: str) -> None:
    promises = r"\b(cure|heal|treat|prevent|guarantee|proven\b|stronger|strengthen|relie[fv])"
    assert not re.search(promises, TEXTS[slug], re.IGNORECASE)


@pytest.mark.parametrize("fs_hz", [125.0, 250.0, 1000.0])
@pytest.mark.parametrize("slug", TEXTS)
def test_every_exercise_runs_dry_from_start_to_end(slug: str, fs_hz: float) -> None:
    info = stream(fs_hz)
    protocol = tailor(parse_protocol(TEXTS[slug], slug), info, calibrated=False)
    grid = grid_for(fs_hz, trunk=True)
    session = Session(info, grid, protocol, 50.0)
    events, commands = [], [Command(0, "start")]
    for hop in range(1, 50 * 600):
        phase = session._phase()
        powers = [100.0 if phase.muscle == m else 50.0 if phase.repetition else 2.0 for m in MUSCLES]
        tick = session.step(frame(hop * grid.hop_samples, powers), commands)
        events += tick.events
        commands = []
        if session.finished:
            break
    kinds = [event.kind for event in events]
    assert kinds[-1] == "done"
    assert kinds.count("repetition") == protocol.repetitions
    (calibrated,) = [event.data for event in events if event.kind == "calibration"]
    assert calibrated["reference_uv"] == pytest.approx([100.0] * 3)
    assert kinds.count("placement") == any(phase.kind == "test" for phase in protocol.phases)


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


def test_the_old_raise_is_observed_and_the_others_are_held() -> None:
    holds = {name: find_protocol(name, TEXTS).hold_s for name in ("E01", "E02", "E03", "E04")}
    assert holds == {"E01": 0.0, "E02": 5.0, "E03": 3.0, "E04": 10.0}
    old = find_protocol("E01", TEXTS)
    assert {phase.kind for phase in old.phases if phase.repetition} == {"observe"}
    assert old.repetitions == 5


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


def test_needs_of_phases_are_needs_of_the_protocol() -> None:
    text = changed(
        ("rivals", 'needs = ["ABD"]\nrivals'), ('muscle = "vl"', 'muscle = "vl"\nneeds = ["RES", "ABD"]')
    )
    assert parse_protocol(text, "x.toml").needs == ("ABD", "RES")


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


def call(*arguments: str) -> Result:
    return CliRunner().invoke(protocols, arguments)


def failure(*arguments: str) -> EmgFeedbackError:
    """Return the error of a command, which the command line turns into a sentence and an exit code."""
    error = call(*arguments).exception
    assert isinstance(error, EmgFeedbackError)
    return error


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
        ("large.toml", "larger than 1000000 bytes"),
        ("latin.toml", "byte 4 is not UTF-8"),
    ]:
        with pytest.raises(InputError, match=message) as caught:
            load_protocol(str(tmp_path / name))
        assert caught.value.exit_code == 4
        assert len(str(caught.value)) < 400


def test_list_names_every_exercise_as_text_and_json() -> None:
    listed = json.loads(call("list", "--json").stdout)["protocols"]
    assert {Path(entry["file"]).stem for entry in listed} == set(TEXTS)
    text = call("list").stdout
    assert all(slug in text for slug in TEXTS)


def test_show_prints_what_a_person_needs() -> None:
    text = call("show", "E04").stdout
    for part in (
        "confirm with a clinician",
        "ABD, RES, ER",
        "heels together",
        "10 s of good time",
        "Open the knee",
    ):
        assert part in text
    shown = json.loads(call("show", "E04", "--json").stdout)
    assert (shown["hold_s"], shown["repetitions"], len(shown["phases"])) == (10.0, 4, 16)
    assert "without feedback" in call("show", "e01").stdout


def test_check_says_ok_or_reports_all_mistakes_of_all_files(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(EXAMPLE, encoding="utf-8")
    bad.write_text(changed(("hold_s = 3", "hold_s = 0"), ("seconds = 8", "seconds = -1")), encoding="utf-8")
    assert call("check", str(good)).stdout.endswith("ok, X1, 0:56, 3 repetitions, references: vmo, vl\n")
    error = failure("check", str(bad), str(good), str(tmp_path / "none.toml"))
    assert error.exit_code == 4
    assert [line.split(": ")[1] for line in str(error).splitlines()[:2]] == ["line 9", "line 35"]
    assert "none.toml" in str(error)
    checked = json.loads(call("check", "--json", str(bad), str(good)).stdout)["files"]
    assert [(entry["ok"], len(entry.get("mistakes", []))) for entry in checked] == [(False, 2), (True, 0)]
    assert call("check").exit_code == 0


def test_an_unknown_name_is_wrong_usage() -> None:
    assert failure("show", "nosuch").exit_code == 2


def test_the_vocabulary_page_names_every_key() -> None:
    page = (REPO / "protocols" / "README.md").read_text(encoding="utf-8")
    for table in TABLES:
        for key in keys_of(table):
            assert f"`{key}`" in page or f"[{key}]" in page or f"[{'.'.join((*table, key))}]" in page, key


def test_the_example_of_the_page_is_well_formed_and_its_mistakes_are_told_as_printed() -> None:
    page = (REPO / "docs" / "protocol-file.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    assert parse_protocol(example, "my-raise.toml").repetitions == 5
    wrong = example.replace('muscle = "ql"', 'muscle = "qll"').replace("seconds = 10    ", "seconds = -5    ")
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(wrong, "my-raise.toml")
    printed = [line.strip() for line in page.splitlines() if line.startswith("    my-raise.toml: line")]
    assert str(caught.value).splitlines() == printed
