"""What health tells: edges of services, and what people did to the registry."""

from dataclasses import dataclass
from typing import ClassVar

from quarterdeck.kernel.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEdge(Event):
    """The state of a service changed; no event by itself.

    Attributes:
        was: the state before: healthy, degraded, unknown or down.
        reason: what its probes said, for people.
        because_of: services that were down before it and that it depends on, nearest to the
            root first, separated by commas; empty: it is the root itself.
    """

    action: ClassVar[str] = "health:observe"
    about: ClassVar[str] = "service"
    leaf: ClassVar[bool] = False
    environment: str
    service: str
    region: str
    was: str
    reason: str
    because_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceWentDown(ServiceEdge):
    """A service does not do its work any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDegraded(ServiceEdge):
    """A service does its work, impaired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLostFromSight(ServiceEdge):
    """Nobody knows any more how a service is: nobody probes it, or its probes are broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCameBack(ServiceEdge):
    """A service is healthy, after it was anything else.

    Attributes:
        after_s: seconds that it was not.
    """

    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartTried(Event):
    """Somebody tried to start a service again that was down, or one of our own processes.

    Attributes:
        by: ``supervisor``, or ``command``: one of the operator's own.
        number: of the service's attempts, from 1.
        result: ``started``, ``done``, ``failed`` or ``not known``.
        detail: what the command said, or with what the process had ended.
    """

    action: ClassVar[str] = "services:restart"
    about: ClassVar[str] = "service"
    public: ClassVar[frozenset[str]] = frozenset(
        {"environment", "service", "by", "number", "result"}
    )
    environment: str
    service: str
    by: str
    number: int
    result: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRegistered(Event):
    """A service was entered into the registry, or its entry was changed.

    Attributes:
        digest: SHA-256 of the entry, hex.
    """

    action: ClassVar[str] = "services:register"
    about: ClassVar[str] = "service"
    public: ClassVar[frozenset[str]] = frozenset({"environment", "service", "digest"})
    environment: str
    service: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRemoved(Event):
    """A service was taken out of the registry, its history with it."""

    action: ClassVar[str] = "services:remove"
    about: ClassVar[str] = "service"
    public: ClassVar[frozenset[str]] = frozenset({"environment", "service"})
    environment: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentDescribed(Event):
    """Facts and links of an environment were set.

    Attributes:
        digest: SHA-256 of them, hex.
    """

    action: ClassVar[str] = "environments:describe"
    about: ClassVar[str] = "environment"
    public: ClassVar[frozenset[str]] = frozenset({"environment", "digest"})
    environment: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRemoved(Event):
    """An environment that had no service any more was removed."""

    action: ClassVar[str] = "environments:remove"
    about: ClassVar[str] = "environment"
    public: ClassVar[frozenset[str]] = frozenset({"environment"})
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChecked(Event):
    """A health check looked at components one by one, and its result was kept.

    Attributes:
        state: of the worst component.
        failing: the components that were not healthy, separated by commas.
    """

    action: ClassVar[str] = "health:check"
    about: ClassVar[str] = "check"
    leaf: ClassVar[bool] = False
    check: str
    environment: str
    state: str
    failing: str
