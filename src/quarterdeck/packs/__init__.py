"""Policy data and runbooks, one folder a pack."""
