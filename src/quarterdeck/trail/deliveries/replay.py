"""Replays: which dead letters are delivered once more, and what came of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from quarterdeck.kernel.errors import Conflict, Invalid
from quarterdeck.trail.deliveries.message import Kind, Wanted
from quarterdeck.trail.deliveries.model import Reason
from quarterdeck.trail.deliveries.trials import Trial

MAX_COUNT = 10_000
TERM = re.compile(r"(?P<name>[a-z]+)\s*=\s*(?P<value>\S+)")
TERMS = "reason=, class=, tenant=, from=, to="


class ReplayRefused(Conflict):
    """A replay needs either a dry run or a confirmation."""


class BadFilter(Invalid):
    """The filter cannot be understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A replay as asked for.

    Attributes:
        filter: as typed: ``reason=DeliveryCountExceeded tenant=acme from=2026-02-28T00:00:00Z``.
        environment: where to try it; empty: this installation.
        dry_run, confirm: one of them must be said.
        incident: in whose name it is done; its timeline tells of it.
    """

    consumer: str
    message: str = ""
    filter: str = ""
    max_count: int = 1
    environment: str = ""
    dry_run: bool = False
    confirm: bool = False
    incident: str = ""

    def check(self) -> None:
        """Refuse what is not an order.

        Raises:
            ReplayRefused: it says neither dry run nor confirmation, or both.
        """
        if self.dry_run is self.confirm:
            raise ReplayRefused(
                "a replay needs either a dry run (--dry-run), which changes nothing, "
                "or a confirmation (--confirm); neither both nor none"
            )
        if not 1 <= self.max_count <= MAX_COUNT:
            raise Invalid(f"max_count must be 1 to {MAX_COUNT}, got {self.max_count}")
        if not (self.message or self.filter):
            raise Invalid(f"say which: a message id, or a filter of {TERMS}")

    @property
    def wanted(self) -> Wanted:
        """The dead letters that are meant; raise BadFilter."""
        return narrowed(Wanted(consumer=self.consumer, message=self.message), self.filter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a replay would do.

    Attributes:
        matching: dead letters that are meant, of which ``chosen`` would be replayed.
        trials: of the first ones, by message id.
    """

    consumer: str
    environment: str
    matching: int
    chosen: int
    trials: Mapping[str, Trial]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a replay goes, and how its consumer does since.

    Attributes:
        new: dead letters since it began, those that failed again included.
        lag: messages that await the consumer.
        advice: what to know before the next one.
    """

    id: str
    consumer: str
    actor: str
    at: datetime
    filter: str
    chosen: int
    succeeded: int
    failed: int
    new: int
    lag: int
    oldest_s: float
    standing: str
    advice: str = ""

    @property
    def pending(self) -> int:
        """Messages whose outcome is not known yet."""
        return self.chosen - self.succeeded - self.failed


def narrowed(wanted: Wanted, text: str) -> Wanted:
    """``wanted``, narrowed by a filter as typed; raise BadFilter, which says what is right."""
    for name, value in _terms(text):
        wanted = _narrowed(wanted, name, value)
    return wanted


def _terms(text: str) -> Sequence[tuple[str, str]]:
    left = TERM.sub("", text).replace(",", "").replace("AND", "").strip()
    if left:
        raise BadFilter(f"{left[:80]!r} is no part of a filter; there are {TERMS}")
    return [(m["name"], m["value"].rstrip(",")) for m in TERM.finditer(text)]


def _narrowed(wanted: Wanted, name: str, value: str) -> Wanted:
    match name:
        case "reason":
            return replace(wanted, reason=_among(list(Reason), name, value))
        case "class":
            return replace(wanted, kind=_among(list(Kind), name, value))
        case "tenant":
            return replace(wanted, tenant=value)
        case "from":
            return replace(wanted, since=_moment(name, value))
        case "to":
            return replace(wanted, until=_moment(name, value))
    raise BadFilter(f"no filter by {name!r}; there are {TERMS}")


def _among(known: Sequence[str], name: str, value: str) -> str:
    if value not in known:
        raise BadFilter(f"{name} must be one of {', '.join(known)}; got {value[:80]!r}")
    return value


def _moment(name: str, value: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise BadFilter(f"{name} must be a time as 2026-02-28T12:00:00Z: {error}") from error
    if found.tzinfo is None:
        raise BadFilter(f"{name} must bear its offset, as 2026-02-28T12:00:00Z")
    return found
