"""The public status page: what customers see of how things are, and what they are told."""
