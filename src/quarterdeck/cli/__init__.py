"""The terminal: translates, decides nothing."""
