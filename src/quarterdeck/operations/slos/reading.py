"""OpenSLO v1, read: each object of a text, or the reason why it is refused. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.slos.documents import Place, UnreadableSlo, documents
from quarterdeck.operations.slos.model.openslo import (
    KINDS,
    MAX_TEXT,
    VERSION,
    AlertCondition,
    AlertNotificationTarget,
    AlertPolicy,
    Budgeting,
    DataSource,
    Metadata,
    Object,
    Objective,
    Op,
    Ratio,
    RawType,
    Service,
    Sli,
    Slo,
    Source,
    Threshold,
)
from quarterdeck.operations.slos.model.spans import Calendar, Span, Unit, Window, span

TOP = ("apiVersion", "kind", "metadata", "spec")
MOST = 500
"""Objects of one text."""

Fields = Mapping[str, Place]
T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a text is.

    Attributes:
        notes: how something was understood that could be understood otherwise.
    """

    objects: tuple[Object, ...]
    notes: tuple[str, ...] = ()


def read(text: str) -> Read:
    """The objects of ``text``, in its order.

    Raises:
        UnreadableSlo: says where, what was expected, and what stands there.
    """
    reader = _Reader([])
    objects = tuple(reader.object_at(one) for one in documents(text))
    if not objects:
        raise UnreadableSlo("there is no object in it")
    if len(objects) > MOST:
        raise UnreadableSlo(f"{len(objects)} objects, at most {MOST} in one text")
    return Read(objects=objects, notes=tuple(reader.notes))


@dataclass(frozen=True, slots=True)
class _Reader:
    notes: list[str]

    def object_at(self, at: Place) -> Object:
        top = at.fields(TOP)
        version = needed(at, top, "apiVersion").text()
        if version != VERSION:
            raise top["apiVersion"].fault(f"expected {VERSION}, got {version[:40]!r}")
        kind = needed(at, top, "kind").text()
        if kind not in KINDS:
            raise top["kind"].fault(f"expected one of {', '.join(KINDS)}, got {kind[:40]!r}")
        metadata = _metadata(needed(at, top, "metadata"))
        spec = needed(at, top, "spec")
        return self._of_kind(kind, metadata, spec)

    def _of_kind(self, kind: str, metadata: Metadata, spec: Place) -> Object:
        readers: dict[str, Callable[[Metadata, Place], Object]] = {
            "Service": _service,
            "DataSource": _data_source,
            "SLI": _sli,
            "AlertNotificationTarget": _target,
            "AlertCondition": _condition,
            "AlertPolicy": _policy,
            "SLO": self._slo,
        }
        return built(spec, lambda: readers[kind](metadata, spec))

    def _slo(self, metadata: Metadata, spec: Place) -> Slo:
        fields = spec.fields(SLO)
        policies = fields.get("alertPolicies")
        objectives = needed(spec, fields, "objectives").items()
        return Slo(
            metadata=metadata,
            description=_description(fields),
            service=needed(spec, fields, "service").text(),
            indicator=_indicator(spec, fields),
            window=self._window(needed(spec, fields, "timeWindow")),
            budgeting=choice(Budgeting, needed(spec, fields, "budgetingMethod")),
            objectives=tuple(built(one, lambda one=one: _objective(one)) for one in objectives),  # type: ignore[misc]  # mypy: a lambda's default
            policies=tuple(map(_policy_or_name, policies.items())) if policies else (),
        )

    def _window(self, at: Place) -> Window:
        windows = at.items()
        if len(windows) != 1:
            raise at.fault(f"expected one window, got {len(windows)}")
        fields = windows[0].fields(("duration", "isRolling", "calendar"))
        length = needed(windows[0], fields, "duration")
        if needed(windows[0], fields, "isRolling").flag():
            if "calendar" in fields:
                raise fields["calendar"].fault("a window that rolls has no calendar")
            return built(length, lambda: Window(span=span(length.text())))
        calendar = needed(windows[0], fields, "calendar")
        return built(length, lambda: self._calendar(length, calendar))

    def _calendar(self, length: Place, at: Place) -> Window:
        said = span(length.text())
        if said.unit is Unit.MINUTE:
            said = Span(said.count, Unit.MONTH)
            self.notes.append(
                f"{length.path}: {length.text()} is read as {said}: no calendar counts minutes, "
                "and OpenSLO writes a month with a capital M"
            )
        fields = at.fields(("startTime", "timeZone"))
        zone = needed(at, fields, "timeZone")
        try:
            ZoneInfo(zone.text())
        except (LookupError, ValueError, OSError) as error:
            raise zone.fault(f"expected a time zone such as Europe/Stockholm: {error}") from error
        start = _start(needed(at, fields, "startTime"), zone.text())
        return Window(span=said, calendar=Calendar(start, zone.text()))


SLO = (
    *("description", "service", "indicator", "indicatorRef", "timeWindow"),
    *("budgetingMethod", "objectives", "alertPolicies"),
)
OBJECTIVE = (
    *("displayName", "op", "value", "target", "targetPercent"),
    *("timeSliceTarget", "timeSliceWindow"),
)


def needed(at: Place, fields: Fields, name: str) -> Place:
    """The value of a field that must be there."""
    if name not in fields:
        raise at.fault(f"{name} is missing")
    return fields[name]


def built(at: Place, make: Callable[[], T]) -> T:
    """What ``make`` makes; where that cannot be, the fault says where it stands."""
    try:
        return make()
    except UnreadableSlo:
        raise
    except Invalid as error:
        raise at.fault(error) from error


def choice(kind: type[E], at: Place) -> E:
    """One of the words of ``kind``."""
    word = at.text()
    known = [str(one.value) for one in kind]
    if word not in known:
        raise at.fault(f"expected one of {', '.join(known)}, got {word[:40]!r}")
    return kind(word)


def _metadata(at: Place) -> Metadata:
    fields = at.fields(("name", "displayName", "labels", "annotations"))
    labels, notes = fields.get("labels"), fields.get("annotations")
    return built(
        at,
        lambda: Metadata(
            name=needed(at, fields, "name").text(),
            display_name=fields["displayName"].text() if "displayName" in fields else "",
            labels={k: _values(v) for k, v in _pairs(labels)} if labels else {},
            annotations={k: v.text() for k, v in _pairs(notes)} if notes else {},
        ),
    )


def _pairs(at: Place) -> list[tuple[str, Place]]:
    names = at.value if isinstance(at.value, dict) else ()
    return list(at.fields(names).items())


def _values(at: Place) -> tuple[str, ...]:
    if isinstance(at.value, list):
        return tuple(one.text() for one in at.items())
    return (at.text(),)


def _description(fields: Fields) -> str:
    return fields["description"].text(MAX_TEXT) if "description" in fields else ""


def _service(metadata: Metadata, spec: Place) -> Service:
    return Service(metadata=metadata, description=_description(spec.fields(("description",))))


def _data_source(metadata: Metadata, spec: Place) -> DataSource:
    fields = spec.fields(("description", "type", "connectionDetails"))
    connection = fields.get("connectionDetails")
    return DataSource(
        metadata=metadata,
        description=_description(fields),
        type=needed(spec, fields, "type").text(),
        connection=_spec(connection) if connection else {},
    )


def _spec(at: Place) -> Mapping[str, object]:
    if not isinstance(at.value, dict):
        raise at.fault("expected a mapping")
    found: Mapping[str, object] = at.plain()
    return found


def _sli(metadata: Metadata, spec: Place) -> Sli:
    fields = spec.fields(("description", "ratioMetric", "thresholdMetric"))
    ratio, threshold = fields.get("ratioMetric"), fields.get("thresholdMetric")
    if (ratio is None) is (threshold is None):
        raise spec.fault("expected either ratioMetric or thresholdMetric")
    return Sli(
        metadata=metadata,
        description=_description(fields),
        measure=_ratio(ratio) if ratio is not None else _threshold(threshold or spec),
    )


def _ratio(at: Place) -> Ratio:
    fields = at.fields(("counter", "good", "bad", "total", "raw", "rawType"))
    sources = {
        name: _source(fields[name]) for name in ("good", "bad", "total", "raw") if name in fields
    }
    raw_type = choice(RawType, fields["rawType"]) if "rawType" in fields else RawType.SUCCESS
    counter = fields["counter"].flag() if "counter" in fields else False
    return built(at, lambda: Ratio(counter=counter, raw_type=raw_type, **sources))


def _threshold(at: Place) -> Threshold:
    return Threshold(source=_source(at))


def _source(at: Place) -> Source:
    outer = at.fields(("metricSource",))
    source = needed(at, outer, "metricSource")
    fields = source.fields(("metricSourceRef", "type", "spec"))
    if "type" not in fields and "metricSourceRef" not in fields:
        raise source.fault("expected type, or metricSourceRef")
    return Source(
        ref=fields["metricSourceRef"].text() if "metricSourceRef" in fields else "",
        type=fields["type"].text() if "type" in fields else "",
        spec=_spec(fields["spec"]) if "spec" in fields else {},
    )


def _indicator(at: Place, fields: Fields) -> str | Sli:
    inline, ref = fields.get("indicator"), fields.get("indicatorRef")
    if (inline is None) is (ref is None):
        raise at.fault("expected either indicator or indicatorRef")
    if inline is None:
        return (ref or at).text()
    parts = inline.fields(("metadata", "spec"))
    spec = needed(inline, parts, "spec")
    metadata = _metadata(needed(inline, parts, "metadata"))
    return built(spec, lambda: _sli(metadata, spec))


def _objective(at: Place) -> Objective:
    fields = at.fields(OBJECTIVE)
    return Objective(
        target=_target_share(at, fields),
        display_name=fields["displayName"].text() if "displayName" in fields else "",
        op=choice(Op, fields["op"]) if "op" in fields else None,
        value=fields["value"].number() if "value" in fields else None,
        slice_target=fields["timeSliceTarget"].number() if "timeSliceTarget" in fields else None,
        slice_window=span(fields["timeSliceWindow"].text())
        if "timeSliceWindow" in fields
        else None,
    )


def _target_share(at: Place, fields: Fields) -> Decimal:
    target, percent = fields.get("target"), fields.get("targetPercent")
    if (target is None) is (percent is None):
        raise at.fault("expected either target or targetPercent")
    return target.number() if target else (percent or at).number().scaleb(-2)


def _target(metadata: Metadata, spec: Place) -> AlertNotificationTarget:
    fields = spec.fields(("description", "target"))
    return AlertNotificationTarget(
        metadata=metadata,
        description=_description(fields),
        target=needed(spec, fields, "target").text(),
    )


def _condition(metadata: Metadata, spec: Place) -> AlertCondition:
    fields = spec.fields(("description", "severity", "condition"))
    at = needed(spec, fields, "condition")
    rate = at.fields(("kind", "op", "threshold", "lookbackWindow", "alertAfter"))
    if "kind" in rate and rate["kind"].text() != "burnrate":
        raise rate["kind"].fault(f"expected burnrate, got {rate['kind'].text()[:40]!r}")
    after = rate.get("alertAfter")
    return AlertCondition(
        metadata=metadata,
        description=_description(fields),
        severity=needed(spec, fields, "severity").text(),
        op=choice(Op, rate["op"]) if "op" in rate else Op.GTE,
        threshold=needed(at, rate, "threshold").number(),
        lookback=span(needed(at, rate, "lookbackWindow").text()),
        after=None if after is None or after.text() in ("0", "0m") else span(after.text()),
    )


def _policy(metadata: Metadata, spec: Place) -> AlertPolicy:
    fields = spec.fields(
        (
            *("description", "alertWhenNoData", "alertWhenResolved", "alertWhenBreaching"),
            *("conditions", "notificationTargets"),
        )
    )
    flags = {
        ours: fields[theirs].flag() if theirs in fields else False
        for ours, theirs in (
            ("when_no_data", "alertWhenNoData"),
            ("when_resolved", "alertWhenResolved"),
            ("when_breaching", "alertWhenBreaching"),
        )
    }
    conditions, targets = fields.get("conditions"), fields.get("notificationTargets")
    return AlertPolicy(
        metadata=metadata,
        description=_description(fields),
        conditions=tuple(
            _or_name(one, "conditionRef", "AlertCondition", _condition)
            for one in (conditions.items() if conditions else ())
        ),
        targets=tuple(
            _or_name(one, "targetRef", "AlertNotificationTarget", _target)
            for one in (targets.items() if targets else ())
        ),
        **flags,
    )


def _policy_or_name(at: Place) -> str | AlertPolicy:
    if isinstance(at.value, str):
        return at.text()
    return _or_name(at, "alertPolicyRef", "AlertPolicy", _policy)


def _or_name(at: Place, ref: str, kind: str, make: Callable[[Metadata, Place], T]) -> str | T:
    """The name of an object that is elsewhere, or the object itself."""
    fields = at.fields((ref, "apiVersion", "kind", "metadata", "spec"))
    if ref in fields:
        return fields[ref].text()
    if "kind" in fields and fields["kind"].text() != kind:
        raise fields["kind"].fault(f"expected {kind}, got {fields['kind'].text()[:40]!r}")
    metadata, spec = _metadata(needed(at, fields, "metadata")), needed(at, fields, "spec")
    return built(spec, lambda: make(metadata, spec))


def _start(at: Place, zone: str) -> datetime:
    """As a clock in ``zone`` shows it; one with an offset of its own is moved there."""
    try:
        found = datetime.fromisoformat(at.text())
        if found.tzinfo is not None:
            found = found.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise at.fault(f"expected a time such as 2026-01-01 00:00:00: {error}") from error
    if not datetime(1970, 1, 1, tzinfo=UTC) < found.replace(tzinfo=UTC) < LATEST:
        raise at.fault("expected a time from 1970 to 2200")
    return found


LATEST = datetime(2200, 1, 1, tzinfo=UTC)
