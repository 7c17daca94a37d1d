"""Connections of a tenant to cloud directories."""
