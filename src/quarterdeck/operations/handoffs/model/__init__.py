"""A hand-off and its rules. Pure."""
