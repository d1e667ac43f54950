"""The table of the exercise catalogue (its section 6), written down once more to check the files against.

Needs are split by leg; the trained leg is the recorded one. A class of two kinds (WB1/DYN) stands as the
stricter one. Where the other leg carries weight too, it has a class as well.
"""

from dataclasses import dataclass, field

OPEN, STANCE, STEP = "open", "stance", "step"


@dataclass(frozen=True, slots=True)
class Row:
    """What a row asks of its file.

    ``sets`` are the holds in seconds of the blocks with work, in order, 0 for single repetitions; an observed
    exercise has none. ``options`` maps a name to the needs it adds on the trained and on the other leg.
    """

    id: str
    slug: str
    stage: str
    sides: str
    needs: str = ""
    load: str = "NWB"
    other_needs: str = ""
    other_load: str = "NWB"
    sets: tuple[float, ...] = ()
    ratio: float = 1.32
    dose_is: str = ""
    roles: tuple[str, ...] = ()
    rivals: str = ""
    options: dict[str, tuple[str, str]] = field(default_factory=dict, hash=False)


REP = 0.0
TOES, BACK, BAND, DEEP = (
    {"toes-down": ("IR", "")},
    {"back": ("EXT", "")},
    {"band": ("RES", "")},
    {"deep": ("FLEX", "")},
)
FREE = "SLS ADD FLEX IR"

ROWS = (
    Row(
        *("E01", "side-lying-raise-old-style", "S1", OPEN, "ABD LONG"),
        sets=(10, 10),
        dose_is="quoted",
        roles=("start", "retest"),
    ),
    Row(
        *("E02", "raise-behind-midline", "S1-S2", OPEN, "ABD LONG EXT"),
        sets=(5, 10),
        dose_is="proposed",
        roles=("start",),
        options=TOES,
    ),
    Row(
        *("E03", "find-the-contraction", "S1", OPEN, "ABD LONG EXT"),
        sets=(3, 3, 3, 3, 3),
        dose_is="proposed",
        roles=("start", "probe"),
        options=TOES,
    ),
    Row(
        *("E04", "loop-band-clam-hold", "S1-S2", OPEN, "ABD RES ER"),
        sets=(10, 20, 30, 60),
        dose_is="quoted",
    ),
    Row("T01", "mirror-one-leg-stance", "S4", STANCE, "SLS", "WB1", dose_is="proposed"),
    Row("E05", "clamshell", "S1", OPEN, "ABD ER", sets=(REP, REP, REP), dose_is="proposed"),
    Row("E06", "side-lying-straight-raise", "S1-S2", OPEN, "ABD LONG", sets=(REP, 5), options=BACK),
    Row("E07", "step-lift-stance", "S4", STANCE, "SLS", "WB1", sets=(5, 10), dose_is="proposed"),
    Row(
        *("E08", "crab-walk", "S3-S4", STEP, "SLS ABD RES", "DYN", "SLS ABD RES", "DYN"),
        sets=(REP,) * 4,
        dose_is="proposed",
    ),
    Row("E09", "single-leg-squat", "S4-S5", STANCE, "SLS", "DYN", sets=(REP, REP), options=DEEP),
    Row("E10", "foam-roller", "S2-S5", OPEN, "ROLL", dose_is="proposed"),
    Row("E11", "hip-hitch", "S4", STANCE, "SLS ADD", "WB1", sets=(REP, REP), dose_is="proposed"),
    Row(
        *("E12", "wall-press", "S4", STANCE, "SLS RES", "WB1", "RES ABD"),
        sets=(10, 20, 40, 60),
        dose_is="quoted",
    ),
    Row(
        *("E12open", "wall-press-pressing-leg", "S4", OPEN, "ABD RES", "NWB", "SLS RES", "WB1"),
        sets=(10, 20, 40, 60),
        dose_is="quoted",
    ),
    Row("E13", "single-leg-bridge", "S3", STANCE, "EXT", "WB2", "LONG", sets=(REP, 5)),
    Row("E14", "side-lying-abduction", "S1-S2", OPEN, "ABD LONG", sets=(REP, 5), options=BAND),
    Row(
        *("E15", "lateral-step-up", "S4", STANCE, "SLS", "DYN", "", "WB2"),
        sets=(REP, REP),
        dose_is="quoted",
        options={"high-step": ("FLEX", "")},
    ),
    Row(
        *("E16", "side-step-band", "S3-S4", STEP, "SLS ABD", "DYN", "SLS ABD", "DYN"),
        sets=(REP,) * 4,
        options={"band": ("RES", "RES")},
    ),
    Row(
        *("E17", "tube-abduction", "S3-S4", OPEN, "ABD RES LONG", "NWB", "SLS", "WB1"),
        sets=(REP, REP),
        options=BACK,
    ),
    Row(
        *("E17stance", "tube-abduction-stance", "S3-S4", STANCE, "SLS", "WB1", "ABD RES LONG"),
        sets=(REP, REP),
        options={"back": ("", "EXT")},
    ),
    Row("E18a", "clamshell-band", "S1", OPEN, "ABD ER", sets=(REP, REP, REP), options=BAND),
    Row(
        *("E18b", "banded-squat", "S3", STANCE, "RES", "WB2", "RES", "WB2"),
        sets=(REP, REP),
        options={"deep": ("FLEX", "FLEX")},
    ),
    Row(
        *("E19", "single-leg-squat-graded", "S4-S5", STANCE, "SLS", "DYN"),
        sets=(REP, REP),
        dose_is="quoted",
        options=DEEP,
    ),
    Row("E20", "single-leg-deadlift", "S5", STANCE, "SLS FLEX", "DYN", "EXT", sets=(REP, REP), rivals="tfl"),
    *(
        Row(
            *(id_, slug, "S4-S5", STANCE, FREE, "DYN", "", "WB2"),
            dose_is="proposed",
            roles=("start", "retest"),
        )
        for id_, slug in (("E21", "pivot-sagittal"), ("E22", "pivot-frontal"), ("E23", "pivot-transverse"))
    ),
    Row("E24", "golf-driver", "S5", STANCE, FREE, "DYN", "", "WB2", roles=("start", "retest")),
    Row(
        *("E25", "foot-tweaks", "S5", STANCE, FREE, "DYN", "", "WB2"),
        roles=("start", *["retest"] * 4),
        options={"slope": ("", ""), "push": ("", "")},
    ),
    Row(
        *("E26", "belt-isometric", "S0-S1", OPEN, "RES LONG"),
        sets=(5, 5),
        dose_is="rebuilt",
        options={"lift": ("ABD", "")},
    ),
)
"""Table 6, with both recordings of E12 and E17 and both readings of E18."""

VARIANTS = tuple(
    Row(id_, slug, "S1-S2", OPEN, needs, sets=(5, 5), roles=("start", "retest"))
    for id_, slug, needs in (
        ("V01", "raise-pressure-unit", "ABD LONG"),
        ("V02", "raise-pelvic-belt", "ABD LONG"),
        ("V03", "raise-posterior-tilt", "ABD LONG"),
        ("V04", "raise-frontal-plane-block", "ABD LONG"),
        ("V05", "raise-hip-extension", "ABD LONG EXT"),
    )
)
"""The evidence variants of section 7."""

SHAPES = (
    Row(
        *("R05", "test-tweak-retest", "S4-S5", STANCE, FREE, "DYN", "", "WB2"),
        roles=("start", *["retest"] * 4),
    ),
    Row("R06", "fade-the-tweak", "S4-S5", STANCE, FREE, "DYN", "", "WB2", roles=("start", *["retest"] * 8)),
    Row(
        *("R07", "disadvantage-training", "S4-S5", STANCE, FREE, "DYN", "", "WB2"),
        roles=("start", "retest", "retest", "probe"),
    ),
    Row("R08", "carry-over-probe", "S1-S2", OPEN, "ABD LONG", roles=("probe",)),
)
"""Session shapes: test-tweak-retest, fading, disadvantage, carry-over."""

SCRIPTS = (
    Row("S01", "ten-by-ten", "S0-S1", OPEN, "RES", sets=(5,), ratio=0.0),
    Row("S02", "three-hold-classes", "S1-S2", OPEN, "RES", sets=(1, 10, 120)),
    Row("S03", "goal-between-baselines", "S1-S2", OPEN, "RES", sets=(5,)),
    Row("K01", "inner-thigh-vmo", "S1-S2", OPEN, sets=(5, 5), rivals="vl"),
    Row("K02", "lower-trapezius", "S1-S2", OPEN, sets=(5, 5), rivals="ut"),
)
"""Scripts in the style of other devices, and two other targets."""

ALL_ROWS = (*ROWS, *VARIANTS, *SHAPES, *SCRIPTS)
OTHERS = {"demo": "demo", "placement-check": "P01"}
