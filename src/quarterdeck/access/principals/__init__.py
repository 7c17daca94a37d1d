"""Principals: people and programs, and what they were granted."""
