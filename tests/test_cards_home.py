"""The page that goes home without sensors, and the command that prints cards."""

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import click
import pytest
from card_kit import CARDS, EXERCISES, PLAIN, PRACTISED, PROMISES, home, words_of, work
from click.testing import CliRunner, Result

from emgfeedback.cli.cards import card_command
from emgfeedback.errors import EmgFeedbackError, InputError
from emgfeedback.reports.home_card import DIARY_DAYS, home_card


@pytest.mark.parametrize("slug", PRACTISED)
def test_a_home_card_speaks_of_no_electrode_and_no_screen(slug: str) -> None:
    protocol = EXERCISES[slug]
    shown = words_of(home_card(protocol, tomllib.loads(protocol.text), "", ""))
    assert "without sensors" in shown
    rest = shown.replace("without sensors", "").lower()
    for word in ("electrode", "sensor", "screen", "calibrat", "reference", "channel", "feedback", " score"):
        assert word not in rest, word
    assert not re.search(PROMISES, rest)
    assert protocol.position[:30] in shown
    assert "Step by step" in shown
    assert "Stop at once" in shown
    assert "not a medical device" in shown


def test_a_home_card_has_steps_cues_stop_rules_and_a_diary() -> None:
    html = home("2 × 5, every second day", "A. Smith, physiotherapist", "1 May")
    shown = words_of(html)
    assert "Lift slowly. Lower it. Breathe on." in shown
    assert "Hands off" not in shown
    assert "Waist: Let the waist go long." in shown
    assert "above 3 of 10" in shown
    diary = html.split('<div class="diary">')[1]
    assert diary.count("<tr>") == DIARY_DAYS + 1
    assert re.findall(r"<th>(.*?)</th>", diary) == [
        "Date",
        "Sets done",
        "Pain before (0-10)",
        "Pain after (0-10)",
        "Notes",
    ]


def test_a_home_card_prints_a_dose_only_with_the_name_of_who_confirmed_it() -> None:
    shown = words_of(home("2 × 5, every second day", "A. Smith", "1 May"))
    assert "How much, how often: 2 × 5, every second day Confirmed by: A. Smith until: 1 May" in shown
    for unconfirmed in (home("2 × 5"), home("2 × 5", " "), home(by="A. Smith"), home()):
        assert "2 × 5" not in unconfirmed
        assert "A. Smith" not in unconfirmed
        assert 'How much, how often:</b> <span class="blank wide"></span>' in unconfirmed


@pytest.mark.parametrize("slug", PRACTISED)
def test_no_dose_of_a_file_reaches_a_home_card_by_itself(slug: str) -> None:
    protocol = EXERCISES[slug]
    sheet = tomllib.loads(protocol.text)
    html = home_card(protocol, sheet, "", "")
    assert not sheet.get("dose") or sheet["dose"] not in html


def test_a_home_card_stands_by_itself() -> None:
    html = home()
    assert not re.search(r"<script|<link|<img|url\(|https?:|src=|@import", html)
    assert "size: A4" in html
    assert "background: #fff" in html


def test_nasty_text_stays_text_on_a_home_card() -> None:
    nasty = "<script>alert(1)</script>&\"'"
    html = home(
        nasty,
        nasty,
        nasty,
        name=nasty,
        position=nasty,
        steps=(nasty,),
        coaching={"tfl": nasty},
        phases=(replace(PLAIN.phases[3], cue=nasty, hint=nasty),),
    )
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#x27;") == 10


def test_a_belt_that_only_the_presses_ask_for_stays_in_the_clinic() -> None:
    phases = (replace(PLAIN.phases[1], hint="A belt lies round both thighs."), *work(1, 2))
    assert "<p>Mat.</p>" in home(phases=phases)
    assert "<p>Mat, belt.</p>" in home(phases=phases, steps=("Press into the belt.",))


@pytest.mark.parametrize(
    ("step", "left"),
    [
        ("Feel for it first; then hands off the electrodes.", "Feel for it first."),
        ("The quiet level is measured lying. Then stand up.", ""),
        ("Lift. The screen tells. Lower it.", "Lift. Lower it."),
        ("Then lower it.", "Then lower it."),
    ],
)
def test_a_step_loses_only_what_belongs_to_the_screen(step: str, left: str) -> None:
    steps = re.findall(r"<ol>\n(.*)\n</ol>", home(steps=("Breathe.", step)), re.DOTALL)[0]
    assert re.findall(r"<li>(.*?)</li>", steps) == ["Breathe.", *filter(None, [left])]


def test_a_note_comes_home_when_it_says_when_not_to() -> None:
    shown = words_of(
        home(notes=("Only after a clinician has looked.", "Scored on one rival.", "The waist is shown."))
    )
    assert "Before you begin Only after a clinician has looked. Step by step" in shown


def test_the_first_step_at_home_begins_by_itself() -> None:
    assert "<li>Turn over.</li>" in home(steps=("The screen tells.", "Then turn over.", "Then lift."))


def test_a_standing_exercise_needs_no_mat_at_home_and_a_rail() -> None:
    assert "Mat" not in home(load="WB1", position="Stand tall.")
    assert "rail or a wall" in home(load="WB1", position="Stand tall.")
    assert "Mat" in home(load="WB2", position="Lie on your back.")
    assert "rail or a wall" not in home(load="WB2", position="Lie on your back.")


def test_a_check_of_electrodes_is_nothing_for_home() -> None:
    with pytest.raises(InputError, match="P01: has no repetitions"):
        home_card(EXERCISES["placement-check"], {}, "", "")


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(card_command, [str(argument) for argument in arguments])


def failure(*arguments: str | Path) -> Exception:
    error = call(*arguments).exception
    assert isinstance(error, EmgFeedbackError | click.ClickException)
    return error


def test_a_card_is_printed_or_written(tmp_path: Path) -> None:
    assert call("E03").stdout == (CARDS / "find-the-contraction.md").read_text(encoding="utf-8")
    assert call("E03", "--out", tmp_path / "new").exit_code == 0
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["find-the-contraction.md"]
    result = call("find-the-contraction", "--home", "--out", tmp_path / "a.html", "--json")
    assert json.loads(result.stdout)["cards"] == [str(tmp_path / "a.html")]
    assert "<h1>Find the contraction</h1>" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert json.loads(call("e03", "--json").stdout)["cards"][0]["name"] == "find-the-contraction.md"


def test_all_cards_come_with_an_index_and_home_cards_leave_out_what_is_not_practised(tmp_path: Path) -> None:
    assert call("--all", "--out", tmp_path / "all").exit_code == 0
    assert {file.name for file in (tmp_path / "all").iterdir()} == {file.name for file in CARDS.iterdir()}
    assert call("--all", "--home", "--out", tmp_path / "home").exit_code == 0
    assert {file.stem for file in (tmp_path / "home").iterdir()} == set(PRACTISED)


def test_a_confirmed_dose_is_printed(tmp_path: Path) -> None:
    shown = words_of(call("E03", "--home", "--dose", "10 tries a day", "--by", "A. Smith").stdout)
    assert "10 tries a day Confirmed by: A. Smith" in shown


@pytest.mark.parametrize(
    ("arguments", "sentence", "code"),
    [
        ([], "name one exercise or more, or write --all", 2),
        (["E03", "--all"], "name one exercise or more, or write --all", 2),
        (["no-such-thing"], "no exercise is named", 2),
        (["none.toml"], "no such exercise file", 4),
        (["E03", "--home", "--dose", "daily"], "write both --dose TEXT and --by NAME", 2),
        (["E03", "--home", "--by", "A. Smith"], "write both --dose TEXT and --by NAME", 2),
        (["E03", "--dose", "daily", "--by", "A. Smith"], "add --home", 2),
        (["E01", "E03", "--home", "--dose", "daily", "--by", "A. Smith"], "a single one", 2),
        (["--all", "--home", "--dose", "daily", "--by", "A. Smith"], "a single one", 2),
        (["E01", "E03", "--out", "one.md"], "write a folder", 2),
        (["E03", "--home", "--out", "one.md"], r"a file \*\.html", 2),
        (["placement-check", "--home"], "no repetitions to practise", 4),
    ],
)
def test_wrong_wishes_get_one_sentence(arguments: list[str], sentence: str, code: int) -> None:
    error = failure(*arguments)
    assert re.search(sentence, str(error))
    assert error.exit_code == code  # type: ignore[attr-defined]
    assert len(str(error).splitlines()) == 1


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    error = failure("E03", "--out", tmp_path / "taken" / "cards")
    assert "cannot be written" in str(error)
    assert error.exit_code == 4  # type: ignore[attr-defined]
