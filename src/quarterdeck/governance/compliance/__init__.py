"""What the cloud's own checks say of the estate: policies, secure score, advice."""
