"""Preflight: whether each call that sync makes would be answered, and what is missing."""
