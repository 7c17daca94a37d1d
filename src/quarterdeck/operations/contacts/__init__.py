"""Whom to reach, by what, and how soon they answer."""
