"""Escalation: who is told, and who next where nobody answers."""
