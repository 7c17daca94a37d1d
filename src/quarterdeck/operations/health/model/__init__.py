"""Services, how they are, and what of that is whose fault. Pure."""
