"""Who hears of which alerts: the tree of alertmanager.yml as values. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from quarterdeck.kernel.errors import Invalid, NotFound
from quarterdeck.operations.messages.model import Address
from quarterdeck.operations.routing.intervals import TimeInterval
from quarterdeck.operations.silences.matchers import Matchers, all_match

Labels = Mapping[str, str]


class RoutingInvalid(Invalid):
    """The routing configuration has an error; ``errors`` says on which line."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line = line
        self.errors = ({"detail": str(self), "pointer": "#/text"},)


class NoRouting(NotFound):
    """The tenant has no such version of a routing configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One address that a receiver posts to.

    Attributes:
        headers: of each request: its credential, if it needs one.
        most: alerts in one request; 0: all.
    """

    url: str
    send_resolved: bool = True
    most: int = 0
    timeout_s: float = 10.0
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """One address that is told by the outbox of messages: a channel, or a mail address.

    Attributes:
        line: where it stands in the text.
    """

    to: Address
    send_resolved: bool = True
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Whoever is told. One without webhooks, addresses and pages is told nothing.

    Attributes:
        webhooks: and addresses after them: a number among them says which.
        pages: the escalation policies under which it has somebody paged.
    """

    name: str
    webhooks: tuple[Webhook | Handed, ...] = ()
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One node of the tree, with what it has from its parents.

    Attributes:
        id: its place in the tree; ``key`` is what Alertmanager calls it, not always unique.
        group_by: labels by which alerts are put together; None: by all there are (``...``).
        goes_on: whether its next siblings are asked too (``continue``).
        mute, active: names of time intervals in which it tells nobody, or outside of which.
    """

    id: str
    key: str
    receiver: str
    matchers: Matchers
    group_by: tuple[str, ...] | None
    group_wait: timedelta
    group_interval: timedelta
    repeat_interval: timedelta
    goes_on: bool = False
    mute: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    routes: tuple["Route", ...] = ()

    def match(self, labels: Labels) -> list["Route"]:
        """The routes that an alert takes; the deepest that match (dispatch.Route.Match)."""
        if not all_match(self.matchers, labels):
            return []
        found: list[Route] = []
        for child in self.routes:
            taken = child.match(labels)
            found += taken
            if taken and not child.goes_on:
                break
        return found or [self]

    def group_of(self, labels: Labels) -> dict[str, str]:
        """The labels that an alert shares with its group."""
        if self.group_by is None:
            return dict(sorted(labels.items()))
        return {name: labels[name] for name in sorted(self.group_by) if name in labels}

    def group_key(self, group: Labels) -> str:
        """As Alertmanager names a group."""
        return f"{self.key}:{{{', '.join(f'{k}={quoted(v)}' for k, v in sorted(group.items()))}}}"

    def every(self) -> Iterator["Route"]:
        """It, and all below it."""
        yield self
        for child in self.routes:
            yield from child.every()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibition:
    """While a source fires, targets with the same values for ``equal`` wake nobody."""

    id: str
    sources: Matchers
    targets: Matchers
    equal: tuple[str, ...]

    def same(self, labels: Labels) -> tuple[str, ...]:
        """What a source and a target must have in common."""
        return tuple(labels.get(name, "") for name in self.equal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A whole configuration.

    Attributes:
        notes: what of the text has no effect here, with its line.
    """

    root: Route
    receivers: Mapping[str, Receiver]
    inhibitions: tuple[Inhibition, ...] = ()
    intervals: Mapping[str, tuple[TimeInterval, ...]] = field(default_factory=dict)
    resolve_timeout: timedelta = timedelta(minutes=5)
    notes: tuple[str, ...] = ()

    def handed(self) -> Iterator[Handed]:
        """Every address that is told by the outbox."""
        for receiver in self.receivers.values():
            yield from (one for one in receiver.webhooks if isinstance(one, Handed))

    def muted(self, route: Route, now: datetime) -> tuple[str, ...]:
        """The time intervals that keep ``route`` silent at ``now``; none: it speaks."""
        held = tuple(name for name in route.mute if self._within(name, now))
        if route.active and not any(self._within(name, now) for name in route.active):
            held += route.active
        return held

    def _within(self, name: str, now: datetime) -> bool:
        return any(one.contains(now) for one in self.intervals[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A configuration as it was applied."""

    tenant: str
    version: int
    text: str
    by: str
    at: datetime


def quoted(value: str) -> str:
    """As Go's %q writes a label's value; what needs no escape stands as it is."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r") + '"'
