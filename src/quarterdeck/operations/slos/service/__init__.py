"""What people do with SLOs, and what the clock does."""
