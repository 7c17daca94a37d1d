"""What people are shown of identity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from quarterdeck.governance.identity.model.credentials import Credential
from quarterdeck.governance.identity.model.verdict import Verdict
from quarterdeck.kernel.ids import ConnectionId, TenantId

STALE_AFTER = timedelta(days=90)
"""An account that nobody used for so long is stale, unless asked otherwise."""

Spot = tuple[str, str, str]
"""Where a page ends: name in lower case, connection, id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which users; None: any. ``stale_before``: without a sign-in since then is stale."""

    stale_before: datetime
    text: str = ""
    guest: bool | None = None
    enabled: bool | None = None
    stale: Verdict | None = None
    privileged: Verdict | None = None
    registered: Verdict | None = None
    enforced: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user, and what is known of them.

    Attributes:
        stale: an account that is disabled is not stale: nobody can use it.
        why: of the verdicts, by their names: what decided, or what is missing to know.
    """

    id: str
    tenant: TenantId
    connection: ConnectionId
    name: str
    sign_in_name: str
    guest: bool
    enabled: bool
    created_at: datetime | None
    last_sign_in: datetime | None
    stale: Verdict
    privileged: Verdict
    roles: Sequence[str]
    registered: Verdict
    enforced: Verdict
    why: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Users by what is known of them; of each question, all three answers."""

    users: int
    guests: int
    disabled: int
    stale_yes: int
    stale_no: int
    stale_not_known: int
    privileged_yes: int
    privileged_no: int
    privileged_not_known: int
    registered_yes: int
    registered_no: int
    registered_not_known: int
    enforced_yes: int
    enforced_no: int
    enforced_not_known: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What could not be read of a tenant, and what is missing for it."""

    tenant: TenantId
    what: str
    missing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """A credential that ends, and whose it is."""

    tenant: TenantId
    connection: ConnectionId
    credential: Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Credentials by how near their end is."""

    expired: int
    within_7_days: int
    within_30_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Identity in numbers, with its age and its coverage.

    Attributes:
        as_of: the oldest of the assessments counted; None where there is none.
        known, connections: directories that were assessed, of those that are connected.
        count: None where nothing was assessed: then nothing is known, not even a zero.
    """

    as_of: datetime | None
    known: int
    connections: int
    count: Count | None
    ends: Ends | None
    gaps: Sequence[Gap]
    stale_after: timedelta
