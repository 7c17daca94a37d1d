"""Answering pipe queries over rows. Pure; what is not there is null, and null is never less."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cmp_to_key
from itertools import islice
from math import ceil, inf
from typing import Any

from quarterdeck.operations.logs.model.entry import REQUEST, Entry, UnusableQuestion
from quarterdeck.operations.logs.model.pipe import (
    Call,
    Column,
    Count,
    Expression,
    Literal,
    Order,
    Project,
    Query,
    Step,
    Summarize,
    Take,
    Where,
)

Row = dict[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_GROUPS, MOST_KEPT = 10_000, 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A side on which a time range ends.

    Attributes:
        signs: with ``timestamp`` on their left they bound it so; turned: on their right.
        narrow, widen: of several bounds, the one for all of them, and for any.
    """

    signs: tuple[str, ...]
    turned: tuple[str, ...]
    narrow: Callable[[Iterable[datetime]], datetime]
    widen: Callable[[Iterable[datetime]], datetime]


LATER = Side(signs=(">", ">="), turned=("<", "<="), narrow=max, widen=min)
EARLIER = Side(signs=("<", "<="), turned=(">", ">="), narrow=min, widen=max)


def row_of(entry: Entry) -> Row:
    """A line as a row: its fields, and names that Application Insights has for some."""
    row: Row = dict(entry.fields)
    row |= {
        "timestamp": entry.at,
        "level": entry.level,
        "message": entry.event,
        "cloud_RoleName": entry.service,
    }
    if entry.event == REQUEST:
        row |= {
            "name": f"{row.get('method', '')} {row.get('path', '')}".strip(),
            "duration": row.get("duration_ms"),
            "resultCode": row.get("status"),
            "success": isinstance(row.get("status"), int) and row["status"] < 400,  # noqa: PLR2004
        }
    return row


def belongs(entry: Entry, table: str) -> bool:
    """Whether a line is a row of ``table``."""
    if table == "requests":
        return entry.event == REQUEST
    if table == "exceptions":
        return "exception" in entry.fields
    return True


def answer(query: Query, rows: Iterable[Row], now: datetime) -> list[Row]:
    """The rows that ``query`` makes of those of its table.

    Raises:
        UnusableQuestion: it would take too many groups or rows at once.
    """
    made: Iterable[Row] = rows
    for step in query.steps:
        made = _stepped(step, made, now)
    return list(islice(_bounded(made), MOST_GROUPS))


def since_of(query: Query, now: datetime) -> datetime | None:
    """From when on rows can matter: by the first steps, where they say so."""
    found = [_bound(one, now, LATER) for one in _conditions(query)]
    return max((at for at in found if at), default=None)


def until_of(query: Query, now: datetime) -> datetime | None:
    """Until when rows can matter, that instant with them."""
    found = [_bound(one, now, EARLIER) for one in _conditions(query)]
    return min((at for at in found if at), default=None)


def _conditions(query: Query) -> Iterator[Expression]:
    for step in query.steps:
        if not isinstance(step, Where):
            return
        yield step.condition


def _bound(of: Expression, now: datetime, side: Side) -> datetime | None:
    match of:
        case Call("and" | "or" as name, (left, right)):
            found = [at for one in (left, right) if (at := _bound(one, now, side)) is not None]
            if name == "and":
                return side.narrow(found) if found else None
            return side.widen(found) if len(found) > 1 else None
        case Call(sign, (Column("timestamp"), limit)) if sign in side.signs:
            return _instant(limit, now)
        case Call(sign, (limit, Column("timestamp"))) if sign in side.turned:
            return _instant(limit, now)
        case _:
            return None


def _instant(of: Expression, now: datetime) -> datetime | None:
    value = _value(of, {}, now)
    return value if isinstance(value, datetime) else None


def _stepped(step: Step, rows: Iterable[Row], now: datetime) -> Iterable[Row]:
    match step:
        case Where(condition):
            return (row for row in rows if _value(condition, row, now) is True)
        case Project():
            return (_projected(step, row, now) for row in rows)
        case Summarize():
            return _summarized(step, rows, now)
        case Order(by):
            return _ordered(by, list(_bounded(rows)), now)
        case Take(many):
            return islice(rows, many)
        case Count():
            return [{"Count": sum(1 for _ in rows)}]


def _bounded(rows: Iterable[Row]) -> Iterator[Row]:
    for kept, row in enumerate(rows):
        if kept >= MOST_KEPT:
            raise UnusableQuestion(f"more than {MOST_KEPT} rows at once: ask of a shorter time")
        yield row


def _projected(step: Project, row: Row, now: datetime) -> Row:
    made = {one.name: _value(one.of, row, now) for one in step.makes}
    return row | made if step.keep else made


def _summarized(step: Summarize, rows: Iterable[Row], now: datetime) -> Iterator[Row]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in _bounded(rows):
        key = tuple(_grouping(_value(one.of, row, now)) for one in step.by)
        groups.setdefault(key, []).append(row)
        if len(groups) > MOST_GROUPS:
            raise UnusableQuestion(f"more than {MOST_GROUPS} groups: ask for wider bins")
    if not groups and not step.by:
        groups[()] = []
    for key in sorted(groups, key=cmp_to_key(_compare_keys)):
        named = dict(zip((one.name for one in step.by), key, strict=True))
        yield named | {m.name: _aggregated(m.of, groups[key], now) for m in step.makes}


def _grouping(value: Any) -> Any:  # noqa: ANN401  a cell
    # A list is equal to another by its words, as for tostring.
    return str(value) if isinstance(value, list | dict) else value


def _aggregated(of: Expression, rows: Sequence[Row], now: datetime) -> Any:  # noqa: ANN401  a cell
    if not isinstance(of, Call):
        raise UnusableQuestion("only aggregates are summarized")
    if of.name == "count":
        return len(rows)
    values = [_value(of.arguments[0], row, now) for row in rows]
    if of.name == "countif":
        return sum(value is True for value in values)
    if of.name == "dcount":
        return len({str(value) for value in values if value is not None})
    numbers = sorted(_number(v) for v in values if isinstance(v, int | float) and v is not True)
    if of.name == "percentile":
        return percentile(numbers, float(_value(of.arguments[1], {}, now)))
    return AGGREGATED[of.name](numbers) if numbers else None


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer that no floating number reaches
        return inf if value > 0 else -inf


AGGREGATED: dict[str, Callable[[list[float]], float]] = {
    "sum": sum,
    "avg": lambda numbers: sum(numbers) / len(numbers),
    "min": min,
    "max": max,
}


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile of numbers in order: one that is there; of none, none."""
    if not ordered:
        return None
    return ordered[max(0, ceil(share / 100 * len(ordered)) - 1)]


def _ordered(by: Sequence[tuple[Expression, bool]], rows: list[Row], now: datetime) -> list[Row]:
    for of, falls in reversed(by):
        key = cmp_to_key(_compare)
        rows.sort(key=lambda row: key(_value(of, row, now)), reverse=falls)
    return rows


def _value(of: Expression, row: Mapping[str, Any], now: datetime) -> Any:  # noqa: ANN401  a cell
    match of:
        case Literal(value):
            return value
        case Column(name):
            return row.get(name)
        case Call("and" | "or" as name, arguments):
            every = all if name == "and" else any
            return every(_value(one, row, now) is True for one in arguments)
        case Call("now", ()):
            return now
        case Call("ago", (length,)):
            return _ago(now, _value(length, row, now))
        case Call(name, arguments):
            return FUNCTIONS[name](*(_value(one, row, now) for one in arguments))


def _ago(now: datetime, length: Any) -> datetime:  # noqa: ANN401  a cell
    if not isinstance(length, timedelta):
        raise UnusableQuestion("ago takes a length of time, such as 1h")
    try:
        return now - length
    except OverflowError as error:
        raise UnusableQuestion("nothing was that long ago") from error


def _binned(value: Any, size: Any) -> Any:  # noqa: ANN401  cells
    try:
        if isinstance(value, datetime) and isinstance(size, timedelta):
            return EPOCH + (value - EPOCH) // size * size
        if isinstance(value, int | float) and isinstance(size, int | float):
            return value // size * size
    except ZeroDivisionError as error:
        raise UnusableQuestion("a bin is wider than nothing") from error
    except OverflowError:
        return None
    return None


def _arithmetic(apply: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def applied(left: Any, right: Any) -> Any:  # noqa: ANN401  cells
        try:
            return apply(left, right)
        except (TypeError, ZeroDivisionError, OverflowError):
            return None

    return applied


def _product(left: Any, right: Any) -> Any:  # noqa: ANN401  cells
    # Words times a number would be those words again and again, and fill the memory.
    return None if isinstance(left, str | list) or isinstance(right, str | list) else left * right


def _compare(left: Any, right: Any) -> int:  # noqa: ANN401  cells
    """By value where both are of a kind, else by their words; null is less than all."""
    if left is None or right is None:
        return (left is not None) - (right is not None)
    try:
        return int(left > right) - int(left < right)
    except TypeError:
        return (str(left) > str(right)) - (str(left) < str(right))


def _compare_keys(left: tuple[Any, ...], right: tuple[Any, ...]) -> int:
    return next((c for c in map(_compare, left, right) if c), 0)


def _than(holds: Callable[[int], bool]) -> Callable[[Any, Any], bool]:
    return lambda a, b: a is not None and b is not None and holds(_compare(a, b))


def _words(value: Any) -> str:  # noqa: ANN401  a cell
    return "" if value is None else str(value).casefold()


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "==": lambda a, b: _compare(a, b) == 0,
    "!=": lambda a, b: _compare(a, b) != 0,
    "=~": lambda a, b: _words(a) == _words(b),
    "<": _than(lambda c: c < 0),
    "<=": _than(lambda c: c <= 0),
    ">": _than(lambda c: c > 0),
    ">=": _than(lambda c: c >= 0),
    "contains": lambda a, b: _words(b) in _words(a),
    "has": lambda a, b: _words(b) in _words(a),
    "startswith": lambda a, b: _words(a).startswith(_words(b)),
    "endswith": lambda a, b: _words(a).endswith(_words(b)),
    "+": _arithmetic(lambda a, b: a + b),
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(_product),
    "/": _arithmetic(lambda a, b: a / b),
    "not": lambda a: a is not True,
    "bin": _binned,
    "tostring": lambda a: "" if a is None else str(a),
    "tolower": _words,
    "isempty": lambda a: a is None or a == "",
    "iff": lambda condition, a, b: a if condition is True else b,
}
