"""Sync in SQL: its tables, runs, and how fresh each connection's data is."""
