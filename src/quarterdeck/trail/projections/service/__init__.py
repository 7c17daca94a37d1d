"""What keeps the read models true to the logs."""
