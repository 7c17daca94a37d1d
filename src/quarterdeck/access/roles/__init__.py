"""Roles: names for sets of permissions."""
