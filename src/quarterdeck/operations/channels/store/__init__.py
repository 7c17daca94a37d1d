"""Channels and methods in SQL. They are kept as JSON, what is asked for as columns."""
