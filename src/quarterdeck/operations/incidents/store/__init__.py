"""Incidents in SQL."""
