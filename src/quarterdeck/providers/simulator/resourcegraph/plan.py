"""A query of Resource Graph as steps from rows to rows."""

from collections.abc import Callable, Sequence
from typing import Any

from quarterdeck.providers.simulator.estate import Json
from quarterdeck.providers.simulator.resourcegraph.kql import (
    Unparsable,
    Words,
    condition,
    literal,
    value,
)

TABLES = ("resources", "resourcecontainers")
Step = Callable[[list[Json]], list[Json]]


def plan(query: str) -> tuple[str, Sequence[Step]]:
    """The table that a query reads, in lower case, and its steps; raises Unparsable."""
    said = Words(query)
    table = said.peek()
    if table not in TABLES:
        table = "resources"
    else:
        said.take()
    steps = []
    if said.peek() and said.peek() != "|":
        steps.append(step(said))
    while said.met("|"):
        steps.append(step(said))
    if said.peek():
        raise said.unexpected("|")
    return table, steps


def step(said: Words) -> Step:
    """What stands after a bar."""
    token = said.take()
    maker = STEPS.get(token.text.lower())
    if maker is None:
        raise Unparsable(f"{token.text!r} at {token.at} is not simulated; {', '.join(STEPS)} are")
    return maker(said)


def where(said: Words) -> Step:
    """Rows that meet a condition."""
    test = condition(said)
    return lambda rows: [row for row in rows if test(row)]


def project(said: Words) -> Step:
    """Some columns, perhaps under another name."""
    columns = [column(said)]
    while said.met(","):
        columns.append(column(said))
    return lambda rows: [{name: value(row, path) for name, path in columns} for row in rows]


def extend(said: Words) -> Step:
    """Columns more."""
    columns = [column(said)]
    while said.met(","):
        columns.append(column(said))
    return lambda rows: [row | {name: value(row, path) for name, path in columns} for row in rows]


def column(said: Words) -> tuple[str, str]:
    """The name of a column and where it comes from: ``name`` or ``name = path``."""
    name = said.name()
    if not said.met("="):
        return name.replace(".", "_"), name
    if not said.met("tostring", "tolower", "tobool", "toint"):
        return name, said.name()
    said.expect("(")
    path = said.name()
    said.expect(")")
    return name, path


def order(said: Words) -> Step:
    """Rows in order; without a direction the greatest is first, as in Kusto."""
    said.expect("by")
    orders = [direction(said)]
    while said.met(","):
        orders.append(direction(said))

    def ordered(rows: list[Json]) -> list[Json]:
        for path, descending in reversed(orders):
            rows = sorted(rows, key=lambda row: rank(value(row, path)), reverse=descending)
        return rows

    return ordered


def direction(said: Words) -> tuple[str, bool]:
    """A column and whether the greatest comes first."""
    path = said.name()
    return path, not said.met("asc") and (said.met("desc") or True)


def rank(found: Any) -> tuple[bool, float, str]:  # noqa: ANN401  a column holds anything
    """A value's place in an order: nothing, then numbers, then texts."""
    if isinstance(found, (int, float)):
        return True, float(found), ""
    return found is not None, 0.0, "" if found is None else str(found)


def limit(said: Words) -> Step:
    """No more than so many rows."""
    most = literal(said)
    if not isinstance(most, float):
        raise Unparsable("expected a number of rows after limit")
    return lambda rows: rows[: int(most)]


def count(_said: Words) -> Step:
    """How many rows there are."""
    return lambda rows: [{"Count": len(rows)}]


def summarize(said: Words) -> Step:
    """How many rows there are of each value of some columns."""
    name = said.name()
    if said.met("="):
        said.expect("count")
    elif name.lower() != "count":
        raise said.unexpected("count()")
    else:
        name = "count_"
    said.expect("(")
    said.expect(")")
    columns = []
    if said.met("by"):
        columns.append(column(said))
        while said.met(","):
            columns.append(column(said))

    def counted(rows: list[Json]) -> list[Json]:
        found: dict[str, Json] = {}
        for row in rows:
            group = {label: value(row, path) for label, path in columns}
            one = found.setdefault(repr(group), group | {name: 0})
            one[name] += 1
        return [*found.values()]

    return counted


STEPS: dict[str, Callable[[Words], Step]] = {
    "where": where,
    "project": project,
    "extend": extend,
    "order": order,
    "sort": order,
    "limit": limit,
    "take": limit,
    "count": count,
    "summarize": summarize,
}
