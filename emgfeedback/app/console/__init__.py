"""The operator's panel beside the patient view."""
