"""What people ask of the trail. Each function is one use case.

The read model says where records stand; what is shown is read from the log itself, and what
does not fit the question there is not shown. So a read model that lies hides, but invents
nothing; what it hides, a rebuild finds.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from itertools import groupby
from time import perf_counter

from sqlalchemy.exc import DBAPIError

from quarterdeck.events.trail import FieldsSearched
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.trail.log.model import Checkpoint, Leaf
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.log.record import members
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.model import Treatment
from quarterdeck.trail.projections.model import Field, Name, term
from quarterdeck.trail.projections.service.projector import readable
from quarterdeck.trail.projections.service.rebuild import place_of
from quarterdeck.trail.proof import multi, tiles
from quarterdeck.trail.proof.tree import leaf_hash
from quarterdeck.trail.query import store
from quarterdeck.trail.query.explorer import Explorer
from quarterdeck.trail.query.model import (
    Answer,
    FieldsUnavailable,
    Filter,
    Proof,
    Question,
    SearchUnavailable,
    Spot,
    Timing,
    fits,
)
from quarterdeck.trail.query.redaction import Treat, view_of

READS, DISCLOSES = "trail:read", "trail:disclose"
LOOKED_AT = 2000
"""Records with the right words that are looked at for one page."""


def events(work: Work, explorer: Explorer, question: Question) -> Answer:
    """The newest records of the tenant's log that are wanted, before a spot.

    By the time at which they occurred; where words are wanted, by their index. Who finds a
    record by a committed field has read that field: it needs the right to, and is told in the
    log, so ``work`` writes then.

    Raises:
        SearchUnavailable: words are wanted, and are not indexed, or not now.
        FieldsUnavailable: fields are wanted, and are not indexed.
    """
    tenant, reader = question.tenant, explorer.reader
    tenants = work.require(READS, tenant)
    if question.fields:
        _require_fields(work, explorer, tenant)
    signed = reader.checkpoint(tenant)
    through = _through(explorer, question)
    if question.wanted.words:
        spots, last = _searched(explorer, tenants, question)
    else:
        spots = _asked(work, explorer, tenants, question, through)
        last = spots[-1] if len(spots) == question.limit else None
    leaves = _leaves(reader, tenant, [spot.index for spot in spots])
    fitting = _fitting(explorer, question, leaves.values())
    if question.fields:
        _tell(work, question, fitting)
    proven, treat = signed.size if signed else 0, _treatment(work, tenant)
    records = [
        (spot, view_of(leaves[spot.index], proven, treat))
        for spot in spots
        if spot.index in fitting
    ]
    return Answer(
        records=records,
        last=last,
        through=through,
        size=reader.size(tenant),
        proof=_proof(reader, tenant, sorted(fitting), signed) if question.proof else None,
    )


def history(
    work: Work, explorer: Explorer, tenant: str, kind: str, thing: str, limit: int = 50
) -> Answer:
    """What was done to one thing, newest first: ``kind`` is the resource's type."""
    wanted = Filter(type=kind, resource=thing)
    return events(work, explorer, Question(tenant=tenant, wanted=wanted, limit=limit))


def leaves_of(
    work: Work,
    explorer: Explorer,
    tenant: str,
    things: Sequence[str],
    actions: Sequence[str] = (),
) -> dict[str, tuple[int, bool]]:
    """Where the newest record about each thing stands: its index, and whether it is proven.

    ``things`` are resource ids; ``actions``: only records of these. What has no record, or
    none that the read model has seen yet, is missing.
    """
    tenants = work.require(READS, tenant)
    if not things:
        return {}
    signed = explorer.reader.checkpoint(tenant)
    proven = signed.size if signed else 0
    with reading(explorer.read) as db:
        found = store.newest_of(db, tenants, things, actions)
    return {
        one: (found[at], found[at] < proven)
        for one in things
        if (at := term(Field.RESOURCE, one)) in found
    }


def timings(work: Work, explorer: Explorer) -> list[Timing]:
    """How questions of each shape have done in this process, the slowest first."""
    work.tenants("metrics:read")
    return explorer.watch.timings()


def _require_fields(work: Work, explorer: Explorer, tenant: str) -> None:
    work.require(DISCLOSES, tenant)
    if not explorer.by_field:
        raise FieldsUnavailable(
            "committed fields are not indexed here: set field_search = true and start again; "
            "every other filter works without",
            retry_after_s=60,
        )


def _through(explorer: Explorer, question: Question) -> int:
    names = (Name.TIMELINE, Name.FIELDS) if question.fields else (Name.TIMELINE,)
    return min(place_of(explorer.read, name, question.tenant).size for name in names)


def _fitting(explorer: Explorer, question: Question, leaves: Iterable[Leaf]) -> set[int]:
    """The indices of those that are as asked, by what they say and by what they commit to."""
    wanted, known = question.wanted, {leaf.index: leaf for leaf in leaves}
    found = {one.index for one in readable(known.values()) if fits(wanted, one)}
    if not question.fields:
        return found
    records = {index: str(members(known[index].entry)["id"]) for index in found}
    return explorer.fields.bearing(question.tenant, records, question.fields)


def _tell(work: Work, question: Question, found: Collection[int]) -> None:
    work.publish(
        FieldsSearched(
            tenant=question.tenant,
            search=work.new_id(),
            fields=sorted({path for path, _ in question.fields}),
            records=sorted(found),
        )
    )


def _asked(
    work: Work, explorer: Explorer, tenants: Tenants, question: Question, through: int
) -> list[Spot]:
    missed = False
    if not explorer.reader.size(question.tenant):
        return []  # and there are no keys
    tokens = [explorer.fields.token(question.tenant, *one) for one in question.fields]

    def ask() -> list[Spot]:
        nonlocal missed
        missed = True
        with reading(explorer.read) as db:
            started = perf_counter()
            asked = store.question(db, tenants, question, tokens)
            found = store.answer(db, asked)
            took_ms = (perf_counter() - started) * 1000
            shape, at = question.shape, micros(work.now)
            explorer.watch.tell(shape, took_ms, at, lambda: store.plan(db, asked, tokens))
        return found

    # The values of fields are not said by ``repr``.
    found = explorer.cache.get(repr((through, question, tokens)), ask)
    explorer.count(known=not missed)
    return found


def _searched(
    explorer: Explorer, tenants: Tenants, question: Question
) -> tuple[list[Spot], Spot | None]:
    """What is found by its words, and where the next page begins: it may be short of others."""
    hits = _hits(explorer, tenants, question)
    found: list[Spot] = []
    for index in hits:
        leaves = explorer.reader.read(question.tenant, index, 1)
        if _fitting(explorer, question, leaves):
            (one,) = readable(leaves)
            found.append(Spot(one.at, one.index))
        if len(found) == question.limit:
            return found, found[-1]
    return found, Spot(0, hits[-1]) if len(hits) == LOOKED_AT else None


def _hits(explorer: Explorer, tenants: Tenants, question: Question) -> list[int]:
    if not explorer.search:
        raise SearchUnavailable(
            "words are not indexed here: set search = true and start again; "
            "every other filter works without",
            retry_after_s=60,
        )
    before = question.before.index if question.before else None
    try:
        with reading(explorer.read) as db:
            return store.search(db, tenants, question.wanted.words, before, LOOKED_AT)
    except DBAPIError as error:
        raise SearchUnavailable(
            f"the index of words cannot be used ({error.orig}); every other filter works; "
            "make it anew with: quarterdeck trail projections rebuild search"
        ) from error


def _leaves(reader: Reader, tenant: str, indices: Sequence[int]) -> dict[int, Leaf]:
    """Leaves by index: those of one bundle by one look into it, and none hashed but they."""
    found: dict[int, Leaf] = {}
    for _, group in groupby(sorted(indices), key=lambda index: index // tiles.WIDTH):
        together = list(group)
        first = together[0]
        entries = reader.entries(tenant, first, together[-1] - first + 1)
        for index in together:
            entry = entries[index - first] if index - first < len(entries) else b""
            if entry:
                found[index] = Leaf(index=index, hash=leaf_hash(entry), entry=entry)
            else:  # purged: its hash stands elsewhere
                found |= {leaf.index: leaf for leaf in reader.read(tenant, index, 1)}
    return found


def _treatment(work: Work, tenant: str) -> Treat:
    @cache
    def treat(cls: str) -> Treatment:
        return policy.treatment(work, tenant, cls)

    return treat


def _proof(
    reader: Reader, tenant: str, indices: Sequence[int], signed: Checkpoint | None
) -> Proof | None:
    proven = [index for index in indices if signed and index < signed.size]
    if signed is None or not proven:
        return None
    tile = cache(lambda level, start: reader.hashes(tenant, level, start, tiles.WIDTH))

    def hashes(level: int, start: int, count: int) -> Sequence[bytes]:
        inside = start % tiles.WIDTH
        return tile(level, start - inside)[inside : inside + count]

    found = multi.prove(hashes, proven, signed.size)
    return Proof(indices=tuple(proven), hashes=tuple(found), checkpoint=signed)
