"""Exports: records with all that a stranger needs to check them."""
