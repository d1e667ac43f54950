"""The simulated patient: a test signal with known truth, not a person."""

from emgfeedback.sources.patient.address import parse_patient
from emgfeedback.sources.patient.body import MUSCLES, Body
from emgfeedback.sources.patient.patient import Patient
from emgfeedback.sources.patient.script import SCRIPTS, Script, Segment
from emgfeedback.sources.patient.steady import KnownRecording, steady

__all__ = [
    "MUSCLES",
    "SCRIPTS",
    "Body",
    "KnownRecording",
    "Patient",
    "Script",
    "Segment",
    "parse_patient",
    "steady",
]
