"""Object stores that lock what is written."""
