"""The registry and what probes found, in SQL."""
