"""Identity: who is in a directory, what they may do, and how they prove who they are."""
