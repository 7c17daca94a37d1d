"""Routing in SQL."""
