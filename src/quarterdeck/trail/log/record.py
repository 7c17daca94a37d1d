"""The record, schema version 1: what one leaf of a log says. It never changes.

Described in docs/reference/record-v1.md; a test holds its bytes.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.kernel.errors import Invalid
from quarterdeck.trail.log.canonical import MAX_INTEGER, canonical
from quarterdeck.trail.proof.tiles import MAX_ENTRY_BYTES

SCHEMA = 1
PLATFORM_SOURCE = "quarterdeck"
"""The source of the platform's own records; reserved."""

DIGEST = re.compile(r"[A-Za-z0-9_-]{43}")


class RecordInvalid(Invalid):
    """The record breaks a rule of its schema."""


class RecordTooLarge(RecordInvalid):
    """The record does not fit into a leaf."""


class RecordUnreadable(ValueError):
    """The bytes are not a record of a known schema."""


class Outcome(StrEnum):
    """How what was tried ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    DENIED = "denied"


class Decision(StrEnum):
    """What access control said."""

    PERMIT = "permit"
    DENY = "deny"


class Class(StrEnum):
    """How secret a field is. ``secret.keys`` is refused wherever it is met."""

    PUBLIC = "public"
    INTERNAL = "internal"
    RESTRICTED = "restricted"
    PERSONAL = "secret.pi"
    HEALTH = "secret.phi"


@dataclass(frozen=True, slots=True)
class Party:
    """Who acted, or what was acted on. ``id`` is opaque."""

    type: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """What belongs together; None where not known."""

    trace: str | None = None
    request: str | None = None
    causation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One thing that was done, tried or refused.

    Attributes:
        id: UUIDv7.
        source: who says so; the server sets it by the principal's credential.
        source_seq: counts the source's records of this tenant, without gaps.
        occurred_at: by the source's clock, microseconds since 1970; likewise received_at,
            by the server's.
        classification: class by path (``disclosure.path_of``), for every field that has one.
        policy: digest of the policy that classified.
        idempotency: tag that is the same for the same (source, key) of a tenant.
        sd: digests of the disclosures of all committed fields, sorted.
        payload: JSON text; without what was committed. None: nothing, or committed whole.
        changes: JSON text likewise: what was before and is after.
    """

    id: str
    tenant: str
    source: str
    source_seq: int
    occurred_at: int
    received_at: int
    actor: Party
    action: str
    resource: Party
    outcome: Outcome
    decision: Decision | None = None
    correlation: Correlation = field(default_factory=Correlation)
    classification: Mapping[str, Class] = field(default_factory=dict)
    policy: str
    idempotency: str
    sd: tuple[str, ...] = ()
    payload: str | None = None
    changes: str | None = None

    def __post_init__(self) -> None:
        texts = (self.id, self.tenant, self.source, self.action, self.actor.type, self.actor.id)
        if not all(texts) or not self.resource.type or not self.resource.id:
            raise RecordInvalid("id, tenant, source, action, actor and resource must not be empty")
        if not 0 <= self.source_seq <= MAX_INTEGER:
            raise RecordInvalid(f"source_seq must be 0 to 2^53 - 1, got {self.source_seq}")
        if not all(DIGEST.fullmatch(d) for d in (self.policy, self.idempotency, *self.sd)):
            raise RecordInvalid("digests must be 43 characters of base64url")
        if list(self.sd) != sorted(set(self.sd)):
            raise RecordInvalid("sd must be sorted, each digest once")

    def encode(self) -> bytes:
        """The leaf's entry: canonical JSON, at most 65,535 bytes.

        Raises:
            RecordTooLarge: it would be longer.
            NotCanonical: a text is not Unicode, or a path not ASCII.
        """
        entry = canonical(self._members())
        if len(entry) > MAX_ENTRY_BYTES:
            raise RecordTooLarge(f"a leaf holds {MAX_ENTRY_BYTES} bytes, this takes {len(entry)}")
        return entry

    def _members(self) -> dict[str, Any]:
        return {
            "action": self.action,
            "actor": {"id": self.actor.id, "type": self.actor.type},
            "changes": self.changes,
            "classification": {path: str(c) for path, c in self.classification.items()},
            "correlation": {
                "causation": self.correlation.causation,
                "request": self.correlation.request,
                "trace": self.correlation.trace,
            },
            "decision": self.decision and str(self.decision),
            "id": self.id,
            "idempotency": self.idempotency,
            "occurred_at": stamp(self.occurred_at),
            "outcome": str(self.outcome),
            "payload": self.payload,
            "policy": self.policy,
            "received_at": stamp(self.received_at),
            "resource": {"id": self.resource.id, "type": self.resource.type},
            "schema": SCHEMA,
            "sd": list(self.sd),
            "source": self.source,
            "source_seq": self.source_seq,
            "tenant": self.tenant,
        }


def members(entry: bytes) -> dict[str, Any]:
    """The members of an entry, as they stand in it; raise RecordUnreadable if it is no record."""
    try:
        record = json.loads(entry)
    except ValueError as error:
        raise RecordUnreadable("the entry is not JSON") from error
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise RecordUnreadable(f"the entry is no record of schema {SCHEMA}")
    return record


def received_at(entry: bytes) -> int:
    """When the server received a record, microseconds since 1970."""
    return micros(datetime.fromisoformat(members(entry)["received_at"]))


def stamp(at: int) -> str:
    """RFC 3339 in UTC, always to the microsecond, so that text sorts as time does."""
    return instant(at).isoformat(timespec="microseconds").replace("+00:00", "Z")
