"""Quick-reference cards: a few steps at a glance, for when there is no time to read."""
