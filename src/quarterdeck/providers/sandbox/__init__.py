"""Sandboxes: other installations, where dead letters are tried."""
