"""Recording series, reading them, and keeping them small."""
