"""Health: what services there are, how each is, and what is down because of what."""
