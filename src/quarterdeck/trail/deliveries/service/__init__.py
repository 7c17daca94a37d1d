"""What is done with deliveries: by the platform, and by people."""
