"""From a fact to the draft of a record."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.event import Event
from quarterdeck.kernel.outbox import Fact
from quarterdeck.trail.log.canonical import canonical
from quarterdeck.trail.log.disclosure import path_of
from quarterdeck.trail.log.model import Committed, Draft
from quarterdeck.trail.log.record import (
    PLATFORM_SOURCE,
    Class,
    Correlation,
    Decision,
    Outcome,
    Party,
    Record,
)

# Who acts where no principal does.
ACTORS = {PLATFORM_SOURCE: "platform", "anonymous": "anonymous"}
PERSON = "principal"


class UnknownEvent(Invalid):
    """No event of this name is known to this version."""


def policy_of(events: Mapping[str, type[Event]]) -> str:
    """The digest of what says which fields of events are public."""
    public = {name: sorted(kind.public) for name, kind in events.items()}
    digest = sha256(canonical({"policy": "events", "public": public})).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def draft_of(
    fact: Fact, kind: type[Event], *, received_at: int, policy: str, idempotency: str
) -> Draft:
    """The record of ``fact``: public fields in clear, the others to be committed."""
    fields = {name: value for name, value in fact.payload.items() if name != "tenant"}
    clear = {name: value for name, value in fields.items() if name in kind.public}
    hidden = [name for name in fields if name not in kind.public]
    subject = _subject(fact, kind)
    record = Record(
        id=fact.id,
        tenant=fact.tenant,
        source=PLATFORM_SOURCE,
        source_seq=fact.sequence,
        occurred_at=fact.moment,
        received_at=received_at,
        actor=Party(ACTORS.get(fact.actor, PERSON), _unicode(fact.actor)),
        action=kind.action,
        resource=_resource(fact, kind),
        outcome=Outcome(kind.outcome),
        decision=Decision.DENY if kind.outcome == Outcome.DENIED else Decision.PERMIT,
        correlation=Correlation(request=fact.request or None),
        classification={path_of("payload", name): Class.RESTRICTED for name in hidden},
        policy=policy,
        idempotency=idempotency,
        # Escaped to ASCII: even text that is no Unicode leaves its leaf.
        payload=json.dumps(clear, sort_keys=True, separators=(",", ":")),
    )
    committed = tuple(
        Committed(path=path_of("payload", name), value=fields[name], subject=subject)
        for name in hidden
    )
    return Draft(record=record, committed=committed, subject=subject)


def _resource(fact: Fact, kind: type[Event]) -> Party:
    about = str(fact.payload.get(kind.about) or fact.tenant)
    return Party(kind.action.partition(":")[0], _unicode(about))


def _unicode(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()


def _subject(fact: Fact, kind: type[Event]) -> str:
    """Whom the hidden fields are about: the principal they name, or else the resource."""
    named: Any = fact.payload.get("principal")
    if named:
        return f"principals:{named}"
    resource = _resource(fact, kind)
    return f"{resource.type}:{resource.id}"
