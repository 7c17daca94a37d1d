"""Rings outside while this installation can page."""
