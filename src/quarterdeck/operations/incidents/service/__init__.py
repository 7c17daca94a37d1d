"""What people do with incidents, and what they ask of them."""
