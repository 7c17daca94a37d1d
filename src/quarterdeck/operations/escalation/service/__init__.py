"""What people do with policies and pages, and what the clock does."""
