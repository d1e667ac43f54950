"""The commands about exercise files, and the pages and the schema that explain them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from protocol_kit import EXAMPLE, LESSON, changed, lesson

from emgfeedback.cli.protocols import protocols
from emgfeedback.errors import EmgFeedbackError, ProtocolError
from emgfeedback.training.protocol import parse_protocol
from emgfeedback.training.protocol_schema import schema
from emgfeedback.training.protocol_tables import TABLES, keys_of
from emgfeedback.training.protocol_words import LOADS, MUSCLES, NEEDS

REPO = Path(__file__).resolve().parent.parent
SLUGS = sorted(file.stem for file in (REPO / "protocols").glob("*.toml"))


def call(*arguments: str) -> Result:
    return CliRunner().invoke(protocols, arguments)


def failure(*arguments: str) -> EmgFeedbackError:
    """Return the error of a command, which the command line turns into a sentence and an exit code."""
    error = call(*arguments).exception
    assert isinstance(error, EmgFeedbackError)
    return error


def shown(text: str, folder: Path) -> list[str]:
    """Return the lines that ``show`` prints of a file with this text."""
    (folder / "x.toml").write_text(text, encoding="utf-8")
    return call("show", str(folder / "x.toml")).stdout.splitlines()


def test_list_names_every_exercise_as_text_and_json() -> None:
    listed = json.loads(call("list", "--json").stdout)["protocols"]
    assert {Path(entry["file"]).stem for entry in listed} == set(SLUGS)
    text = call("list").stdout
    assert all(slug in text for slug in SLUGS)


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


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (EXAMPLE, "hold"),
        (changed(('"hold"\nhold_s = 3', '"rep"')), "rep"),
        (lesson(("hold_s = 10", 'rule = "rep"')), "hold and rep"),
        (changed(('"hold"\nhold_s = 3', '"observe"'), ('"work"', '"observe"')), "observe"),
    ],
)
def test_check_names_the_rule(text: str, rule: str, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    (entry,) = json.loads(call("check", "--json", str(tmp_path / "x.toml")).stdout)["files"]
    assert entry["rule"] == rule


def test_an_unknown_name_is_wrong_usage() -> None:
    assert failure("show", "nosuch").exit_code == 2


@pytest.mark.parametrize("slug", SLUGS)
def test_show_prints_every_exercise_with_all_its_words(slug: str) -> None:
    described = json.loads(call("show", slug, "--json").stdout)
    text = call("show", slug).stdout
    words = [described["name"], described["position"], *described["steps"], *described["notes"]]
    words += [*described["coaching"].values(), *described.get("progression", ())]
    words += [phase["cue"] for phase in described["phases"]]
    words += [f"({key})" for key in described["needs"] + described["other_needs"]]
    words += [option["text"] for option in described["options"]]
    assert [word for word in words if word not in text] == []
    assert "not clinician-reviewed" in text
    assert ("confirm with a clinician" in text) == ("dose" in described)
    assert len(re.findall(r"^ +[\d:.]+ +[\d.]+ s  ", text, re.MULTILINE)) == len(described["phases"])
    total = re.search(r"^Timeline \((.*)\):$", text, re.MULTILINE)
    assert total
    assert text.endswith(f" {total[1]} end\n")


def test_the_dry_run_is_a_timeline_of_sets_in_words_and_seconds(tmp_path: Path) -> None:
    lines = shown(LESSON, tmp_path)
    timeline = lines[lines.index("Timeline (4:09):") :]
    assert [line for line in timeline if "--" in line] == [
        "   0:00 -- set-up: 0:25",
        '   0:25 -- start block "Your way": 0:40, 5 repetitions, none seen',
        '   1:05 -- set 1 of 2 "First set": 1:04, 4 repetitions, hold 3 s, all seen',
        '   2:09 -- set 2 of 2 "Longer": 1:20, 4 repetitions, hold 10 s, 3 of 4 seen',
        "   3:29 -- retest: 0:40, 5 repetitions, none seen",
    ]
    works = [re.sub(" +", " ", line).strip() for line in timeline if "  work  " in line]
    assert works[0] == "1:05 12 s work #6 seen Lift."
    assert [line.split()[5] for line in works].count("quiet") == 1
    assert shown(LESSON, tmp_path) == lines


@pytest.mark.parametrize(
    ("schedule", "told"),
    [("always", "all seen"), ("off", "none seen"), ("after", "told afterwards"), ("sham", "sham feedback")],
)
def test_the_dry_run_says_what_is_seen(schedule: str, told: str, tmp_path: Path) -> None:
    lines = shown(lesson(('"fade"', f'"{schedule}"')), tmp_path)
    assert [line.endswith(told) for line in lines if "-- set " in line] == [True, True]


def test_show_says_what_is_asked_and_what_is_rewarded(tmp_path: Path) -> None:
    top = (
        'rivals = ["tfl", "ql"]\nload = "WB1"\nneeds = ["SLS"]\nother_load = "PWB"\nother_needs = ["LONG"]\n'
    )
    top += 'notes = ["Mind the step."]\ndose = "Ten."\ndose_is = "rebuilt"\nprogression = ["Higher."]\n'
    reward = 'rule = "hold"\nhold_s = 3\nunit_s = 1\nstop_after = 2\nceiling_pct = 60\n'
    reward += "rival_ceiling_pct = { tfl = 25 }\n"
    option = '\n[[option]]\nname = "band"\ntext = "With a band."\nneeds = ["RES"]\nother_needs = ["ER"]\n'
    text = lesson(('rivals = ["tfl", "ql"]\n', top), ('rule = "hold"\nhold_s = 3\n', reward)) + option
    lines = "\n".join(shown(text.replace('muscle = "gmed"', 'muscle = "gmed"\nneeds = ["MAX"]'), tmp_path))
    for part in (
        "Trained leg: full weight, on this leg alone; a clinician must permit standing on this leg",
        "Other leg: part of the body weight on it; a clinician must permit",
        "Some phases also ask for: pressing as hard as possible (MAX)",
        "Option band: With a band. It also asks for pushing the leg",
        "other leg: turning the leg outwards",
        "Dose, rebuilt where the source is cut: Ten. (confirm with a clinician)",
        "Note: Mind the step.",
        "When it is easy: Higher.",
        "Good: gmed at 1.32 times tfl and ql or more, at least 10 % and at most 60 % of its reference; "
        "tfl at most 25 %",
        "Reward: 3 s or 10 s of good time in one attempt",
        "Steps of a hold: every 1 s of good time",
        "The sets end after 2 misses in a row",
        "Line: begins just above the person's start block and follows, up to 2 : 1; 1.32 : 1 is scored",
        "Quiet: ql, against percentile 40 of 5 tries; shown and logged",
        "[MAX]",
    ):
        assert part in lines, part


def test_show_says_that_no_ratio_is_asked_and_that_nothing_is_rewarded(tmp_path: Path) -> None:
    no_ratio = changed(("hold_s = 3", "hold_s = 3\nratio = 0"))
    assert "Good: vmo at least 10 % of its reference" in shown(no_ratio, tmp_path)
    watched = changed(('"hold"\nhold_s = 3', '"observe"'), ('"work"', '"observe"'))
    assert "Reward: none; the muscles are observed, without feedback" in shown(watched, tmp_path)


def test_the_vocabulary_page_names_every_key_and_every_code() -> None:
    page = (REPO / "protocols" / "README.md").read_text(encoding="utf-8")
    for table in TABLES:
        for key in keys_of(table):
            assert f"`{key}`" in page or f"[{key}]" in page or f"[{'.'.join((*table, key))}]" in page, key
    assert [code for code in MUSCLES if f"`{code}`" not in page] == []
    assert [code for code in (*NEEDS, *LOADS) if not re.search(rf"\b{code}\b", page)] == []


def test_the_example_of_the_page_is_well_formed_and_its_mistakes_are_told_as_printed() -> None:
    page = (REPO / "docs" / "write-a-protocol.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    assert parse_protocol(example, "my-raise.toml").repetitions == 22
    wrong = example.replace('"ql"]  ', '"qll"]  ').replace("seconds = 10    ", "seconds = -5    ")
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(wrong, "my-raise.toml")
    printed = [line.strip() for line in page.splitlines() if line.startswith("    my-raise.toml: line")]
    assert str(caught.value).splitlines() == printed


def test_the_page_shows_every_key_at_work_or_names_it() -> None:
    page = (REPO / "docs" / "write-a-protocol.md").read_text(encoding="utf-8")
    keys = {key for table in TABLES for key in keys_of(table)}
    missing = {key for key in keys if not re.search(rf"\b{key}\b", page)}
    assert missing <= {
        "percentile",
        "ceiling",
        "above_ln",
        "harder_above_pct",
        "easier_below_pct",
        "ceiling_pct",
    }


def test_the_schema_that_is_kept_is_the_one_that_is_printed() -> None:
    kept = (REPO / "protocols" / "exercise.schema.json").read_text(encoding="utf-8")
    assert json.loads(kept) == schema() == json.loads(call("schema").stdout)


def references(value: Any) -> list[str]:
    """Return every place of the schema that another one points to."""
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [place for entry in value.values() for place in references(entry)]
    return [place for entry in value for place in references(entry)] if isinstance(value, list) else []


def test_the_schema_says_for_every_key_what_to_write() -> None:
    made = schema()
    assert set(references(made)) == {f"#/definitions/{name}" for name in made["definitions"]}
    tables = [made, *made["definitions"].values()]
    assert len(tables) == len(TABLES)
    described = {key: sheet for table in tables for key, sheet in table["properties"].items()}
    assert set(described) == {key for table in TABLES for key in keys_of(table)}
    assert [key for key, sheet in described.items() if not sheet.get("description")] == []
    assert all(table["additionalProperties"] is False for table in tables)
    assert "null" not in json.dumps(made)
    assert described["target"]["enum"] == list(MUSCLES)
