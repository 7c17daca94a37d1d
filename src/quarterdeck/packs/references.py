"""Names that policy uses and nothing has: of policies, channels, schedules, contacts, services."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.operations.escalation.document import target
from quarterdeck.operations.escalation.model.policy import ANY, Kind
from quarterdeck.operations.escalation.severity import LADDER, named
from quarterdeck.operations.severities.model import Ladder
from quarterdeck.packs.gathered import Gathered
from quarterdeck.packs.kinds import KINDS
from quarterdeck.packs.model import Finding, Grade, Item, Place

MISSING = "missing"
Has = Callable[[str, str], bool]
"""Whether something of a kind and name stands."""

TARGETS = {
    Kind.SCHEDULE: "oncall-schedule",
    Kind.CONTACT: "contact",
    Kind.CHANNEL: "channel",
}
"""Kinds of items that a level can tell; mail and phone are addresses, a person is a principal."""


OF_NOBODY = frozenset({"tenant", "programme"})
"""Kinds whose names begin with no tenant's."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A line that names something, of one of ``names``: the tenant's own comes first."""

    kind: str
    names: tuple[str, ...]
    place: Place


def missing(found: Gathered, has: Has) -> Iterator[Finding]:
    """What a pack names that neither it has, nor ``has``: one finding a name."""
    there = {(one.kind, one.name) for one in found.items}
    lost: dict[tuple[str, str], list[Place]] = {}
    for item in found.items:
        for one in _references(item):
            if not any((one.kind, name) in there or has(one.kind, name) for name in one.names):
                lost.setdefault((one.kind, one.names[0]), []).append(one.place)
    for (kind, name), places in lost.items():
        yield Finding(
            place=places[0],
            what=f"there is no {kind} {name}",
            grade=Grade.WARNING,
            key=f"{MISSING} {kind} {name}",
            also=tuple(places[1:]),
        )
    yield from _ungraded(found)


def _references(item: Item) -> Iterator[Reference]:
    own = READERS.get(item.kind)
    if own is not None:
        yield from own(item)
    if item.kind in KINDS and item.kind not in OF_NOBODY and item.tenant != PLATFORM:
        yield Reference("tenant", (item.tenant,), item.place)


def _ladder(item: Item) -> Iterator[Reference]:
    for n, one in enumerate(item.spec.get("severities", ())):
        here = ("severities", n)
        if one.get("policy"):
            yield _named(item, "escalation_policy", one["policy"], *here, "policy")
        for m, channel in enumerate(one.get("channels", ())):
            yield _named(item, "channel", channel, *here, "channels", m)
        for role, schedule in one.get("team", {}).items():
            yield _named(item, "oncall-schedule", schedule, *here, "team", role)


def _policy(item: Item) -> Iterator[Reference]:
    for n, level in enumerate(item.spec.get("levels") or ()):
        for m, said in enumerate(level.get("targets", ())):
            try:
                told = target(str(said))
            except Invalid:
                continue  # its form says so already
            if told.kind in TARGETS:
                where = ("levels", n, "targets", m)
                yield _named(item, TARGETS[told.kind], told.name, *where)
    if item.spec.get("then"):
        yield _named(item, "escalation_policy", item.spec["then"], "then")


def _routing(item: Item) -> Iterator[Reference]:
    for n, one in enumerate(item.spec.get("receivers", ())):
        for m, page in enumerate(one.get("page_configs") or ()):
            where = ("receivers", n, "page_configs", m, "policy")
            yield _named(item, "escalation_policy", str(page.get("policy", "")), *where)
        for m, told in enumerate(one.get("channel_configs") or ()):
            where = ("receivers", n, "channel_configs", m, "channel")
            yield _named(item, "channel", str(told.get("channel", "")), *where)


def _service(item: Item) -> Iterator[Reference]:
    environment = item.name.rpartition("/")[0]
    for n, name in enumerate(item.spec.get("depends_on", ())):
        yield Reference("service", (f"{environment}/{name}",), item.at("depends_on", n))


def _audience(item: Item) -> Iterator[Reference]:
    for field, kind in (("channels", "channel"), ("contacts", "contact")):
        for n, name in enumerate(item.spec.get(field) or ()):
            # An audience reaches what its own tenant has, and nothing of the platform's.
            yield Reference(kind, (f"{item.tenant}/{name}",), item.at(field, n))


READERS: dict[str, Callable[[Item], Iterator[Reference]]] = {
    "audience": _audience,
    "severity-ladder": _ladder,
    "escalation_policy": _policy,
    "routing": _routing,
    "service": _service,
}


def _named(item: Item, kind: str, name: str, *where: str | int) -> Reference:
    names = dict.fromkeys(f"{of}/{name.removeprefix('#')}" for of in (item.tenant, PLATFORM))
    return Reference(kind, tuple(names), item.at(*where))


def _ungraded(found: Gathered) -> Iterator[Finding]:
    """Words for severities that the tenant's ladder, where the pack has it, does not know.

    An alert's own scale (critical, warning, info) is another: only words of a ladder are looked up.
    """
    for item in found.items:
        ladder = found.ladders.get(item.tenant)
        for word, path in _severities(item):
            if ladder is not None and not _known(ladder[1], word):
                known = ", ".join(one.name for one in ladder[1].severities)
                yield Finding(
                    place=item.at(*path),
                    what=f"the ladder of {item.tenant} has no severity {word}; it has {known}",
                    grade=Grade.WARNING,
                    key=f"{MISSING} severity {item.tenant}/{word}",
                    also=(ladder[0].at("severities"),),
                )


def _known(ladder: Ladder, word: str) -> bool:
    """Whether it is a word of the ladder, or means one: a policy reads critical as SEV-1."""
    return any(ladder.named(one) for one in (word, named(word)) if one)


def _severities(item: Item) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    if item.kind == "escalation_policy":
        yield from _of_levels(item)
    if item.kind == "audience":
        for n, said in enumerate(item.spec.get("severities") or ()):
            yield str(said), ("severities", n)
    if item.kind == "alert-rule":
        word = str(item.spec.get("rule", {}).get("severity", ""))
        if named(word) == word and word in LADDER:
            yield word, ("rule", "severity")


def _of_levels(item: Item) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    for n, level in enumerate(item.spec.get("levels") or ()):
        for field in ("notify_at", "engage_at"):
            said: Any = level.get(field)
            for word in said if isinstance(said, dict) else ():
                if word != ANY:
                    yield word, ("levels", n, field, word)
