"""Maintenance: when something is worked on, and what of it."""
