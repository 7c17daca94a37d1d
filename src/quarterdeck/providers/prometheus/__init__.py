"""Prometheus, as a client of it."""
