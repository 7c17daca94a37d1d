"""What status pages tell: what was written, how components are, what was posted. No addresses."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPageWritten(Event):
    """Somebody wrote a status page, or changed it.

    Attributes:
        digest: SHA-256 of what it says, as JSON with sorted keys, hexadecimal.
    """

    action: ClassVar[str] = "statuspage:write"
    about: ClassVar[str] = "slug"
    public: ClassVar[frozenset[str]] = frozenset({"slug", "version", "digest"})
    slug: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPagePublished(Event):
    """Strangers see a status page from now on, or, where ``shown`` is false, no longer."""

    action: ClassVar[str] = "statuspage:publish"
    about: ClassVar[str] = "slug"
    public: ClassVar[frozenset[str]] = frozenset({"slug", "shown"})
    slug: str
    shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPageRemoved(Event):
    """Somebody took a status page away, with all that was on it."""

    action: ClassVar[str] = "statuspage:remove"
    about: ClassVar[str] = "slug"
    public: ClassVar[frozenset[str]] = frozenset({"slug"})
    slug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusComponentWritten(Event):
    """Somebody entered a component of a status page, or changed it.

    Attributes:
        digest: SHA-256 of what it says, as JSON with sorted keys, hexadecimal.
    """

    action: ClassVar[str] = "statuspage:component"
    about: ClassVar[str] = "component"
    public: ClassVar[frozenset[str]] = frozenset({"component", "version", "digest"})
    component: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusComponentRemoved(Event):
    """Somebody took a component off a status page, its history with it."""

    action: ClassVar[str] = "statuspage:component"
    about: ClassVar[str] = "component"
    public: ClassVar[frozenset[str]] = frozenset({"component"})
    component: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusComponentSet(Event):
    """Somebody said how a component is; ``status`` empty: that it follows its service again."""

    action: ClassVar[str] = "statuspage:set"
    about: ClassVar[str] = "component"
    public: ClassVar[frozenset[str]] = frozenset({"component", "status"})
    component: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusComponentMoved(Event):
    """A component is otherwise than before; empty: that is not known."""

    action: ClassVar[str] = "statuspage:follow"
    about: ClassVar[str] = "component"
    leaf: ClassVar[bool] = False
    component: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUpdated(Event):
    """An update was posted; ``first`` where it begins its post.

    Attributes:
        kind: incident or maintenance.
        stage: in the words of the page: investigating, resolved, completed.
        incident: our own incident that it is linked with; empty: none.
        digest: SHA-256 of its text, hexadecimal.
    """

    action: ClassVar[str] = "statuspage:post"
    about: ClassVar[str] = "post"
    public: ClassVar[frozenset[str]] = frozenset(
        {"post", "update", "kind", "stage", "first", "incident", "digest"}
    )
    post: str
    update: str
    kind: str
    stage: str
    first: bool
    incident: str
    title: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusMailsWait(Event):
    """An update is mailed to the next subscribers: those whose ids come after ``after``."""

    action: ClassVar[str] = "statuspage:mail"
    about: ClassVar[str] = "post"
    leaf: ClassVar[bool] = False
    post: str
    update: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPostWithdrawn(Event):
    """Somebody took a post off a status page, with all that was said in it.

    Attributes:
        incident: our own incident that it was linked with; empty: none.
    """

    action: ClassVar[str] = "statuspage:withdraw"
    about: ClassVar[str] = "post"
    public: ClassVar[frozenset[str]] = frozenset({"post", "incident"})
    post: str
    incident: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSubscribed(Event):
    """A stranger confirmed that they want a status page by mail."""

    action: ClassVar[str] = "statuspage:subscribe"
    about: ClassVar[str] = "subscriber"
    leaf: ClassVar[bool] = False
    subscriber: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUnsubscribed(Event):
    """A stranger wants a status page by mail no more."""

    action: ClassVar[str] = "statuspage:unsubscribe"
    about: ClassVar[str] = "subscriber"
    leaf: ClassVar[bool] = False
    subscriber: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSubscriberRemoved(Event):
    """Somebody had a subscriber of a status page be forgotten."""

    action: ClassVar[str] = "statuspage:forget"
    about: ClassVar[str] = "subscriber"
    public: ClassVar[frozenset[str]] = frozenset({"subscriber"})
    subscriber: str
