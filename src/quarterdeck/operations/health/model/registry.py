"""What is registered: services with their probes, environments with their facts. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from quarterdeck.kernel.errors import Conflict, Invalid, NotFound
from quarterdeck.kernel.ids import TenantId

NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
FACT = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
STAGES = ("live", "ready", "startup")
RESERVED = frozenset({*STAGES, "detailed"})
"""Names that no service bears: they stand in the addresses of health."""

INSTALLATION = "installation"
"""Of the platform's own tenant: not an environment of the registry, but our own roles."""

MAX_TEXT, MAX_PROBES, MAX_DEPENDENCIES, MAX_FACTS = 500, 20, 50, 200
SHORTEST_TIMEOUT_S, LONGEST_TIMEOUT_S = 0.1, 60.0
LONGEST_PERIOD_S, MOST_FAILURES = 86_400, 10

FactValue = str | int | float | bool


class UnusableService(Invalid):
    """An entry that cannot be kept; the message says which part, and why."""


class NoSuchService(NotFound):
    """There is no such service, or none that this actor may see."""


class NoSuchEnvironment(NotFound):
    """There is no such environment, or none that this actor may see."""


class EnvironmentInUse(Conflict):
    """The environment has services still."""


class OpenNameTaken(Conflict):
    """Another service answers under that name already, to whoever asks."""


class ProbeKind(StrEnum):
    """How a probe looks."""

    HTTP = "http"
    TCP = "tcp"
    TLS = "tls"
    SQL = "sql"
    COMMAND = "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One way to see how a service is.

    Attributes:
        target: http: an address, or a path under the service's base URL; tcp and tls:
            HOST:PORT; sql: ``env:NAME`` of a PostgreSQL URL; command: its name in the
            folder of probe commands.
        stage: what it tells of, one of ``STAGES``.
        timeout_s: after this it has failed, 0.1 to 60.
        slow_ms: from here on the service is degraded; None: however slow it is.
        failures: so many in a row, 1 to 10, and the service is down.
    """

    name: str
    kind: ProbeKind
    target: str
    stage: str = "ready"
    timeout_s: float = 5.0
    slow_ms: float | None = None
    failures: int = 2

    def __post_init__(self) -> None:
        _check_name("probe", self.name)
        if self.stage not in STAGES:
            raise UnusableService(f"probe {self.name}: stage is one of {', '.join(STAGES)}")
        if not SHORTEST_TIMEOUT_S <= self.timeout_s <= LONGEST_TIMEOUT_S:
            raise UnusableService(f"probe {self.name}: timeout_s is 0.1 to {LONGEST_TIMEOUT_S:g}")
        if not 1 <= self.failures <= MOST_FAILURES:
            raise UnusableService(f"probe {self.name}: failures is 1 to {MOST_FAILURES}")
        if self.slow_ms is not None and self.slow_ms <= 0:
            raise UnusableService(f"probe {self.name}: slow_ms is more than 0")
        if not _TARGETS[self.kind].fullmatch(self.target) or len(self.target) > MAX_TEXT:
            raise UnusableService(
                f"probe {self.name}: {self.target[:80]!r} is no target of {self.kind.value}; "
                f"expected {_EXPECTED[self.kind]}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An entry of the registry; its name is its own within tenant and environment.

    Attributes:
        group: what it is shown under: ``Web App``; empty: its own title.
        period_s: seconds between looks, 1 to 86400.
        open: whether its health is shown to whoever asks, without a credential; then no
            other open service of the installation bears its name.
        depends_on: services of the same environment, registered or not yet.
    """

    tenant: TenantId
    environment: str
    name: str
    title: str = ""
    group: str = ""
    region: str = ""
    base_url: str = ""
    period_s: int = 10
    open: bool = False
    depends_on: tuple[str, ...] = ()
    probes: tuple[Probe, ...] = ()

    def __post_init__(self) -> None:
        _check_environment(self.environment)
        _check_name("service", self.name)
        if self.name in RESERVED:
            raise UnusableService(f"no service is called {self.name}: health answers there")
        for depended in self.depends_on:
            _check_name("dependency", depended)
        if max(map(len, (self.title, self.group, self.region, self.base_url))) > MAX_TEXT:
            raise UnusableService(f"texts have at most {MAX_TEXT} characters")
        if not 1 <= self.period_s <= LONGEST_PERIOD_S:
            raise UnusableService(f"period_s is 1 to {LONGEST_PERIOD_S}")
        if self.base_url and not is_address(self.base_url):
            raise UnusableService(f"base_url {self.base_url[:80]!r} is no http address")
        self._check_probes()
        self._check_dependencies()

    @property
    def longest_s(self) -> float:
        """How long one look at it may take, seconds."""
        return max((probe.timeout_s for probe in self.probes), default=0.0)

    def _check_probes(self) -> None:
        names = [probe.name for probe in self.probes]
        if len(names) > MAX_PROBES or len(set(names)) != len(names):
            raise UnusableService(f"at most {MAX_PROBES} probes, each with a name of its own")
        for probe in self.probes:
            if probe.target.startswith("/") and not self.base_url:
                raise UnusableService(f"probe {probe.name} is a path: give a base_url too")

    def _check_dependencies(self) -> None:
        names = self.depends_on
        if len(names) > MAX_DEPENDENCIES or len(set(names)) != len(names):
            raise UnusableService(f"at most {MAX_DEPENDENCIES} dependencies, each once")
        if self.name in names:
            raise UnusableService(f"{self.name} does not depend on itself")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A place to look at: a dashboard, a vault, the logs."""

    title: str
    url: str

    def __post_init__(self) -> None:
        if not self.title.strip() or len(self.title) > MAX_TEXT or len(self.url) > MAX_TEXT:
            raise UnusableService(f"a link has a title and a url, at most {MAX_TEXT} characters")
        if not is_address(self.url):
            raise UnusableService(f"link {self.title[:80]}: {self.url[:80]!r} is no http address")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where services run, with what is known of it.

    Attributes:
        facts: what commands need to know: cluster, resource group; no secrets.
    """

    tenant: TenantId
    name: str
    title: str = ""
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    links: tuple[Link, ...] = ()

    def __post_init__(self) -> None:
        _check_environment(self.name)
        if len(self.title) > MAX_TEXT:
            raise UnusableService(f"a title has at most {MAX_TEXT} characters")
        if len(self.facts) > MAX_FACTS or len(self.links) > MAX_FACTS:
            raise UnusableService(f"an environment has at most {MAX_FACTS} facts and links each")
        for key, value in self.facts.items():
            if not FACT.fullmatch(key):
                raise UnusableService(f"fact {key[:80]!r}: a-z first, then a-z, 0-9, . _ -")
            if isinstance(value, str) and len(value) > MAX_TEXT:
                raise UnusableService(f"fact {key}: at most {MAX_TEXT} characters")


def is_address(text: str) -> bool:
    """Whether ``text`` is an http or https address with a host, and without a password."""
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and parts.password is None
            and not any(c.isspace() for c in text)
        )
    except ValueError:
        return False


def _check_name(what: str, name: str) -> None:
    if not NAME.fullmatch(name):
        raise UnusableService(f"{what} {name[:80]!r} is no name: 1 to 64 of a-z, 0-9 and -")


def _check_environment(name: str) -> None:
    _check_name("environment", name)
    if name == INSTALLATION:
        raise UnusableService(
            f"{INSTALLATION} is what runs here; give the environment another name"
        )


_PLACE = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")
_TARGETS = {
    ProbeKind.HTTP: re.compile(r"https?://[^\s/@?#]+([/?#]\S*)?|/\S*"),
    ProbeKind.TCP: _PLACE,
    ProbeKind.TLS: _PLACE,
    ProbeKind.SQL: re.compile(r"env:QUARTERDECK_PROBE_[A-Z0-9_]+"),
    ProbeKind.COMMAND: re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*"),
}
_EXPECTED = {
    ProbeKind.HTTP: "http://HOST/PATH, or /PATH under the base URL",
    ProbeKind.TCP: "HOST:PORT",
    ProbeKind.TLS: "HOST:PORT",
    ProbeKind.SQL: "env:QUARTERDECK_PROBE_NAME, which holds the URL",
    ProbeKind.COMMAND: "the name of a file in the folder of probe commands",
}
