"""From facts to leaves."""
