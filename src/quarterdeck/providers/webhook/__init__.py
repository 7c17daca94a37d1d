"""Webhooks: the HTTP client that sends them."""
