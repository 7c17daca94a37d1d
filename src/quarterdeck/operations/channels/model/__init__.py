"""Channels, and methods of people."""
