"""Sealed ranges of a log, chained, and kept where nothing is overwritten."""
