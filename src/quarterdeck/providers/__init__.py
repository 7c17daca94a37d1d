"""Adapters to the world behind ports."""
