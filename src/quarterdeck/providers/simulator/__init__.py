"""A governance-plane cloud that answers as Azure does."""
