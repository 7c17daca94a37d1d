"""Sync as people use it (requests, queries, freshness), and as its job does (progress)."""
