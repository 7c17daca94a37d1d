"""Witnesses: others who saw a log's head, and sign that it only grew (c2sp.org/tlog-witness)."""
