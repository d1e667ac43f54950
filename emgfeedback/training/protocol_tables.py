"""The vocabulary of exercise files: which tables and keys exist, and what each value may be by itself.

The description of a field is the advice in error messages ("write …") and in the schema for editors.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from emgfeedback.training.protocol_words import MUSCLES, NEEDS, Load, Muscle, Need

MAX_PHASES = 1000
MAX_PHASE_S = 3600.0
CUE_LENGTH = 60
NOTE_LENGTH = 120
MIN_RATIO = 0.2

_ONE_LINE = r"^\P{Cc}*$"
_SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"

Cue = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=CUE_LENGTH, pattern=_ONE_LINE)
]
Note = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NOTE_LENGTH, pattern=_ONE_LINE)
]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400, pattern=_ONE_LINE)
]
Seconds = Annotated[float, Field(ge=0.1, le=MAX_PHASE_S)]
Contracted = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,16}$")]

_NEEDS = f"a list of permission keys from {' '.join(NEEDS)}"
_CUE = f'one plain sentence of at most {CUE_LENGTH} characters, such as "Lift slowly."'
_TEXT = "one line of text in quotes, at most 400 characters"
_LINES = f"a list of texts in quotes, {_TEXT.split(', ')[1]} each"
_MUSCLES = 'a list of muscle codes, such as ["qlc"]'
_LOAD = '"NWB", "PWB", "WB2", "WB1" or "DYN"'
_HOLD = f"the good seconds that earn a reward, from 0.1 to {MAX_PHASE_S:g}, such as 3"
_BY_MUSCLE: JsonDict = {"propertyNames": {"enum": [*MUSCLES]}}


def _off_or_at_least(value: float, least: float) -> float:
    """Let 0 pass, which switches a value off, and refuse what lies between 0 and ``least``."""
    if 0 < value < least:
        raise PydanticCustomError("greater_than_equal", "is below {ge}", {"ge": least})
    return value


def _ratio(value: float) -> float:
    return _off_or_at_least(value, MIN_RATIO)


def _unit(value: float) -> float:
    return _off_or_at_least(value, 0.1)


class Table(BaseModel):
    """A TOML table: unknown keys, wrong types, NaN and infinity are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class PhaseTable(Table):
    """``[[block.phase]]``: a stretch of time with one instruction."""

    kind: Literal["rest", "reference", "test", "work", "relax", "observe", "baseline"] = Field(
        description='"rest", "reference", "test", "work", "relax", "observe" or "baseline"'
    )
    seconds: Seconds = Field(description=f"a number of seconds such as 10, from 0.1 to {MAX_PHASE_S:g}")
    cue: Cue = Field(description=_CUE)
    hint: Text = Field("", description=_TEXT)
    muscle: Contracted = Field("", description='the code of a muscle, such as "gmed"')
    needs: list[Need] = Field([], max_length=11, description=_NEEDS)


class BlockTable(Table):
    """``[[block]]``: phases in order, done ``repeat`` times; one with work is a set."""

    repeat: int = Field(1, ge=1, le=1000, description="a whole number from 1 to 1000")
    role: Literal["", "start", "probe", "retest"] = Field("", description='"start", "probe" or "retest"')
    label: Cue = Field("", description=f"one line of at most {CUE_LENGTH} characters")
    rule: Literal["hold", "rep"] | None = Field(None, description='"hold" or "rep"')
    hold_s: Seconds | None = Field(None, description=_HOLD)
    phase: list[PhaseTable] = Field(
        min_length=1, max_length=MAX_PHASES, description="at least one [[block.phase]] below it"
    )


class RewardTable(Table):
    """``[reward]``: what earns a reward in a work phase."""

    rule: Literal["hold", "rep", "observe"] = Field(
        description='"hold" (good time is rewarded), "rep" (a whole repetition is) or "observe"'
    )
    hold_s: Seconds | None = Field(None, description=_HOLD)
    ratio: Annotated[float, AfterValidator(_ratio)] = Field(
        1.32,
        ge=0,
        le=10,
        description=f"how many times each rival the target must be, from {MIN_RATIO:g} to 10, or 0 for any",
    )
    min_level_pct: float = Field(10.0, ge=0, le=100, description="a level in % of reference, from 0 to 100")
    ceiling_pct: float | None = Field(
        None, ge=0, le=1000, description="a level in % of reference, above min_level_pct and at most 1000"
    )
    rival_ceiling_pct: dict[str, Annotated[float, Field(ge=1, le=1000)]] = Field(
        {},
        description="levels in % of reference from 1 to 1000, one for each rival",
        json_schema_extra=_BY_MUSCLE,
    )
    unit_s: Annotated[float, AfterValidator(_unit)] = Field(
        0.0, ge=0, le=MAX_PHASE_S, description="the good seconds of one step of a long hold, such as 5, or 0"
    )
    stop_after: int = Field(
        0, ge=0, le=20, description="how many misses in a row end the sets, from 1 to 20, or 0 for never"
    )


class ShapingTable(Table):
    """``[shaping]``: the display line follows the person; ln units are natural logarithms of a ratio."""

    above_ln: float = Field(0.10, ge=0, le=1, description="a step in ln units from 0 to 1, such as 0.1")
    step_ln: float = Field(0.10, ge=0.01, le=1, description="a step in ln units from 0.01 to 1, such as 0.10")
    harder_above_pct: float = Field(85.0, ge=0, le=100, description="a success in %, such as 85")
    easier_below_pct: float = Field(60.0, ge=0, le=100, description="a success in %, such as 60")
    top_ratio: float = Field(2.0, ge=MIN_RATIO, le=10, description="the highest line, a ratio such as 2")


class FeedbackTable(Table):
    """``[feedback]``: which repetitions are seen."""

    schedule: Literal["always", "fade", "alternate", "after", "off", "sham"] = Field(
        "always", description='"always", "fade", "alternate", "after", "off" or "sham"'
    )


class QuietTable(Table):
    """``[quiet]``: a rival that should stay quiet, against its own first tries."""

    muscle: Muscle = Field(description='the code of a rival, such as "ql"')
    percentile: float = Field(40.0, ge=1, le=99, description="a percentile from 1 to 99, such as 40")
    tries: int = Field(5, ge=1, le=50, description="a whole number of repetitions from 1 to 50, such as 5")
    ceiling: bool = Field(False, description="true (above its line a moment is not good) or false")


class OptionTable(Table):
    """``[[option]]``: a way to do the exercise that may ask for more permissions."""

    name: Annotated[str, StringConstraints(pattern=_SLUG, max_length=32)] = Field(
        description='small letters, digits and hyphens, such as "toes-down"'
    )
    text: Text = Field(description=_TEXT)
    needs: list[Need] = Field([], max_length=11, description=_NEEDS)
    other_needs: list[Need] = Field([], max_length=11, description=_NEEDS)


class ProvenanceTable(Table):
    """``[provenance]``: where the exercise comes from, and who looked at it."""

    source: Text = Field("", description=_TEXT)
    papers: list[Text] = Field([], max_length=30, description=_LINES)
    review: Text = Field("not clinician-reviewed", description='who reviewed it, such as "A. Smith, 2025-03"')


class ProtocolFile(Table):
    """A whole exercise file."""

    schema_: int = Field(alias="schema", ge=1, le=1, description="schema = 1, the version of this vocabulary")
    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,32}$")] = Field(
        description='1 to 32 letters and digits in quotes, such as "E03"'
    )
    name: Cue = Field(description=f"a name in quotes, at most {CUE_LENGTH} characters")
    target: Muscle = Field(description='the code of the muscle that should lead, such as "gmed"')
    rivals: list[Muscle] = Field(
        min_length=1, max_length=7, description='1 to 7 muscle codes in a list, such as ["tfl", "ql"]'
    )
    watch: list[Muscle] = Field([], max_length=8, description=_MUSCLES)
    sides: Literal["open", "stance", "step"] = Field("open", description='"open", "stance" or "step"')
    stage: Annotated[str, StringConstraints(pattern=r"^S[0-5](-S[0-5])?$")] = Field(
        "", description='a stage such as "S1" or "S1-S2", from S0 to S5'
    )
    load: Load = Field("NWB", description=_LOAD)
    needs: list[Need] = Field([], max_length=11, description=_NEEDS)
    other_load: Load = Field("NWB", description=_LOAD)
    other_needs: list[Need] = Field([], max_length=11, description=_NEEDS)
    equipment: list[Text] = Field([], max_length=30, description=_LINES)
    position: Text = Field("", description=_TEXT)
    landmark: Text = Field("", description=_TEXT)
    unverified: list[Muscle] = Field([], max_length=8, description=_MUSCLES)
    steps: list[Text] = Field([], max_length=30, description=_LINES)
    progression: list[Text] = Field([], max_length=30, description=_LINES)
    notes: list[Note] = Field(
        [], max_length=5, description=f"a list of up to 5 lines of at most {NOTE_LENGTH} characters each"
    )
    dose: Text = Field("", description=_TEXT)
    dose_is: Literal["", "quoted", "rebuilt", "proposed"] = Field(
        "", description='"quoted", "rebuilt" or "proposed"'
    )
    provenance: ProvenanceTable = Field(ProvenanceTable(), description="a table [provenance]")
    reward: RewardTable = Field(description='a table [reward] with rule = "hold", "rep" or "observe"')
    shaping: ShapingTable | None = Field(None, description="a table [shaping]")
    feedback: FeedbackTable = Field(FeedbackTable(), description="a table [feedback]")
    quiet: QuietTable | None = Field(None, description="a table [quiet] with muscle = and a rival")
    coaching: dict[str, Cue] = Field({}, description=_CUE, json_schema_extra=_BY_MUSCLE)
    option: list[OptionTable] = Field([], max_length=8, description="up to 8 tables [[option]]")
    block: list[BlockTable] = Field(
        min_length=1, max_length=MAX_PHASES, description="at least one [[block]] with [[block.phase]]"
    )


TABLES: dict[tuple[str, ...], type[Table]] = {
    (): ProtocolFile,
    ("provenance",): ProvenanceTable,
    ("reward",): RewardTable,
    ("block",): BlockTable,
    ("block", "phase"): PhaseTable,
    ("shaping",): ShapingTable,
    ("feedback",): FeedbackTable,
    ("quiet",): QuietTable,
    ("option",): OptionTable,
}
"""The model of each table, by its path without list positions."""


def keys_of(table: tuple[str, ...]) -> dict[str, str]:
    """Return the keys of a table as they are written, each with what to write there."""
    model = TABLES.get(table)
    fields = model.model_fields if model else {}
    return {field.alias or name: field.description or "" for name, field in fields.items()}
