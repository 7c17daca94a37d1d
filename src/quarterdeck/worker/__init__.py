"""The loops that claim jobs, keep schedules and deliver events."""
