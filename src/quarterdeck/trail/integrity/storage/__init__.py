"""How far logs were checked, and checkpoints that were kept."""
