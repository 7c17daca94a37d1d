"""What people do with hand-offs: leave a note, take over, look."""
