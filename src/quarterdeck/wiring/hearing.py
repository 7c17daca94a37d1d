"""Who is told of facts."""

from __future__ import annotations

from collections.abc import Sequence

from quarterdeck.access.erasures import hearing as erasures
from quarterdeck.governance.onboarding import service as onboarding
from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.operations.alerts import hearing as alerts
from quarterdeck.operations.changes import hearing as changes
from quarterdeck.operations.escalation import hearing as escalation
from quarterdeck.operations.incidents import hearing as incidents
from quarterdeck.operations.logs import hearing as logs
from quarterdeck.operations.messages import hearing as outbox
from quarterdeck.operations.statuspage import hearing as statuspage
from quarterdeck.operations.statuspage.service.linking import Links
from quarterdeck.runtime import Runtime
from quarterdeck.trail.freeze import hearing as freezes
from quarterdeck.trail.holds import hearing as holds
from quarterdeck.trail.ingest import service as ingest


def subscribers(runtime: Runtime) -> Sequence[Subscriber]:
    """All there are, the trail first."""
    return [
        ingest.subscriber(runtime.engine, runtime.keys, runtime.sequencer),
        alerts.subscriber(),
        changes.subscriber(),
        logs.subscriber(),
        escalation.subscriber(),
        incidents.subscriber(),
        statuspage.subscriber(_links(runtime)),
        freezes.subscriber(runtime.reader.sizes),
        holds.subscriber(),
        onboarding.subscriber(),
        erasures.subscriber(),
        outbox.subscriber(),
    ]


def _links(runtime: Runtime) -> Links:
    settings = runtime.settings
    return Links(url=settings.base_url.rstrip("/"), secret=settings.secret)
