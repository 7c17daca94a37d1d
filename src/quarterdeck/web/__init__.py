"""What the API and the console share."""
