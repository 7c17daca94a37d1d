"""What a witness saw, and what witnesses signed."""
