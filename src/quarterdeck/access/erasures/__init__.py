"""What an erasure in the trail asks of access."""
