"""Durable jobs: rows that any worker may take, run in journaled steps, and take over."""
