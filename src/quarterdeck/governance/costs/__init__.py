"""Costs: a bitemporal ledger of what the estate costs."""
