"""Severities: what each means, how soon somebody answers, and what follows from it."""
