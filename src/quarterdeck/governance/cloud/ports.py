"""What the estate needs from a cloud, one protocol a domain.

Items are the exact JSON text that the cloud sent, so what nobody here knows is kept too;
the ``model`` of each domain reads them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from time import sleep
from typing import Protocol

from quarterdeck.governance.connections.model import Connection


class FailureClass(StrEnum):
    """Why a cloud did not answer as hoped; runbook 000, section 3.1."""

    AUTHENTICATION = "authentication"
    RATE_LIMIT = "rate_limit"
    TIMEOUT = "timeout"
    DATA = "data"
    UNKNOWN = "unknown"


class CloudFailure(Exception):
    """The cloud refused, was late, or answered what cannot be read.

    Attributes:
        kind: what to do about it depends on this.
        retry_after_s: what the cloud asked to wait; None where it did not say.
        request_id: the cloud's id of the failed exchange, for its support; may be empty.
        page: the bytes that could not be read, to be kept; empty where there are none.
    """

    def __init__(
        self,
        kind: FailureClass,
        message: str,
        *,
        retry_after_s: float | None = None,
        request_id: str = "",
        page: bytes = b"",
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after_s = retry_after_s
        self.request_id = request_id
        self.page = page


class Denied(CloudFailure):
    """The token is good, but this may not be read: 403.

    Other calls go on; what this one would have told is not known, and ``missing`` says why.

    Attributes:
        missing: the role, permission or licence that would do, as the cloud's docs name it.
    """

    def __init__(self, message: str, *, missing: str, request_id: str = "") -> None:
        super().__init__(FailureClass.AUTHENTICATION, message, request_id=request_id)
        self.missing = missing


class Outdated(CloudFailure):
    """What changed since a mark is told no more: all of the listing is to be read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription as the cloud names it; ``id`` is the bare GUID."""

    id: str
    name: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a listing.

    Attributes:
        items: each the exact JSON text of one object, as the cloud sent it.
        request_id: the cloud's id of the exchange; may be empty.
    """

    items: tuple[bytes, ...]
    request_id: str


class Tracked(StrEnum):
    """A listing of a directory whose changes the cloud tells (Microsoft Graph, delta query)."""

    USERS = "users"
    GROUPS = "groups"
    APPLICATIONS = "applications"
    SERVICE_PRINCIPALS = "service_principals"


class CostBasis(StrEnum):
    """How a charge is spread over time; Cost Management's ``type`` of a query."""

    ACTUAL = "actual"
    AMORTIZED = "amortized"


class CloudCondition(StrEnum):
    """What the cloud says of itself on its status page."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudStatus:
    """The cloud's own word on how it does.

    Attributes:
        detail: what it says, or why nobody knows.
        since: when a degradation began; None where there is none, or it is not said.
    """

    condition: CloudCondition
    detail: str
    since: datetime | None = None


class ResourceSource(Protocol):
    """Subscriptions and what is in them."""

    def subscriptions(self) -> Iterator[Subscription]:
        """Every subscription that the connection may read."""
        ...

    def resources(self, subscription: str) -> Iterator[Page]:
        """Every resource of one subscription, page by page."""
        ...


class CostSource(Protocol):
    """What a subscription cost; days are inclusive at both ends."""

    def costs(
        self, subscription: str, first: date, last: date, basis: CostBasis, by: tuple[str, ...]
    ) -> Iterator[Page]:
        """Daily costs grouped by at most two of Cost Management's dimensions.

        Each item is an object of column name to value, numbers with the digits that were
        sent. ``by`` holds names of dimensions (``ServiceName``), or ``tag:NAME``.
        """
        ...

    def cost_total(self, subscription: str, first: date, last: date, basis: CostBasis) -> Page:
        """The ungrouped total of the same days, one item a currency: a control total."""
        ...

    def budgets(self, subscription: str) -> Iterator[Page]:
        """Budgets as the cloud keeps them (Consumption)."""
        ...


class ComplianceSource(Protocol):
    """What the cloud's own checks say of a subscription."""

    def policy_states(self, subscription: str, since: datetime | None = None) -> Iterator[Page]:
        """The latest state of every policy on every resource (Policy Insights).

        With ``since``, a moment of the cloud's own clock: only those evaluated since then.
        """
        ...

    def policy_definition(self, cloud_id: str) -> Page:
        """A policy, policy set or assignment by its id: one item, or none where it is gone."""
        ...

    def secure_scores(self, subscription: str) -> Iterator[Page]:
        """Secure scores (Defender for Cloud)."""
        ...

    def advice(self, subscription: str) -> Iterator[Page]:
        """Recommendations (Advisor)."""
        ...


class IdentitySource(Protocol):
    """Who is in the directory, and what they may do (Microsoft Graph, and role assignments)."""

    def users(self) -> Iterator[Page]:
        """Every user, with type, state and last sign-in where the licence tells."""
        ...

    def groups(self) -> Iterator[Page]:
        """Every group."""
        ...

    def group_members(self, group: str) -> Iterator[Page]:
        """Every member of a group, members of its groups included."""
        ...

    def directory_roles(self) -> Iterator[Page]:
        """Who holds which role of the directory."""
        ...

    def role_assignments(self, subscription: str) -> Iterator[Page]:
        """Who holds which role on a subscription and in it."""
        ...

    def registrations(self) -> Iterator[Page]:
        """Which users have registered for MFA (needs Entra ID P1)."""
        ...

    def conditional_access(self) -> Iterator[Page]:
        """Conditional access policies (needs Entra ID P1)."""
        ...

    def applications(self) -> Iterator[Page]:
        """App registrations, with the expiry of their secrets and certificates."""
        ...

    def service_principals(self) -> Iterator[Page]:
        """Service principals, with the expiry of their secrets and certificates."""
        ...

    def mark(self, listing: Tracked) -> str:
        """From where the changes of a listing can be asked for: now; opaque.

        Empty where this cloud, or this credential, is not told changes.
        """
        ...

    def changes(self, listing: Tracked, mark: str) -> Iterator[tuple[Page, str]]:
        """What changed since ``mark``; with the last page, and no other, comes the next mark.

        An item has at least the fields that changed, and its id; ``@removed`` says that it
        is gone, ``members@delta`` that a group has other members of its own. The same item
        may come more than once, and again in later changes. Raises Outdated.
        """
        ...

    def sign_ins(self, since: datetime) -> Iterator[Page]:
        """Users who signed in since then, each with its id and sign-ins alone."""
        ...


class Cloud(ResourceSource, CostSource, ComplianceSource, IdentitySource, Protocol):
    """One connection's view of its cloud. Every call may raise CloudFailure.

    An iterator is complete when it ends: paging is followed to the last page, and a
    listing cut short raises. Retries that help have been made already. What the credential
    may not read, or the directory has no licence for, raises Denied.
    """

    def check(self) -> None:
        """Get a token; raise CloudFailure with why there is none."""
        ...


Pause = Callable[[float], None]
"""Waits that many seconds; raises where nobody wants to wait any more."""


class OpenCloud(Protocol):
    """Opens the cloud behind a connection; resolves its secret reference."""

    def __call__(self, connection: Connection, pause: Pause = sleep, /) -> Cloud:
        """The cloud; ``pause`` waits for its quotas and between tries."""
        ...


AskStatus = Callable[[], CloudStatus]
"""Asks the cloud how it does; never raises: what cannot be asked is not known."""
