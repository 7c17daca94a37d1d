"""Contradictions: two lines of which at most one can hold."""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from quarterdeck.operations.escalation.model.policy import Level, Target
from quarterdeck.operations.escalation.spans import written
from quarterdeck.packs.facts import Fact
from quarterdeck.packs.gathered import Gathered
from quarterdeck.packs.model import Finding, Grade, Item, Place
from quarterdeck.packs.promises import OPPOSED, PROMISES

CONTRADICTION = "contradiction"
GATE = "customers-told-with"


def contradictions(found: Gathered) -> Iterator[Finding]:
    """Every promise of which two lines say two things."""
    for (tenant, of), known in found.by_subject().items():
        for what in dict.fromkeys(one.what for one in known):
            same = [one for one in known if one.what == what]
            if len({one.value for one in same}) > 1:
                yield _several(tenant, of, same, known)
        yield from _opposed(tenant, of, known)
    yield from _gated(found)
    yield from _inverted(found)
    yield from _told_twice(found)


def finding(key: str, what: str, sides: Sequence[Fact], *, ruling: str = "") -> Finding:
    """A finding on several lines. What the source itself says, it must be settled before use."""
    weighs = Grade.ERROR if any(one.stated for one in sides) else Grade.WARNING
    places = [one.place for one in sides]
    return Finding(
        place=places[0],
        what=what,
        grade=Grade.SETTLED if ruling else weighs,
        key=key,
        also=tuple(places[1:]),
        ruling=ruling,
    )


def _several(tenant: str, of: str, same: Sequence[Fact], known: Sequence[Fact]) -> Finding:
    what = same[0].what
    values = dict.fromkeys(one.said for one in same)
    said = "; ".join(
        f"{value}: {', '.join(str(one.place) for one in same if one.said == value)}"
        for value in values
    )
    words = f"{of}: {PROMISES[what].words} {' or '.join(values)}? {said}"
    ruling = _told_apart(same, known) if what == "escalates-at" else ""
    key = f"{CONTRADICTION} {tenant}/{of}/{what}{_own(same)}"
    return finding(key, words, same, ruling=ruling)


def _own(same: Sequence[Fact]) -> str:
    """A value of the policy that no line of the source has: no ruling on those covers it."""
    stated = {one.value for one in same if one.stated}
    own = dict.fromkeys(one.said for one in same if stated and one.value not in stated)
    return f": {', '.join(own)}" if own else ""


def _told_apart(same: Sequence[Fact], known: Sequence[Fact]) -> str:
    """How a policy keeps both: who is told at the first time must join at the last.

    "It escalates" does not say which of the two it means.
    """
    times = [one.said for one in sorted(same, key=lambda one: str(one.place))]
    at = {one.what: one for one in known if one.what in {"told-at", "joins-at"}}
    if len(at) < 2 or {at["told-at"].said, at["joins-at"].said} != {*times}:  # noqa: PLR2004
        return ""
    told, joins = at["told-at"], at["joins-at"]
    return (
        f"told after {told.said} ({told.place}), must join after {joins.said} ({joins.place}): "
        "to be told is not to be engaged"
    )


def _opposed(tenant: str, of: str, known: Sequence[Fact]) -> Iterator[Finding]:
    for one, other in OPPOSED:
        sides = [fact for what in (one, other) for fact in known if fact.what == what]
        if len({fact.what for fact in sides}) > 1:
            said = " and ".join(f"{PROMISES[f.what].words} {f.said} ({f.place})" for f in sides)
            yield finding(f"{CONTRADICTION} {tenant}/{of}/{one}", f"{of}: {said}", sides)


def _gated(found: Gathered) -> Iterator[Finding]:
    """Severities that tell customers by the clock, with flags that let nobody be told unasked."""
    told = [one for one in found.facts if one.what == "customers-told-at"]
    for gate in (one for one in found.facts if one.what == GATE):
        for of in dict.fromkeys(one.of for one in told if one.tenant == gate.tenant):
            if not _raises(found, gate, of):
                continue
            sides = [*(one for one in told if one.tenant == gate.tenant and one.of == of), gate]
            words = (
                f"{of} with {gate.of}: customers are told after {sides[0].said} "
                f"({sides[0].place}), but only once agreed by {gate.said} ({gate.place})"
            )
            yield finding(f"{CONTRADICTION} {gate.tenant}/{of}/{gate.of}", words, sides)


def _raises(found: Gathered, gate: Fact, severity: str) -> bool:
    """Whether an incident with the flag can be of that severity; without a ladder, of any."""
    kept = found.ladder_of(gate.tenant)
    flag = gate.of.removeprefix("flag ")
    known = dict(kept[1].flags) if kept else {}
    at = next((name for word, name in known.items() if word == flag), "")
    return not at or severity == f"severity {at}"


def _inverted(found: Gathered) -> Iterator[Finding]:
    """Ladders that give what is worse more time than what is not."""
    for item, ladder in found.ladders.values():
        for worse, milder in pairwise(ladder.severities):
            for field in ("respond_min", "resolve_min", "update_min"):
                late, soon = getattr(worse, field), getattr(milder, field)
                if late is not None and soon is not None and late > soon:
                    n = ladder.severities.index(worse)
                    places = (item.at("severities", n, field), item.at("severities", n + 1, field))
                    words = f"{worse.name} is worse than {milder.name}, and has {late} min for it"
                    key = f"{CONTRADICTION} {item.name}/severity {worse.name}/{field}"
                    yield _policy(key, f"{words}: {milder.name} has {soon} ({field})", places)


def _told_twice(found: Gathered) -> Iterator[Finding]:
    """Somebody whom two levels of a policy tell, at two times, of the same severity."""
    for item, policy in found.policies.values():
        numbered = [*enumerate(policy.levels)]
        for (n, one), (m, other) in combinations(numbered, 2):
            for target in (each for each in one.targets if each in other.targets):
                times = _times(one, other)
                if times:
                    severity, first, last = times
                    key = f"{CONTRADICTION} {item.name}/{target}/{severity}"
                    words = f"{target} is told of {severity} after {first}, and after {last}"
                    words += f": as {one.name}, and as {other.name}"
                    yield _policy(key, words, (_place(item, n, target), _place(item, m, target)))


def _times(one: Level, other: Level) -> tuple[str, str, str] | None:
    nothing: frozenset[str] = frozenset()
    for severity in (*one.severities, *other.severities):
        at, then = (level.notified(severity, nothing) for level in (one, other))
        if at is not None and then is not None and at != then:
            return severity, written(at), written(then)
    return None


def _place(item: Item, level: int, target: Target) -> Place:
    said = item.spec.get("levels") or [{}] * (level + 1)
    targets = said[level].get("targets") or []
    number = targets.index(str(target)) if str(target) in targets else 0
    return item.at("levels", level, "targets", number)


def _policy(key: str, what: str, places: tuple[Place, ...]) -> Finding:
    return Finding(place=places[0], what=what, grade=Grade.WARNING, key=key, also=tuple(places[1:]))
