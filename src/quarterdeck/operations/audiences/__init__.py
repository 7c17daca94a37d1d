"""Audiences: who is told of incidents, and in which words."""
