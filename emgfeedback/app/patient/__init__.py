"""Views for the patient: one `PatientState` in, one picture out."""
