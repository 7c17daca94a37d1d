"""HTTP over the trail."""
