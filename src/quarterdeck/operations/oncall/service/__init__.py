"""What people do with schedules: write, look, hand shifts over."""
