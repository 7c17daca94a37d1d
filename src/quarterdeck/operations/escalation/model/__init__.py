"""What policies and pages are. Pure."""
