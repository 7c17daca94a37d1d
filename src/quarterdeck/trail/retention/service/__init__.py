"""What people ask of retention and residency, and the steps of a purge."""
