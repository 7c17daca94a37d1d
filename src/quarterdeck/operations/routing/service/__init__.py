"""What people do with routing, and what the worker does by it."""
