"""The estate in numbers for Prometheus, told by whoever answers: a dead worker tells nothing."""

from sqlalchemy import Engine

from quarterdeck.governance.compliance.service import queries as compliance
from quarterdeck.governance.exports import service as exports
from quarterdeck.governance.identity import service as identity
from quarterdeck.governance.preflight import service as preflight
from quarterdeck.kernel.clock import Clock
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.work import ANY, Actor, Tenants, read
from quarterdeck.operations.audiences import measuring as audiences
from quarterdeck.operations.contacts import measuring as contacts
from quarterdeck.operations.escalation import measuring as escalation
from quarterdeck.operations.incidents import measuring as incidents
from quarterdeck.operations.messages import measuring as messages
from quarterdeck.operations.oncall import measuring as oncall
from quarterdeck.operations.slos import measuring as slos
from quarterdeck.operations.statuspage import measuring as statuspage
from quarterdeck.runtime import Runtime
from quarterdeck.trail.freeze import measuring as freeze
from quarterdeck.trail.keys import measuring as keys
from quarterdeck.trail.log.storage import leaves
from quarterdeck.trail.retention import measuring as retention

EVERYONE = Tenants(frozenset({ANY}))
CLOCK = Actor("quarterdeck", frozenset())
MEASURES = (
    *(identity.measure, compliance.measure, preflight.measure, exports.measure),
    slos.measure,
    oncall.measure,
    audiences.measure,
    contacts.measure,
    freeze.measure,
    retention.measure,
    escalation.measure,
    incidents.measure,
    messages.measure,
    statuspage.measure,
)


def measure_keys(runtime: Runtime) -> None:
    """Show how old the keys are that sign."""
    with reading(runtime.engine) as db:
        logs = [log.tenant for log in leaves.every(db)]
    keys.measure(runtime.keys, logs, runtime.clock)


def measure_estate(engine: Engine, clock: Clock) -> None:
    """Show each feature's numbers, each by a short reading of its own."""
    for measure in MEASURES:
        with read(engine, CLOCK, clock) as work:
            measure(work, EVERYONE)
