"""Who acts in the kernel's tests, and when."""

from datetime import UTC, datetime

from quarterdeck.kernel.work import Actor

NOON = datetime(2026, 2, 28, 12, tzinfo=UTC)
ADA = Actor("ada", frozenset({(p, "acme") for p in ("jobs:read", "jobs:cancel", "jobs:decide")}))


def noon() -> datetime:
    return NOON
