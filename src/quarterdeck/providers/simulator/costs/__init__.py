"""What a simulated estate costs."""
