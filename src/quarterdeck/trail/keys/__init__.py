"""Signing keys, signed notes, data keys."""
