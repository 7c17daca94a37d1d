"""Every table of the platform, gathered for migrations and for tests."""

from quarterdeck.kernel import beats, deliveries, outbox, schedules
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.jobs import table as jobs

__all__ = ["beats", "deliveries", "jobs", "metadata", "outbox", "schedules"]
