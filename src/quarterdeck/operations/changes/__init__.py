"""Changes: what was deployed, configured and rotated, and whether one may deploy now."""
