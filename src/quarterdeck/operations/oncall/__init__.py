"""On-call: who answers when, by layers, overrides and swaps."""
