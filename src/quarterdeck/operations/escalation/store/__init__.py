"""Policies and pages in SQL."""
