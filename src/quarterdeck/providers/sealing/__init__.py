"""Secrets, sealed with the keys of their tenants."""
