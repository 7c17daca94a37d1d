"""While tampering is looked into, nothing leaves the trail and nothing is purged."""
