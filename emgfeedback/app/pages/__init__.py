"""The pages around a run: Home, Person, Exercise, Replay, and the run itself inside the workstation."""
