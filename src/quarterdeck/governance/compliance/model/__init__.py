"""Compliance: verdicts, what was read, what changed, and what it adds up to. Pure."""
