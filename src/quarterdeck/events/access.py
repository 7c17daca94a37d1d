"""What access tells the rest of the platform. Ids are opaque; names are never public."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantCreated(Event):
    """A tenant began."""

    action: ClassVar[str] = "tenants:create"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantRenamed(Event):
    """A tenant bears another name."""

    action: ClassVar[str] = "tenants:write"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantDescribed(Event):
    """A tenant has other words about it."""

    action: ClassVar[str] = "tenants:describe"
    description: str
    owner: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantArchived(Event):
    """A tenant ended; its log and evidence stay."""

    action: ClassVar[str] = "tenants:archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalCreated(Event):
    """A person or program became known."""

    action: ClassVar[str] = "principals:create"
    about: ClassVar[str] = "principal"
    public: ClassVar[frozenset[str]] = frozenset({"principal", "kind"})
    principal: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalLinked(Event):
    """A person signs in by an identity provider from now on."""

    action: ClassVar[str] = "principals:link"
    about: ClassVar[str] = "principal"
    public: ClassVar[frozenset[str]] = frozenset({"principal", "issuer"})
    principal: str
    issuer: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalDisabled(Event):
    """A principal may do nothing any more."""

    action: ClassVar[str] = "principals:disable"
    about: ClassVar[str] = "principal"
    public: ClassVar[frozenset[str]] = frozenset({"principal"})
    principal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGranted(Event):
    """A principal holds a role on the tenant ("_platform": on all)."""

    action: ClassVar[str] = "grants:create"
    about: ClassVar[str] = "principal"
    public: ClassVar[frozenset[str]] = frozenset({"principal", "role"})
    principal: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRevoked(Event):
    """A principal holds a role on the tenant no more."""

    action: ClassVar[str] = "grants:revoke"
    about: ClassVar[str] = "principal"
    public: ClassVar[frozenset[str]] = frozenset({"principal", "role"})
    principal: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued(Event):
    """A token was made and shown once."""

    action: ClassVar[str] = "tokens:create"
    about: ClassVar[str] = "token"
    public: ClassVar[frozenset[str]] = frozenset({"token", "principal", "expires_at"})
    token: str
    principal: str
    name: str
    expires_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRotated(Event):
    """A token has a successor; the old one ends at ``overlap_until``."""

    action: ClassVar[str] = "tokens:rotate"
    about: ClassVar[str] = "token"
    public: ClassVar[frozenset[str]] = frozenset({"token", "successor", "overlap_until"})
    token: str
    successor: str
    overlap_until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Event):
    """A token is good no more."""

    action: ClassVar[str] = "tokens:revoke"
    about: ClassVar[str] = "token"
    public: ClassVar[frozenset[str]] = frozenset({"token"})
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Event):
    """A person opened a session of the console, by ``token`` or ``oidc``."""

    action: ClassVar[str] = "sessions:create"
    about: ClassVar[str] = "session"
    public: ClassVar[frozenset[str]] = frozenset({"session", "method"})
    session: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut(Event):
    """A session ended."""

    action: ClassVar[str] = "sessions:end"
    about: ClassVar[str] = "session"
    public: ClassVar[frozenset[str]] = frozenset({"session"})
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSet(Event):
    """The tenant may ask so often; both 0: as often as the settings say."""

    action: ClassVar[str] = "limits:write"
    public: ClassVar[frozenset[str]] = frozenset({"per_minute", "burst"})
    per_minute: int
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRefused(Event):
    """An actor asked ``count`` times in a minute for a permission that it lacks, ``refused``."""

    action: ClassVar[str] = "access:refuse"
    about: ClassVar[str] = "refused"
    public: ClassVar[frozenset[str]] = frozenset({"refused", "on", "count", "minute"})
    outcome: ClassVar[str] = "denied"
    refused: str
    on: str
    count: int
    minute: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSaved(Event):
    """Somebody keeps the address of a list under a name, for themselves alone."""

    action: ClassVar[str] = "views:save"
    about: ClassVar[str] = "view"
    public: ClassVar[frozenset[str]] = frozenset({"view", "page"})
    view: str
    page: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewRemoved(Event):
    """Somebody keeps such an address no more."""

    action: ClassVar[str] = "views:remove"
    about: ClassVar[str] = "view"
    public: ClassVar[frozenset[str]] = frozenset({"view"})
    view: str
