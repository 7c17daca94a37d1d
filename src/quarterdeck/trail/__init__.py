"""A verifiable audit log a tenant."""
