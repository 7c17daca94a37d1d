"""Identity: who is in each directory, what they may do, and how they prove who they are."""
