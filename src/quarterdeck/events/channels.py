"""What is told of ways out: channels and methods that were written or removed."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelWritten(Event):
    """Somebody entered a channel, or changed it.

    Attributes:
        digest: SHA-256 of what it says, as JSON with sorted keys, hexadecimal; not its secret.
        secret: ``changed`` or ``kept``.
    """

    action: ClassVar[str] = "channels:write"
    about: ClassVar[str] = "channel"
    public: ClassVar[frozenset[str]] = frozenset({"channel", "kind", "version", "digest", "secret"})
    channel: str
    kind: str
    version: str
    digest: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRemoved(Event):
    """Somebody took a channel away."""

    action: ClassVar[str] = "channels:remove"
    about: ClassVar[str] = "channel"
    public: ClassVar[frozenset[str]] = frozenset({"channel", "version"})
    channel: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTested(Event):
    """Somebody had a channel tested.

    Attributes:
        answer: ``taken``, or ``refused``.
    """

    action: ClassVar[str] = "channels:test"
    about: ClassVar[str] = "channel"
    public: ClassVar[frozenset[str]] = frozenset({"channel", "answer"})
    channel: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodsWritten(Event):
    """Somebody said how a person is reached.

    Attributes:
        digest: SHA-256 of what was said, as JSON with sorted keys, hexadecimal.
    """

    action: ClassVar[str] = "methods:write"
    public: ClassVar[frozenset[str]] = frozenset({"version", "digest"})
    person: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodsRemoved(Event):
    """Somebody had it forgotten how a person is reached."""

    action: ClassVar[str] = "methods:remove"
    public: ClassVar[frozenset[str]] = frozenset({"version"})
    person: str
    version: str
