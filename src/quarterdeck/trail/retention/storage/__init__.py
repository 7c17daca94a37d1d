"""What the running check of retention and residency keeps."""
