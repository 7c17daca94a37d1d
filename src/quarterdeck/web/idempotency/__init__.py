"""A write that is asked for twice under one Idempotency-Key is done once."""
