"""What people ask of compliance, how a reading reaches it, and checks that are kept."""
