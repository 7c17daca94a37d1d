"""Promises that cannot be kept: what the clocks of a pack do not let happen."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from quarterdeck.operations.escalation.model.policy import Kind, Level, Policy
from quarterdeck.operations.escalation.severity import named
from quarterdeck.operations.escalation.spans import written
from quarterdeck.operations.severities.model import Severity
from quarterdeck.packs.contradictions import finding
from quarterdeck.packs.facts import Fact
from quarterdeck.packs.gathered import Gathered
from quarterdeck.packs.model import Finding, Grade, Item, Place
from quarterdeck.packs.promises import ANY, ORDERED, PROMISES, Order

IMPOSSIBLE = "impossible"
ALWAYS = frozenset({"24/7", "24x7", "24 x 7", "always", "around the clock"})
ALL = 100.0


def impossible(found: Gathered) -> Iterator[Finding]:
    """Every promise of a pack that its own policy, or another line, cannot keep."""
    subjects = found.by_subject()
    for (tenant, of), known in subjects.items():
        general = subjects.get((tenant, f"{of.partition(' ')[0]} {ANY}"), [])
        for order in ORDERED:
            yield from _out_of_order(f"{tenant}/{of}", of, order, known, general)
        yield from _all_of(tenant, of, known)
    yield from _late_alerts(found)
    yield from _late_steps(found)


def _out_of_order(
    key: str, of: str, order: Order, known: Sequence[Fact], general: Sequence[Fact]
) -> Iterator[Finding]:
    less = [one for one in known if one.what == order.less]
    more = [one for one in known if one.what == order.more]
    more = more or [one for one in general if one.what == order.more]
    longest = max(less, key=_span, default=None)
    shortest = min(more, key=_span, default=None)
    if longest is None or shortest is None or _span(longest) <= _span(shortest):
        return
    words = (
        f"{of}: {PROMISES[order.less].words} {longest.said} ({longest.place}), "
        f"and {PROMISES[order.more].words} {shortest.said} ({shortest.place}): {order.else_}"
    )
    yield finding(f"{IMPOSSIBLE} {key}/{order.more}", words, [shortest, longest])


def _all_of(tenant: str, of: str, known: Sequence[Fact]) -> Iterator[Finding]:
    whole = [one for one in known if one.what == "objective" and one.value == ALL]
    if whole:
        words = f"{of}: 100 percent leaves no budget, one failure breaks it"
        yield finding(f"{IMPOSSIBLE} {tenant}/{of}/objective", words, whole)


def _late_alerts(found: Gathered) -> Iterator[Finding]:
    """Alerts that fire only once the time to answer them has passed."""
    subjects = found.by_subject()
    for (tenant, of), known in subjects.items():
        held = max((one for one in known if one.what == "holds-for"), key=_span, default=None)
        word = next((one for one in known if one.what == "severity-is"), None)
        kept = found.ladder_of(tenant)
        if held is None or word is None or kept is None:
            continue
        promised = subjects.get((kept[0].name, f"severity {word.said}"), [])
        answer = min((one for one in promised if one.what == "respond"), key=_span, default=None)
        if answer is not None and _span(held) > _span(answer):
            words = (
                f"{of}: {word.said} is answered within {answer.said} ({answer.place}), and the "
                f"condition must hold for {held.said} first ({held.place})"
            )
            yield finding(f"{IMPOSSIBLE} {tenant}/{of}/respond", words, [answer, held])


def _late_steps(found: Gathered) -> Iterator[Finding]:
    """Severities whose policy tells nobody in the time in which somebody is to answer."""
    for item, ladder in found.ladders.values():
        for n, severity in enumerate(ladder.severities):
            paged = found.policy_of(item.name, severity.policy) if severity.policy else None
            if paged is None or severity.respond_min is None:
                continue
            place = item.at("severities", n, "respond_min")
            key = f"{IMPOSSIBLE} {item.name}/severity {severity.name}/respond"
            yield from _too_late(found, key, (place, severity), paged)


def _too_late(
    found: Gathered, key: str, promise: tuple[Place, Severity], paged: tuple[Item, Policy]
) -> Iterator[Finding]:
    (place, severity), (item, policy) = promise, paged
    within = timedelta(minutes=severity.respond_min or 0)
    first = min(_steps(policy, severity), default=None, key=lambda one: one[0])
    said = f"{severity.name} is answered within {written(within)}"
    if first is None:
        words = f"{said}, and the policy {severity.policy} tells nobody of it"
        yield _warned(key, words, place, item.place)
        return
    at, n = first
    here = item.at("levels", n, "notify_at")
    if at > within:
        who = policy.levels[n].name
        words = f"{said}, and the policy {severity.policy} tells {who}, its first, after "
        yield _warned(key, words + written(at), place, here)
    for problem in _unready(found, item.tenant, policy.levels[n], within):
        yield _warned(f"{key}/{problem.of}", f"{said}, and {_words(problem)}", place, problem.place)


def _steps(policy: Policy, severity: Severity) -> Iterator[tuple[timedelta, int]]:
    """When each level hears of a severity, or joins unasked, and its number."""
    words = (severity.name, *severity.aliases)
    name = next((named(word) for word in words if named(word)), severity.name)
    none: frozenset[str] = frozenset()
    for n, level in enumerate(policy.levels):
        times = (level.notified(name, none), level.engaged(name, none))
        yield from ((at, n) for at in times if at is not None)


def _unready(found: Gathered, tenant: str, level: Level, within: timedelta) -> Iterator[Fact]:
    """Why a level whose every target is a contact cannot answer in time."""
    if any(one.kind is not Kind.CONTACT for one in level.targets):
        return
    names = [f"contact {one.name}" for one in level.targets]
    known = [one for one in found.facts if one.tenant == tenant and one.of in names]
    slow = [one for one in known if one.what == "respond" and _span(one) > within]
    away = [one for one in known if one.what == "covers" and one.said.lower() not in ALWAYS]
    for facts in (slow, away):
        if {one.of for one in facts} == {*names}:
            yield facts[0]


def _words(fact: Fact) -> str:
    return f"{fact.of}, who hears of it first: {PROMISES[fact.what].words} {fact.said}"


def _span(fact: Fact) -> timedelta:
    assert isinstance(fact.value, timedelta)  # noqa: S101  the promises asked for are times
    return fact.value


def _warned(key: str, what: str, place: Place, *also: Place) -> Finding:
    return Finding(place=place, what=what, grade=Grade.WARNING, key=key, also=also)
