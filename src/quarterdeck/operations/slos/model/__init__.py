"""What an SLO is, and the arithmetic of its budget. Pure."""
