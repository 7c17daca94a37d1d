"""Deliveries in SQL."""

from quarterdeck.trail.deliveries.store import consumers, messages, replays

tables = (consumers.consumers, consumers.cursors, messages.messages, replays.replays)
