"""What is wrong in a pack: of its form, of its names, and of what it promises."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from quarterdeck.kernel.errors import Invalid
from quarterdeck.packs import stated
from quarterdeck.packs.contradictions import contradictions
from quarterdeck.packs.gathered import gather
from quarterdeck.packs.impossible import impossible
from quarterdeck.packs.kinds import KINDS
from quarterdeck.packs.model import Finding, Grade, Item, Pack
from quarterdeck.packs.naming import parts
from quarterdeck.packs.references import Has, missing
from quarterdeck.packs.stated import RULING, UNAPPLIED

ORDER = list(Grade)


def nothing(_kind: str, _name: str) -> bool:
    """What an installation has that nobody asked."""
    return False


def findings(pack: Pack, has: Has = nothing) -> list[Finding]:
    """All that is wrong, the worst first, then by place.

    Args:
        pack: to be looked at.
        has: whether the installation has something of a kind and name, for what a pack names.
    """
    unread = [*_misformed(pack), *_twice(pack)]
    if unread:
        return unread  # what a pack promises is known once all of it can be read
    found = gather(pack.items)
    rules = [*contradictions(found), *impossible(found), *missing(found, has)]
    judged = _settled(rules, [one for one in pack.items if one.kind == RULING])
    return sorted(judged, key=lambda one: (ORDER.index(one.grade), one.place.file, one.place.line))


def plain(finding: Finding) -> dict[str, Any]:
    """A finding, for programs."""
    return {
        "grade": finding.grade.value,
        "what": finding.what,
        "place": str(finding.place),
        "also": [str(one) for one in finding.also],
        "key": finding.key,
        "ruling": finding.ruling,
        "ruled_at": str(finding.ruled_at) if finding.ruled_at else "",
    }


def _settled(found: Iterable[Finding], rulings: Iterable[Item]) -> Iterator[Finding]:
    by_key = {one.name: one for one in rulings}
    used = set()
    for one in found:
        ruling = by_key.get(one.key)
        if ruling is None:
            yield one
            continue
        used.add(one.key)
        grade = Grade.WARNING if ruling.spec.get("open") else Grade.SETTLED
        words = str(ruling.spec["by"])
        yield replace(one, grade=grade, ruling=words, ruled_at=ruling.place)
    for name in by_key.keys() - used:
        words = f"the ruling on {name} settles nothing: the pack has no such finding"
        yield Finding(place=by_key[name].place, what=words, grade=Grade.WARNING)


def _misformed(pack: Pack) -> Iterator[Finding]:
    for item in pack.items:
        if item.kind not in KINDS and item.kind not in UNAPPLIED:
            words = f"no kind {item.kind}; there are {', '.join((*KINDS, *UNAPPLIED))}"
            yield Finding(place=item.place, what=words)
            continue
        try:
            _read(item)
        except Invalid as error:
            words = f"{item.kind} {item.name}: {error}"
            yield Finding(place=item.place, what=words)


def _read(item: Item) -> None:
    if item.kind not in KINDS:
        stated.form_of(item.kind, item.spec)
        return
    kind = KINDS[item.kind]
    if kind.shape:
        parts(item.name, kind.shape)
    kind.read(item.spec)


def _twice(pack: Pack) -> Iterator[Finding]:
    first: dict[tuple[str, str], Item] = {}
    for item in pack.items:
        known = first.setdefault((item.kind, item.name), item)
        if known is not item:
            words = f"{item.kind} {item.name} stands at {known.place} already"
            yield Finding(place=item.place, what=words, also=(known.place,))
