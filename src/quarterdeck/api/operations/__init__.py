"""HTTP over operations."""
