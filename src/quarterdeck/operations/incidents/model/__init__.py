"""What an incident is, how it goes on, and when what is due. Pure."""
