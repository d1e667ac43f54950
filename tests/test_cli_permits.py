"""What a person may do, as the command line says it, and what is not permitted is not asked."""

from pathlib import Path


def test_a_placement_check_does_what_is_permitted_and_replays_to_the_same(cli, tmp_path: Path) -> None:
    words = (
        "placement-check",
        "--source",
        "patient:seed=3,script=taught",
        "--headless",
        "--library",
        tmp_path,
    )
    live = cli("run", *words, "--permit", "RES,FLEX,squeeze", "--json").json
    assert live["tests"] == dict.fromkeys(("gmed", "tfl", "ql", "extension"), "low-load") | {"brace": "full"}
    assert live["placement"]["passed"]
    assert {round(leak["leak_pct"]) for leak in live["placement"]["leaks"] if leak["told"]} <= {4, 5, 6}
    again = cli("replay", live["recording"], "--headless", "--json").json
    assert (again["events_sha256"], again["tests"]) == (live["events_sha256"], live["tests"])


def test_without_permission_a_test_is_not_done_and_a_wrong_key_is_refused(cli, tmp_path: Path) -> None:
    words = ("placement-check", "--source", "patient:seed=3", "--headless", "--library", tmp_path)
    assert cli("run", *words, "--permit", "none", "--json").json["tests"]["gmed"] == "not tested: needs RES"
    refused = cli("run", *words, "--permit", "JUMP")
    assert refused.code == 2
    assert "ABD" in refused.err


def test_an_exercise_that_is_not_permitted_is_recorded_but_not_asked_for(cli, tmp_path: Path) -> None:
    words = ("E03", "--source", "patient:seed=3,script=taught", "--headless", "--library", tmp_path)
    told = cli("run", *words, "--permit", "ABD,LONG,RES,FLEX", "--seconds", "120", "--json")
    assert told.code == 0
    assert told.json["repetitions"] == []
    assert told.json["rewards"] == 0
    (why,) = told.json["locked"]
    assert "extension" in why


def test_limits_of_a_person_come_from_a_file(cli, tmp_path: Path) -> None:
    limits = tmp_path / "limits.toml"
    limits.write_text(
        '[right]\nno_limits = { who = "A. Smith", until = "2099-01-01" }\n[left]\nprocedure = "PAO"\n'
    )
    words = ("E03", "--source", "patient:seed=3", "--headless", "--library", tmp_path, "--limits", limits)
    assert cli("run", *words, "--seconds", "5", "--json").json["locked"] == []
    left = cli("run", *words, "--side", "left", "--seconds", "120", "--json").json
    assert left["repetitions"] == []
    assert left["locked"]


def test_a_limits_file_that_is_wrong_is_refused_in_a_sentence(cli, tmp_path: Path) -> None:
    wrong = tmp_path / "limits.toml"
    wrong.write_text('[right]\nname = "Somebody"\n')
    for file in (wrong, tmp_path / "missing.toml"):
        words = ("E03", "--source", "patient:seed=3", "--headless", "--library", tmp_path)
        refused = cli("run", *words, "--limits", file)
        assert refused.code == 4
        assert file.name in refused.err
        assert "Traceback" not in refused.err
