"""What every context stands on; knows no domain."""
