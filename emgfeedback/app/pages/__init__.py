"""The pages around a run: Home, Person, Placement, Signal check, Exercise, Replay, and the run itself."""
