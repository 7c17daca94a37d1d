"""Every table of the platform, gathered for migrations and for tests."""

from quarterdeck.access.epoch.store import epochs
from quarterdeck.access.limits.store import limits
from quarterdeck.access.principals.store import grants, principals
from quarterdeck.access.refusals.store import refusals
from quarterdeck.access.sessions.store import sessions
from quarterdeck.access.tenants.store import tenants
from quarterdeck.access.tokens.store import tokens
from quarterdeck.access.views.store import views
from quarterdeck.governance.compliance.store import tables as compliance
from quarterdeck.governance.connections.store import connections
from quarterdeck.governance.costs.store import tables as costs
from quarterdeck.governance.exports import store as exports
from quarterdeck.governance.identity.store import tables as identity
from quarterdeck.governance.inventory.store import tables as inventory
from quarterdeck.governance.onboarding.store import onboarding
from quarterdeck.governance.preflight.store import preflights
from quarterdeck.governance.programmes.store import tables as programmes
from quarterdeck.governance.sync.store import tables as sync
from quarterdeck.kernel import beats, deliveries, outbox, schedules
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.jobs import table as jobs
from quarterdeck.operations.alerts.store.table import tables as alerts
from quarterdeck.operations.audiences.store import audiences
from quarterdeck.operations.cards.store import cards
from quarterdeck.operations.changes.store import changes, freezes
from quarterdeck.operations.channels.store.channels import channels
from quarterdeck.operations.channels.store.methods import methods
from quarterdeck.operations.contacts.store import contacts
from quarterdeck.operations.escalation.store.table import tables as escalation
from quarterdeck.operations.handoffs.store import handoffs
from quarterdeck.operations.health.store import tables as health
from quarterdeck.operations.incidents.store.tables import tables as incidents
from quarterdeck.operations.logs.store import holds as log_holds
from quarterdeck.operations.maintenance.store import windows
from quarterdeck.operations.messages.store.table import messages
from quarterdeck.operations.metrics import tables as metrics
from quarterdeck.operations.oncall.store import schedules as oncall
from quarterdeck.operations.routing.store.table import tables as routing
from quarterdeck.operations.rules.store.table import tables as rules
from quarterdeck.operations.severities.store import ladders
from quarterdeck.operations.silences.store import silences
from quarterdeck.operations.slos.store import tables as slos
from quarterdeck.operations.statuspage.store.tables import tables as statuspage
from quarterdeck.trail.deliveries.store import tables as trail_deliveries
from quarterdeck.trail.erasure.store import erasures
from quarterdeck.trail.export.store import exports as trail_exports
from quarterdeck.trail.freeze.store import investigations
from quarterdeck.trail.holds.store import holds
from quarterdeck.trail.integrity.storage import scans
from quarterdeck.trail.keys.store import data_keys
from quarterdeck.trail.log.storage import disclosures, leaves, purged
from quarterdeck.trail.log.storage import sql as checkpoints
from quarterdeck.trail.log.storage import tags_table as trail_tags
from quarterdeck.trail.policy.store import policies, texts
from quarterdeck.trail.projections import tables as trail_read
from quarterdeck.trail.retention.storage import watched as trail_compliance
from quarterdeck.trail.retention.store import purges
from quarterdeck.trail.segments.storage import sql as trail_segments
from quarterdeck.trail.segments.storage import verdicts as trail_verdicts
from quarterdeck.trail.webhooks.store import tables as trail_webhooks
from quarterdeck.trail.witnesses.storage import sql as trail_witnesses
from quarterdeck.web.idempotency.store import keys as idempotency_keys

__all__ = [
    "alerts",
    "audiences",
    "beats",
    "cards",
    "changes",
    "channels",
    "checkpoints",
    "compliance",
    "connections",
    "contacts",
    "costs",
    "data_keys",
    "deliveries",
    "disclosures",
    "epochs",
    "erasures",
    "escalation",
    "exports",
    "freezes",
    "grants",
    "handoffs",
    "health",
    "holds",
    "idempotency_keys",
    "identity",
    "incidents",
    "inventory",
    "investigations",
    "jobs",
    "ladders",
    "leaves",
    "limits",
    "log_holds",
    "messages",
    "metadata",
    "methods",
    "metrics",
    "onboarding",
    "oncall",
    "outbox",
    "policies",
    "preflights",
    "principals",
    "programmes",
    "purged",
    "purges",
    "refusals",
    "routing",
    "rules",
    "scans",
    "schedules",
    "sessions",
    "silences",
    "slos",
    "statuspage",
    "sync",
    "tenants",
    "texts",
    "tokens",
    "trail_compliance",
    "trail_deliveries",
    "trail_exports",
    "trail_read",
    "trail_segments",
    "trail_tags",
    "trail_verdicts",
    "trail_webhooks",
    "trail_witnesses",
    "views",
    "windows",
]
