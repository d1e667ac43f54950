"""Many recordings, one answer: measures and comparisons that need more than one hop."""
