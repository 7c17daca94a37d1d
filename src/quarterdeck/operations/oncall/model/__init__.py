"""What a schedule is, and who holds it at an instant. Pure."""
