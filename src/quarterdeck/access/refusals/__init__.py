"""What was refused, counted."""
