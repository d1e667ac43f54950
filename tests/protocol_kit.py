"""Two small exercise files, one plain and one that teaches, and ways to change them."""

EXAMPLE = """\
schema = 1
id = "X1"
name = "Example"
target = "vmo"
rivals = ["vl"]

[reward]
rule = "hold"
hold_s = 3

[[block]]

[[block.phase]]
kind = "rest"
seconds = 10
cue = "Rest."

[[block.phase]]
kind = "reference"
seconds = 5
muscle = "vmo"
cue = "Inner thigh: press."

[[block.phase]]
kind = "reference"
seconds = 5
muscle = "vl"
cue = "Outer thigh: press."

[[block]]
repeat = 3

[[block.phase]]
kind = "work"
seconds = 8
cue = "Press and hold."

[[block.phase]]
kind = "relax"
seconds = 4
cue = "Rest."
"""


LESSON = """\
schema = 1
id = "X2"
name = "Lesson"
target = "gmed"
rivals = ["tfl", "ql"]

[reward]
rule = "hold"
hold_s = 3

[shaping]

[feedback]
schedule = "fade"

[quiet]
muscle = "ql"

[[block]]
[[block.phase]]
kind = "rest"
seconds = 10
cue = "Rest."
[[block.phase]]
kind = "reference"
seconds = 5
muscle = "gmed"
cue = "Side of hip: press."
[[block.phase]]
kind = "reference"
seconds = 5
muscle = "tfl"
cue = "Front of hip: press."
[[block.phase]]
kind = "reference"
seconds = 5
muscle = "ql"
cue = "Waist: pull up."

[[block]]
role = "start"
label = "Your way"
repeat = 5
[[block.phase]]
kind = "observe"
seconds = 8
cue = "Lift your way."

[[block]]
label = "First set"
repeat = 4
[[block.phase]]
kind = "work"
seconds = 12
cue = "Lift."
[[block.phase]]
kind = "relax"
seconds = 4
cue = "Lower."

[[block]]
label = "Longer"
hold_s = 10
repeat = 4
[[block.phase]]
kind = "work"
seconds = 20
cue = "Lift and stay."

[[block]]
role = "retest"
repeat = 5
[[block.phase]]
kind = "observe"
seconds = 8
cue = "Lift again."
"""


def changed(*changes: tuple[str, str], text: str = EXAMPLE) -> str:
    """Return the example with parts replaced; a part that is not there is a mistake of the test."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def lesson(*changes: tuple[str, str]) -> str:
    """Return the lesson with parts replaced."""
    return changed(*changes, text=LESSON)
