"""The log: leaves, checkpoints, tiles."""
