"""Where segments are listed, and where their objects are kept."""
