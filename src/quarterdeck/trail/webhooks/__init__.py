"""Webhooks: records go out, signed, to who subscribed to them."""
