"""A page, its components, what is posted on it, who reads it by mail, and uptime. Pure."""
