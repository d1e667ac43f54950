"""Pages for people: exercise cards, and cards to take home."""
