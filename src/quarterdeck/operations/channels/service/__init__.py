"""What people do with channels and methods, and what they ask of them."""
