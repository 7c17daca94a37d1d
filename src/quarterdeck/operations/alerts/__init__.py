"""Alerts: what wants somebody, from its first sign until it is resolved."""
