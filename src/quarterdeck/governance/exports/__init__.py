"""Exports: what is stored, as files for people and other programs."""
