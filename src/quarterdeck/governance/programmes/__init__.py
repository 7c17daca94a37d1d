"""Programmes: named sets of requirements with a deadline, and how far each tenant is."""
