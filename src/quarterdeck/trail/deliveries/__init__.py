"""Deliveries: appended records on their topic, and from there to consumers."""
