"""Silences: what may fire for a while without waking anybody."""
