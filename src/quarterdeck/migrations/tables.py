"""Every table of the platform, gathered for migrations and for tests."""

from quarterdeck.access.epoch.store import epochs
from quarterdeck.access.limits.store import limits
from quarterdeck.access.principals.store import grants, principals
from quarterdeck.access.refusals.store import refusals
from quarterdeck.access.sessions.store import sessions
from quarterdeck.access.tenants.store import tenants
from quarterdeck.access.tokens.store import tokens
from quarterdeck.governance.connections.store import connections
from quarterdeck.governance.inventory.store import tables as inventory
from quarterdeck.governance.sync.store import tables as sync
from quarterdeck.kernel import beats, deliveries, outbox, schedules
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.jobs import table as jobs
from quarterdeck.trail.keys.store import data_keys
from quarterdeck.trail.log.storage import disclosures, leaves
from quarterdeck.trail.log.storage import sql as checkpoints
from quarterdeck.web.idempotency.store import keys as idempotency_keys

__all__ = [
    "beats",
    "checkpoints",
    "connections",
    "data_keys",
    "deliveries",
    "disclosures",
    "epochs",
    "grants",
    "idempotency_keys",
    "inventory",
    "jobs",
    "leaves",
    "limits",
    "metadata",
    "outbox",
    "principals",
    "refusals",
    "schedules",
    "sessions",
    "sync",
    "tenants",
    "tokens",
]
