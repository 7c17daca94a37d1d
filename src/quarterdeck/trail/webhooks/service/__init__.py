"""What is done with webhooks: by people, and by the worker."""
