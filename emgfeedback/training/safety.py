"""Safety texts and protected stages, as data; a clinician must approve the texts before they are used."""

from __future__ import annotations

from dataclasses import dataclass

PROTECTED_STAGES = ("S0",)
"""Stages of a person in which the target has a ceiling."""

REVIEW = "Draft text: a clinician must approve it."


def protected_ceiling_pct(reference_kind: str) -> float:
    """Return the target's ceiling in a protected stage, in %ref: 60 of a maximal reference, else 120."""
    return 60.0 if reference_kind == "mvic" else 120.0


@dataclass(frozen=True, slots=True)
class SafetyText:
    """A safety page: short sentences, and whether a clinician stands behind them."""

    title: str
    sentences: tuple[str, ...]
    review: str = REVIEW


PURPOSE = SafetyText(
    "What this is",
    (
        "This program shows muscle signals for training and research.",
        "It is not a medical device, and it does not diagnose.",
        "The amplifier boards are sold for research and are not certified for clinical use.",
    ),
)

STOP_RULES = SafetyText(
    "Stop at once and say so",
    (
        "Stop if new pain comes, or pain rises, above 3 of 10.",
        "Stop if a joint clicks and it hurts.",
        "Stop if it hurts in the groin.",
        "Stop if something goes numb.",
        "Stop if you feel dizzy.",
        "Stop if a calf hurts or swells.",
        "Stop if a wound looks or feels different.",
        "After the pain key nothing goes on until a clinician has looked.",
    ),
)

CONTRAINDICATIONS = SafetyText(
    "Ask a clinician before the first session",
    (
        "Ask the surgeon first after any recent operation: a contraction can disturb what is healing.",
        "Ask a clinician first with a heart condition or epilepsy.",
        "Ask the physician first with a pacemaker, a defibrillator or another active implant.",
        "Run no impedance check with an active implant: the check sends a small current.",
        "Do not roll over a muscle beside a bone that is still healing.",
    ),
)

ELECTRICAL = SafetyText(
    "Electricity",
    (
        "Run the board from its battery, and never charge it while electrodes are on.",
        "Run the computer from its battery too, unless a certified isolator separates it from the mains.",
        "Do not record together with electrosurgery, a defibrillator or electrical stimulation.",
    ),
)

SKIN = SafetyText(
    "Skin",
    (
        "Ask about an allergy to adhesives before the first electrode.",
        "Put no electrode on a wound, a rash or an infection.",
        "Put no electrode on a scar that is younger than six weeks.",
        "Put no electrode on skin that is fragile or does not feel.",
        "Take the electrodes off if the skin itches or turns red.",
        "If a place cannot be used, work with one rival fewer; the program then names it everywhere.",
    ),
)

AFTER_SURGERY = SafetyText(
    "After hip surgery",
    (
        "The surgeon's order comes before everything that is written here.",
        "What nobody has permitted is locked, and weeks since surgery unlock nothing.",
        "Every permission carries who gave it, why, and until which day.",
        "Times in books and papers differ from each other; none of them is a permission.",
        "No dose of a source is a default after surgery; a clinician sets it for one person.",
    ),
)

SAFETY = (PURPOSE, STOP_RULES, CONTRAINDICATIONS, ELECTRICAL, SKIN, AFTER_SURGERY)
"""All pages, in the order in which a person reads them."""
