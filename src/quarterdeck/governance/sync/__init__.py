"""Bringing the estate up to date, and saying how fresh it is."""
