"""Programmes in SQL."""
