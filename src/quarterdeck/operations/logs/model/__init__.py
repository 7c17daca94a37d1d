"""Entries of logs, and questions about them. Pure."""
