"""OpenSLO v1, written: what ``reading`` reads again as the same. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

import yaml

from quarterdeck.kernel.dumper import Dumper
from quarterdeck.operations.slos.model.openslo import (
    VERSION,
    AlertCondition,
    AlertNotificationTarget,
    AlertPolicy,
    DataSource,
    Metadata,
    Object,
    Objective,
    Ratio,
    Service,
    Sli,
    Slo,
    Source,
    kind_of,
)
from quarterdeck.operations.slos.model.spans import Window

Plain = dict[str, Any]


def write(objects: Iterable[Object]) -> str:
    """YAML of ``objects``, a document each."""
    return yaml.dump_all(
        map(document, objects), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )


def document(one: Object) -> Plain:
    """An object as OpenSLO lays it out. Every scalar is a text, but flags and numbers."""
    return {
        "apiVersion": VERSION,
        "kind": kind_of(one),
        "metadata": _metadata(one.metadata),
        "spec": _spec(one),
    }


def _metadata(one: Metadata) -> Plain:
    labels = {k: v[0] if len(v) == 1 else list(v) for k, v in one.labels.items()}
    return _filled(
        name=one.name,
        displayName=one.display_name,
        labels=labels,
        annotations=dict(one.annotations),
    )


def _spec(one: Object) -> Plain:  # noqa: PLR0911  one for each kind
    match one:
        case Slo():
            return _slo(one)
        case Sli():
            return _sli(one)
        case Service():
            return _filled(description=one.description)
        case DataSource():
            details = _plain(one.connection)
            return _filled(description=one.description, type=one.type, connectionDetails=details)
        case AlertCondition():
            return _condition(one)
        case AlertNotificationTarget():
            return _filled(description=one.description, target=one.target)
        case AlertPolicy():
            return _policy(one)


def _slo(one: Slo) -> Plain:
    inline = isinstance(one.indicator, Sli)
    return _filled(
        description=one.description,
        service=one.service,
        indicatorRef="" if inline else one.indicator,
        indicator=_inline(one.indicator) if isinstance(one.indicator, Sli) else None,
        timeWindow=[_window(one.window)],
        budgetingMethod=one.budgeting.value,
        objectives=[_objective(each) for each in one.objectives],
        alertPolicies=[_or_ref(each, "alertPolicyRef") for each in one.policies],
    )


def _sli(one: Sli) -> Plain:
    if isinstance(one.measure, Ratio):
        return _filled(description=one.description, ratioMetric=_ratio(one.measure))
    return _filled(description=one.description, thresholdMetric=_source(one.measure.source))


def _ratio(one: Ratio) -> Plain:
    found: Plain = {"counter": one.counter}
    for name in ("good", "bad", "total", "raw"):
        source = getattr(one, name)
        if source is not None:
            found[name] = _source(source)
    if one.raw is not None:
        found["rawType"] = one.raw_type.value
    return found


def _source(one: Source) -> Plain:
    return {"metricSource": _filled(metricSourceRef=one.ref, type=one.type, spec=_plain(one.spec))}


def _window(one: Window) -> Plain:
    found: Plain = {"duration": str(one.span), "isRolling": one.rolling}
    if one.calendar is not None:
        start, zone = one.calendar.start.isoformat(" "), one.calendar.zone
        found["calendar"] = {"startTime": start, "timeZone": zone}
    return found


def _objective(one: Objective) -> Plain:
    return _filled(
        displayName=one.display_name,
        op=one.op.value if one.op else "",
        value="" if one.value is None else _Number(one.value),
        target=_Number(one.target),
        timeSliceTarget="" if one.slice_target is None else _Number(one.slice_target),
        timeSliceWindow=str(one.slice_window) if one.slice_window else "",
    )


def _condition(one: AlertCondition) -> Plain:
    rate = _filled(
        kind="burnrate",
        op=one.op.value,
        threshold=_Number(one.threshold),
        lookbackWindow=str(one.lookback),
        alertAfter=str(one.after) if one.after else "",
    )
    return _filled(description=one.description, severity=one.severity, condition=rate)


def _policy(one: AlertPolicy) -> Plain:
    return _filled(
        description=one.description,
        alertWhenNoData=one.when_no_data,
        alertWhenResolved=one.when_resolved,
        alertWhenBreaching=one.when_breaching,
        conditions=[_or_ref(each, "conditionRef") for each in one.conditions],
        notificationTargets=[_or_ref(each, "targetRef") for each in one.targets],
    )


def _or_ref(one: str | Object, ref: str) -> Plain:
    return {ref: one} if isinstance(one, str) else _inline(one, kind=kind_of(one))


def _inline(one: Object, **more: str) -> Plain:
    return {**more, "metadata": _metadata(one.metadata), "spec": _spec(one)}


def _plain(spec: Mapping[str, Any]) -> Plain:
    return dict(spec)


def _filled(**fields: object) -> Plain:
    return {name: one for name, one in fields.items() if one not in ("", None, [], {})}


class _Number(str):
    """A number that is written with the digits it has."""

    __slots__ = ()

    def __new__(cls, value: object) -> Self:
        return super().__new__(cls, f"{value:f}")


class _Dumper(Dumper):
    """It, and numbers with their digits."""


def _represent(dumper: yaml.SafeDumper, one: _Number) -> yaml.ScalarNode:
    tag = "tag:yaml.org,2002:float" if "." in one else "tag:yaml.org,2002:int"
    return dumper.represent_scalar(tag, str(one))


_Dumper.add_representer(_Number, _represent)
