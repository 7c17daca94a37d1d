"""Compliance in SQL: its tables, what a listing writes, what people ask."""
