"""Escalation: policies that were written, pages, and who was told and who answered."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationPolicyApplied(Event):
    """Somebody said anew who is told when nobody answers; or put that back, or removed it.

    Attributes:
        how: applied, put back to N, or deleted.
        digest: SHA-256 of its text, hexadecimal.
    """

    action: ClassVar[str] = "escalation:write"
    about: ClassVar[str] = "policy"
    public: ClassVar[frozenset[str]] = frozenset({"policy", "version", "how", "digest"})
    policy: str
    version: str
    how: str
    why: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageEvent(Event):
    """Something about a page; no event by itself."""

    action: ClassVar[str] = "pages:open"
    about: ClassVar[str] = "page"
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOpened(PageEvent):
    """Somebody is wanted, under a policy that stands in the page from now on.

    Attributes:
        what: what it is about: ``alert/12``.
        digest: SHA-256 of the policy as it is frozen, hexadecimal.
    """

    public: ClassVar[frozenset[str]] = frozenset(
        {"page", "policy", "version", "severity", "what", "digest"}
    )
    policy: str
    version: str
    severity: str
    what: str
    title: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTold(PageEvent):
    """A step of a page came due: a level was told, or nobody of it could be.

    Attributes:
        step: level, kind and number: ``L2/engage/0``.
        due: when it was due, RFC 3339.
        count: how many messages went out for it; 0: none could.
        who: who they went to.
    """

    action: ClassVar[str] = "pages:tell"
    public: ClassVar[frozenset[str]] = frozenset({"page", "step", "due", "count"})
    step: str
    due: str
    count: int
    who: list[str]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAcknowledged(PageEvent):
    """Somebody answers a page.

    Attributes:
        means: ``link``, ``console``, ``api``, ``alerts``.
        seconds: since it was opened.
    """

    action: ClassVar[str] = "pages:acknowledge"
    public: ClassVar[frozenset[str]] = frozenset({"page", "means", "seconds"})
    acknowledged_by: str
    means: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWantedAgain(PageEvent):
    """Whoever answered a page did not resolve it in the time that the policy gives them."""

    action: ClassVar[str] = "pages:rearm"
    public: ClassVar[frozenset[str]] = frozenset({"page"})
    acknowledged_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageChanged(PageEvent):
    """A page is of another severity now, or of other flags: what has not happened is planned anew.

    Attributes:
        flags: parted by commas.
    """

    action: ClassVar[str] = "pages:change"
    public: ClassVar[frozenset[str]] = frozenset({"page", "severity", "flags"})
    severity: str
    flags: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageResolved(PageEvent):
    """A page wants nobody any more.

    Attributes:
        resolved_by: empty where its cause passed.
    """

    action: ClassVar[str] = "pages:resolve"
    public: ClassVar[frozenset[str]] = frozenset({"page", "seconds"})
    resolved_by: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLate(PageEvent):
    """A promise of a page was not kept in its time: the auditor found it."""

    action: ClassVar[str] = "pages:audit"
    public: ClassVar[frozenset[str]] = frozenset({"page", "step", "why"})
    outcome: ClassVar[str] = "failure"
    step: str
    why: str
