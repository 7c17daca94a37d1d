"""Questions to the trail, answered with proofs."""
