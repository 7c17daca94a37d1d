"""Incidents, from their declaration to their postmortem."""
