"""The tree of routes, read; and lists of matchers in all their forms. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.routing.model import Route
from quarterdeck.operations.routing.nodes import DEEPEST, At
from quarterdeck.operations.silences.matchers import Matcher, Matchers, Operator, parse

ROUTE = (
    *("receiver", "group_by", "match", "match_re", "matchers", "continue", "routes"),
    *("group_wait", "group_interval", "repeat_interval"),
    *("mute_time_intervals", "active_time_intervals"),
)
NOT_AT_THE_ROOT = (
    *("match", "match_re", "matchers", "continue"),
    *("mute_time_intervals", "active_time_intervals"),
)
ALL = "..."
LABEL = re.compile(r"[^\s{}\"]+")


@dataclass(frozen=True, slots=True)
class _Known:
    receivers: Collection[str]
    intervals: Collection[str]


def read_root(at: At, receivers: Collection[str], intervals: Collection[str]) -> Route:
    """The tree at ``at``; raises RoutingInvalid."""
    fields = at.fields(ROUTE)
    if "receiver" not in fields:
        raise at.fault("root route must specify a default receiver")
    if strange := next((name for name in fields if name in NOT_AT_THE_ROOT), None):
        raise fields[strange].fault(f"root route must not have any {strange}")
    usual = Route(
        id="",
        key="",
        receiver="",
        matchers=(),
        group_by=(),
        group_wait=timedelta(seconds=30),
        group_interval=timedelta(minutes=5),
        repeat_interval=timedelta(hours=4),
    )
    return _route(at, usual, "0", _Known(receivers, intervals))


def matchers_of(fields: Mapping[str, At], new: str, old: str, old_re: str) -> Matchers:
    """What three fields say together: a list of texts, and two mappings of before."""
    found: list[Matcher] = []
    for name, operator in ((old, Operator.EQUAL), (old_re, Operator.MATCHES)):
        for key, value in fields[name].pairs() if name in fields else ():
            text = value.text() if operator is Operator.EQUAL else f"^(?:{value.text()})$"
            found.append(_checked(key, key.text(), operator, text))
    for one in fields[new].items() if new in fields else ():
        try:
            found += parse(one.text())
        except Invalid as error:
            raise one.fault(str(error)) from error
    return tuple(sorted(found, key=lambda m: (m.name, m.value, m.operator)))


def _route(at: At, parent: Route, place: str, known: _Known) -> Route:
    fields = at.fields(ROUTE)
    if place.count(".") > DEEPEST:
        raise at.fault(f"routes are nested deeper than {DEEPEST}")
    matchers = matchers_of(fields, "matchers", "match", "match_re")
    written = f"{{{','.join(map(str, matchers))}}}"
    receiver = fields["receiver"].text() if "receiver" in fields else parent.receiver
    if receiver not in known.receivers:
        raise fields["receiver"].fault(f"undefined receiver {receiver[:80]!r} used in route")
    own = Route(
        id=place,
        key=f"{parent.key}/{written}" if parent.key else written,
        receiver=receiver,
        matchers=matchers,
        group_by=_group_by(fields["group_by"]) if "group_by" in fields else parent.group_by,
        group_wait=_wait(fields, "group_wait", parent.group_wait, least=timedelta()),
        group_interval=_wait(fields, "group_interval", parent.group_interval),
        repeat_interval=_wait(fields, "repeat_interval", parent.repeat_interval),
        goes_on="continue" in fields and fields["continue"].flag(),
        mute=_named(fields, "mute_time_intervals", known.intervals),
        active=_named(fields, "active_time_intervals", known.intervals),
    )
    children = fields["routes"].items() if "routes" in fields else ()
    return _with(own, [_route(c, own, f"{place}.{n}", known) for n, c in enumerate(children)])


def _with(route: Route, children: Sequence[Route]) -> Route:
    values = {name: getattr(route, name) for name in Route.__dataclass_fields__}
    return Route(**values | {"routes": tuple(children)})


def _group_by(at: At) -> tuple[str, ...] | None:
    names = [one.text() for one in at.items()]
    if ALL in names:
        if len(names) > 1:
            raise at.fault(
                "cannot have wildcard group_by (`...`) and other labels at the same time"
            )
        return None
    if len(set(names)) < len(names):
        raise at.fault("duplicated label in group_by")
    if bad := next((name for name in names if not LABEL.fullmatch(name)), None):
        raise at.fault(f"invalid label name {bad[:80]!r} in group_by list")
    return tuple(names)


def _wait(
    fields: Mapping[str, At],
    name: str,
    inherited: timedelta,
    least: timedelta = timedelta(milliseconds=1),
) -> timedelta:
    if name not in fields:
        return inherited
    said = fields[name].duration()
    if said < least:
        raise fields[name].fault(f"{name} cannot be zero")
    return said


def _named(fields: Mapping[str, At], name: str, known: Collection[str]) -> tuple[str, ...]:
    found = [(one, one.text()) for one in fields[name].items()] if name in fields else []
    for one, called in found:
        if called not in known:
            raise one.fault(f"undefined time interval {called[:80]!r} used in route")
    return tuple(called for _, called in found)


def _checked(at: At, name: str, operator: Operator, value: str) -> Matcher:
    try:
        return Matcher(name, operator, value)
    except Invalid as error:
        raise at.fault(str(error)) from error
