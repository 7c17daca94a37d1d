"""Metrics: numbers over time, of what is watched and of the platform itself."""
