"""HTTP over access."""
