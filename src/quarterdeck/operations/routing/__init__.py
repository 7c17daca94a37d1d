"""Routing: who hears of which alerts, when, and how often."""
