"""The outbox to the outside world in SQL."""
