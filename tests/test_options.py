"""Ways of doing an exercise, the side of the waist electrode, and the name of the mode."""

from dataclasses import replace

import pytest
from run_kit import protocol, repetitions, stream

from emgfeedback.errors import UsageError
from emgfeedback.training.montage import apply_montage
from emgfeedback.training.options import check_sites, mode_words, with_options
from emgfeedback.values import OTHER, Option, StreamInfo

BAND = Option("band", "Loop band round both thighs.", ("RES",), ("SLS",))
OPEN = protocol(repetitions(1), needs=("ABD",), options=(BAND,))
STANCE = replace(OPEN, rivals=("tfl", "qlc"), sides="stance")


def test_an_option_adds_its_needs_for_each_leg_and_its_words() -> None:
    chosen = with_options(OPEN, ("band",))
    assert (chosen.needs, chosen.other_needs) == (("ABD", "RES"), ("SLS",))
    assert chosen.steps[-1] == BAND.text
    assert with_options(OPEN, ()) == OPEN


def test_an_option_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="band"):
        with_options(OPEN, ("weights",))


@pytest.mark.parametrize(
    ("exercise", "montage"),
    [
        (STANCE, {"gmed": "1", "tfl": "2", "ql": "3"}),
        (OPEN, {"gmed": "1", "tfl": "2", "qlc": "3"}),
    ],
)
def test_three_channels_on_the_wrong_side_ask_for_another_placement(exercise, montage) -> None:
    with pytest.raises(UsageError, match=r"re-place it.*references anew"):
        check_sites(exercise, montage)


@pytest.mark.parametrize("exercise", [OPEN, STANCE])
def test_four_channels_serve_both_and_the_other_waist_is_watched(exercise) -> None:
    montage = {"gmed": "1", "tfl": "2", "ql": "3", "qlc": "4"}
    check_sites(exercise, montage)
    bare = StreamInfo(250.0, stream(muscles=("gmed", "tfl", "ql", "qlc")).channels, "test", 0.02)
    info = apply_montage(bare, montage, "right", "gmed", exercise.rivals)
    others = [channel.muscle for channel in info.channels if channel.role == OTHER]
    assert others == (["qlc"] if exercise is OPEN else ["ql"])
    assert mode_words(exercise, info) == ""


def test_a_site_that_cannot_be_used_gives_the_mode_its_name() -> None:
    check_sites(OPEN, {"gmed": "1", "tfl": "2"})
    assert mode_words(OPEN, stream(muscles=("gmed", "tfl"))) == "gmed + one rival (tfl)"
