"""Logs: what the platform itself says, kept, followed and asked."""
