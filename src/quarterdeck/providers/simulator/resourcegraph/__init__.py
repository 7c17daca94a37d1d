"""Azure Resource Graph, simulated."""
