"""A page of the inventory in any order, by any filter: what makes it quick at a million.

Three ways lead to a page. A tag has its bearers in the order of types, and so has an owner:
they are walked, be they few or many. Where few resources can be meant, because few have the
finding or the part of a name, they are found first and sorted. Else the list is walked in its
order, and what is not meant is passed by: it is found often enough.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    false,
    func,
    select,
    tuple_,
    union,
    union_all,
)

from quarterdeck.governance.inventory.filters import Filter, Sort, Spot
from quarterdeck.governance.inventory.store import search
from quarterdeck.governance.inventory.store.labels import labels_of
from quarterdeck.governance.inventory.store.tables import findings, resources, tags
from quarterdeck.governance.inventory.waste import Verdict
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import ANY, Tenants

FEW = 2000
"""So many are fetched one by one and sorted faster than many are passed by."""

MERGED = 100  # tenants whose pages are merged; more are sorted

Order = tuple[Any, ...]

BY_TYPE = ("type_key", "name_key", "id")
COLUMNS = {Sort.TYPE: BY_TYPE, Sort.NAME: ("name_key", "id"), Sort.NEWEST: ("first_seen", "id")}


def rows(
    db: Connection, tenants: Tenants, wanted: Filter, after: Spot | None, limit: int
) -> Sequence[Any]:
    """The next ``limit`` rows of resources after a spot, each with its tags as ``labels``."""
    narrow = _few(db, wanted, in_order=wanted.sort is Sort.TYPE)
    if narrow is None and wanted.sort is Sort.TYPE and (wanted.tag or wanted.owner):
        query = _bearers(tenants, wanted, after, limit)
    else:
        query = _walk(tenants, wanted, narrow, after, limit)
    return db.execute(_labelled(query, wanted.sort)).all()


def count(db: Connection, tenants: Tenants, wanted: Filter) -> int:
    """How many resources a filter finds."""
    if wanted.tag and not _asks_more(wanted):
        return db.scalars(_bearers_of(tenants, wanted)).one()
    narrow = _few(db, wanted, in_order=False)
    query = select(func.count()).select_from(resources)
    if narrow is not None:
        return db.scalars(query.where(*_conditions(tenants, wanted, narrow))).one()
    # All of them are asked for: their ids are gathered once. Asked of each resource, as a
    # page does, it takes 18 s at a million.
    gathered = [resources.c.id.in_(source) for source in _sources(wanted)]
    plain = replace(wanted, tag="", owner="", finding="")
    return db.scalars(query.where(*_conditions(tenants, plain, None), *gathered)).one()


def _asks_more(wanted: Filter) -> bool:
    """Whether more is asked for than the index of tags can tell."""
    others = (wanted.owner, wanted.text, wanted.group, wanted.finding, wanted.seen_before)
    return any(others)


def _bearers_of(tenants: Tenants, wanted: Filter) -> Select[int]:
    # The index of tags alone is read, but for the few that are gone: to look at each of a
    # million resources that bear a tag takes a minute.
    query = select(func.count()).where(*_tag(wanted.tag), tenants.clause(tags.c.tenant))
    query = query.where(*_told_by_tags(wanted))
    if wanted.deleted:
        return query
    gone = select(resources.c.id).where(
        resources.c.deleted_at.is_not(None), tenants.clause(resources.c.tenant)
    )
    return query.where(tags.c.resource.not_in(gone))


def _told_by_tags(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    if wanted.type:
        yield tags.c.type_key == wanted.type.casefold()
    if wanted.location:
        yield tags.c.location == wanted.location.casefold().replace(" ", "")


def _few(db: Connection, wanted: Filter, *, in_order: bool) -> list[str] | None:
    """Ids of all that can be meant, if they are few.

    ``in_order``: a tag and an owner are left out, whose bearers can be had in order.
    """
    asked = replace(wanted, tag="", owner="") if in_order else wanted
    for query in _sources(asked):
        found: list[str] = list(db.scalars(query.limit(FEW + 1)))
        if len(found) <= FEW:
            return found
    return search.few(db, wanted.text, FEW) if wanted.text else None


def _sources(wanted: Filter) -> Iterator[Select[Any]]:
    if wanted.tag:
        yield select(tags.c.resource).where(*_tag(wanted.tag))
    if wanted.owner:
        yield select(tags.c.resource).where(*_owner(wanted))
    if wanted.finding:
        yield select(findings.c.resource).where(*_finding(wanted.finding))


def _walk(
    tenants: Tenants, wanted: Filter, narrow: list[str] | None, after: Spot | None, limit: int
) -> Select[Any]:
    query = select(resources).where(*_conditions(tenants, wanted, narrow))
    order = [resources.c[name] for name in COLUMNS[wanted.sort]]
    query = _past(query, order, wanted.sort, after)
    if narrow is not None or ANY in tenants.ids or not 1 < len(tenants.ids) <= MERGED:
        return query.order_by(*_directed(order, wanted.sort)).limit(limit)
    return _merged(query, tenants, wanted.sort, limit)


def _bearers(tenants: Tenants, wanted: Filter, after: Spot | None, limit: int) -> Select[Any]:
    if wanted.tag:
        return _bearing(tenants, wanted, _tag(wanted.tag), after, limit)
    # A resource may bear two of the tags that say an owner: once is enough, so no UNION ALL.
    pages = [
        select(_bearing(tenants, wanted, _valued(name, wanted.owner), after, limit).subquery())
        for name in wanted.owner_tags
    ]
    if not pages:  # where no tag says an owner, nothing has one
        return select(resources).where(false())
    every = union(*pages).subquery()
    return select(every).order_by(*(every.c[name] for name in BY_TYPE)).limit(limit)


def _bearing(
    tenants: Tenants,
    wanted: Filter,
    tagged: Sequence[ColumnElement[bool]],
    after: Spot | None,
    limit: int,
) -> Select[Any]:
    order = [tags.c.type_key, tags.c.sort_key, tags.c.resource]
    asked = wanted if wanted.tag else replace(wanted, owner="")
    query = (
        select(resources)
        .join_from(tags, resources, resources.c.id == tags.c.resource)
        .where(
            *tagged,
            tenants.clause(tags.c.tenant),
            *_conditions(tenants, replace(asked, tag=""), None),
        )
    )
    query = query.where(*_told_by_tags(wanted))
    return _past(query, order, wanted.sort, after).order_by(*order).limit(limit)


def _labelled(query: Select[Any], sort: Sort) -> Select[Any]:
    # Around the page, so that tags are gathered for what it shows, not for what was sorted.
    page = query.subquery("page")
    order = _directed([page.c[name] for name in COLUMNS[sort]], sort)
    return select(page, labels_of(page.c.id)).order_by(*order)


def _past(
    query: Select[Any], order: Sequence[ColumnElement[Any]], sort: Sort, after: Spot | None
) -> Select[Any]:
    if after is None:
        return query
    spot = tuple_(*order)
    return query.where(spot < tuple_(*after) if sort is Sort.NEWEST else spot > tuple_(*after))


def _directed(order: Sequence[ColumnElement[Any]], sort: Sort) -> list[ColumnElement[Any]]:
    return [column.desc() for column in order] if sort is Sort.NEWEST else list(order)


def _merged(query: Select[Any], tenants: Tenants, sort: Sort, limit: int) -> Select[Any]:
    # Each tenant's own page comes in order from its index. Asked for several at once, a
    # database finds all their rows first and sorts them: 130 ms instead of 5.
    own = _directed([resources.c[name] for name in COLUMNS[sort]], sort)
    pages = [
        query.where(resources.c.tenant == tenant).order_by(*own).limit(limit).subquery()
        for tenant in sorted(tenants.ids)
    ]
    every = union_all(*(select(page) for page in pages)).subquery()
    order = _directed([every.c[name] for name in COLUMNS[sort]], sort)
    return select(every).order_by(*order).limit(limit)


def _conditions(
    tenants: Tenants, wanted: Filter, narrow: list[str] | None
) -> Iterator[ColumnElement[bool]]:
    yield tenants.clause(resources.c.tenant)
    if narrow is not None:
        yield resources.c.id.in_(narrow)
    if not wanted.deleted:
        yield resources.c.deleted_at.is_(None)
    if wanted.seen_before is not None:
        yield resources.c.first_seen <= micros(wanted.seen_before)
    if wanted.text:
        yield resources.c.name_key.contains(wanted.text.casefold(), autoescape=True)
    yield from _words(wanted)
    if wanted.tag:
        yield _borne(*_tag(wanted.tag))
    if wanted.owner:
        yield _borne(*_owner(wanted))
    if wanted.finding:
        mine = findings.c.resource == resources.c.id
        yield select(findings.c.resource).where(mine, *_finding(wanted.finding)).exists()


def _words(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    if wanted.type:
        yield resources.c.type_key == wanted.type.casefold()
    if wanted.location:
        yield resources.c.location == wanted.location.casefold().replace(" ", "")
    if wanted.group:
        yield resources.c.group_key == wanted.group.casefold()


def _borne(*of: ColumnElement[bool]) -> ColumnElement[bool]:
    mine = tags.c.resource == resources.c.id
    return select(tags.c.resource).where(mine, *of).exists()


def _tag(tag: str) -> list[ColumnElement[bool]]:
    name, equals, value = tag.partition("=")
    return _valued(name, value) if equals else [tags.c.name_key == name.casefold()]


def _valued(name: str, value: str) -> list[ColumnElement[bool]]:
    return [tags.c.name_key == name.casefold(), tags.c.value == value]


def _owner(wanted: Filter) -> list[ColumnElement[bool]]:
    named = tags.c.name_key.in_([tag.casefold() for tag in wanted.owner_tags])
    return [named, tags.c.value == wanted.owner]


def _finding(rule: str) -> list[ColumnElement[bool]]:
    found = findings.c.verdict == Verdict.FOUND
    return [found] if rule == "any" else [found, findings.c.rule == rule]
