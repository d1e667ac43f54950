"""The vocabulary of exercise files: which tables and keys exist, and what each value may be by itself.

The description of a field is the advice in error messages ("write …") and in the schema for editors.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MAX_PHASE_S = 3600.0
CUE_LENGTH = 60

_ONE_LINE = r"^\P{Cc}*$"
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,16}$")]
Cue = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=CUE_LENGTH, pattern=_ONE_LINE)
]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400, pattern=_ONE_LINE)
]
Seconds = Annotated[float, Field(ge=0.1, le=MAX_PHASE_S)]
Need = Literal["ABD", "RES", "LONG", "EXT", "FLEX", "ADD", "ER", "IR", "MAX", "SLS"]

_NEEDS = "a list of permission keys from ABD RES LONG EXT FLEX ADD ER IR MAX SLS"
_CUE = f'one plain sentence of at most {CUE_LENGTH} characters, such as "Lift slowly."'
_TEXT = "one line of text in quotes, at most 400 characters"
_LINES = f"a list of texts in quotes, {_TEXT.split(', ')[1]} each"


class Table(BaseModel):
    """A TOML table: unknown keys, wrong types, NaN and infinity are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class PhaseTable(Table):
    """``[[block.phase]]``: a stretch of time with one instruction."""

    kind: Literal["rest", "reference", "test", "work", "relax", "observe"] = Field(
        description='"rest", "reference", "test", "work", "relax" or "observe"'
    )
    seconds: Seconds = Field(description=f"a number of seconds such as 10, from 0.1 to {MAX_PHASE_S:g}")
    cue: Cue = Field(description=_CUE)
    hint: Text = Field("", description=_TEXT)
    muscle: Code = Field("", description='the code of a muscle, such as "gmed"')
    needs: list[Need] = Field([], max_length=10, description=_NEEDS)


class BlockTable(Table):
    """``[[block]]``: phases in order, done ``repeat`` times."""

    repeat: int = Field(1, ge=1, le=1000, description="a whole number from 1 to 1000")
    phase: list[PhaseTable] = Field(min_length=1, description="at least one [[block.phase]] below it")


class RewardTable(Table):
    """``[reward]``: what earns a reward in a work phase."""

    rule: Literal["hold", "observe"] = Field(description='"hold" (good time is rewarded) or "observe"')
    hold_s: Seconds | None = Field(
        None, description=f"the good seconds that earn a reward, from 0.1 to {MAX_PHASE_S:g}, such as 3"
    )
    ratio: float = Field(
        1.32, ge=0.2, le=10, description="how many times each rival the target must reach, from 0.2 to 10"
    )
    min_level_pct: float = Field(10.0, ge=0, le=100, description="a level in % of reference, from 0 to 100")
    ceiling_pct: float | None = Field(
        None, gt=0, le=1000, description="a level in % of reference, above min_level_pct and at most 1000"
    )


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
    target: Code = Field(description='the code of the muscle that should lead, such as "gmed"')
    rivals: list[Code] = Field(
        min_length=1, max_length=7, description='1 to 7 muscle codes in a list, such as ["tfl", "ql"]'
    )
    sides: Literal["open", "stance", "step"] = Field("open", description='"open", "stance" or "step"')
    stage: Annotated[str, StringConstraints(pattern=r"^S[0-5](-S[0-5])?$")] = Field(
        "", description='a stage such as "S1" or "S1-S2", from S0 to S5'
    )
    needs: list[Need] = Field([], max_length=10, description=_NEEDS)
    equipment: list[Text] = Field([], max_length=30, description=_LINES)
    position: Text = Field("", description=_TEXT)
    landmark: Text = Field("", description=_TEXT)
    steps: list[Text] = Field([], max_length=30, description=_LINES)
    dose: Text = Field("", description=_TEXT)
    provenance: ProvenanceTable = Field(ProvenanceTable(), description="a table [provenance]")
    reward: RewardTable = Field(description='a table [reward] with rule = "hold" or "observe"')
    coaching: dict[str, Cue] = Field({}, description=_CUE)
    block: list[BlockTable] = Field(min_length=1, description="at least one [[block]] with [[block.phase]]")


TABLES: dict[tuple[str, ...], type[Table]] = {
    (): ProtocolFile,
    ("provenance",): ProvenanceTable,
    ("reward",): RewardTable,
    ("block",): BlockTable,
    ("block", "phase"): PhaseTable,
}
"""The model of each table, by its path without list positions."""


def keys_of(table: tuple[str, ...]) -> dict[str, str]:
    """Return the keys of a table as they are written, each with what to write there."""
    model = TABLES.get(table)
    fields = model.model_fields if model else {}
    return {field.alias or name: field.description or "" for name, field in fields.items()}
