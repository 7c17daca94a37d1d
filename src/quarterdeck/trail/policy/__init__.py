"""What of an event is how secret, who sees it, how long it is kept, how many may come."""
