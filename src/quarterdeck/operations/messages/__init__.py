"""What is told the outside world, one thing to one address, until it is taken."""
