"""Where leaves, hashes and checkpoints are kept."""
