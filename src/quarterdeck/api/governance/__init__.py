"""HTTP over the estate."""
