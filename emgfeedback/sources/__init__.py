"""Where samples come from: boards, a simulated patient, files."""
