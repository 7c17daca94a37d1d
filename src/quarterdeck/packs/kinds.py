"""The kinds of policy that a pack may hold. A feature that comes adds its kind here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import msgspec

from quarterdeck.access.limits import service as limits
from quarterdeck.access.limits.model import Rate
from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tenants.model import Change, NoSuchTenant
from quarterdeck.governance.programmes import service as programmes
from quarterdeck.governance.programmes.model import MANUAL, Phase, Programme, Requirement
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import TenantNotFound, Work
from quarterdeck.packs import (
    alerted,
    carded,
    escalated,
    graded,
    promised,
    reached,
    rostered,
    routed,
    told,
    watched,
    worded,
)
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.keeping import Retention
from quarterdeck.trail.policy.model import Classification
from quarterdeck.trail.policy.model import Kind as PolicyKind

Spec = Mapping[str, Any]


class TenantSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A tenant as a pack declares it; its id is the item's name."""

    name: str
    description: str = ""
    owner: str = ""
    purpose: str = ""


class RateSpec(msgspec.Struct, forbid_unknown_fields=True):
    """How often a tenant may ask; the item's name is the tenant's id."""

    per_minute: int
    burst: int


class PhaseSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A phase of a programme."""

    id: str
    title: str
    weight: int = 1
    due: date | None = None


class RequirementSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A requirement of a programme; without a measure, people decide it."""

    id: str
    title: str
    phase: str
    weight: int = 1
    measure: str = MANUAL
    about: str = ""
    at_least: float | None = None
    at_most: float | None = None


class ProgrammeSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A programme; its name is the item's."""

    title: str
    deadline: date
    phases: list[PhaseSpec]
    requirements: list[RequirementSpec]
    description: str = ""


class ClassificationSpec(msgspec.Struct, forbid_unknown_fields=True):
    """Which field of an event is how secret; the item's name is the tenant's id, or _platform."""

    rules: list[dict[str, str]] = []
    default: str = "restricted"

    def __post_init__(self) -> None:
        """Write every member out, as what stands is: so the same rules compare as the same."""
        self.rules = Classification.of(msgspec.structs.asdict(self)).document["rules"]


class RetentionSpec(msgspec.Struct, forbid_unknown_fields=True):
    """How long records are kept; the item's name is the tenant's id, or _platform."""

    classes: dict[str, dict[str, int]] = {}
    backups_days: int = 35
    purge: Literal["by-hand", "daily"] = "by-hand"

    def __post_init__(self) -> None:
        """Refuse what no retention policy may say."""
        Retention.of(msgspec.structs.asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of policy.

    Attributes:
        form: what a spec must be.
        standing: what stands under a name, as a spec; None where nothing does.
        put: make what stands be as the spec says.
        names: the names under which something stands.
        shape: of a name, as TENANT/RULE; empty: it has no parts.
    """

    form: type[msgspec.Struct]
    standing: Callable[[Work, str], Spec | None]
    put: Callable[[Work, str, Any], None]
    names: Callable[[Work], list[str]]
    shape: str = ""

    def read(self, spec: Spec) -> msgspec.Struct:
        """``spec`` in its form; raise Invalid, saying what was expected."""
        try:
            return msgspec.convert(dict(spec), self.form)
        except msgspec.ValidationError as error:
            raise Invalid(str(error)) from error


def _tenant(work: Work, name: str) -> Spec | None:
    try:
        found = tenants.tenant_of(work, name)
    except (NoSuchTenant, TenantNotFound):
        return None
    return {
        "name": found.name,
        "description": found.description,
        "owner": found.owner,
        "purpose": found.purpose,
    }


def _put_tenant(work: Work, name: str, spec: TenantSpec) -> None:
    told = msgspec.structs.asdict(spec)
    if _tenant(work, name) is None:
        tenants.create(work, name, **told)
    else:
        tenants.change(work, name, Change(**told))


def _rate(work: Work, name: str) -> Spec | None:
    try:
        found = limits.rate_of(work, name)
    except TenantNotFound:
        return None
    return None if found is None else {"per_minute": found.per_minute, "burst": found.burst}


def _put_rate(work: Work, name: str, spec: RateSpec) -> None:
    limits.set_rate(work, name, Rate(per_minute=spec.per_minute, burst=spec.burst))


def _programme(work: Work, name: str) -> Spec | None:
    try:
        found = programmes.programme_of(work, name)
    except programmes.NoSuchProgramme:
        return None
    # Through JSON: a spec has lists where the model has tuples.
    fields: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
    del fields["name"]
    return fields


def _put_programme(work: Work, name: str, spec: ProgrammeSpec) -> None:
    programmes.define(
        work,
        Programme(
            name=name,
            title=spec.title,
            deadline=spec.deadline,
            description=spec.description,
            phases=tuple(Phase(**msgspec.structs.asdict(one)) for one in spec.phases),
            requirements=tuple(
                Requirement(**msgspec.structs.asdict(one)) for one in spec.requirements
            ),
        ),
    )


def _programme_names(work: Work) -> list[str]:
    return [programme.name for programme in programmes.defined(work)]


def _tenant_names(work: Work) -> list[str]:
    names = [t.id for t in tenants.visible(work) if t.open]
    return [str(name) for name in names]


def _rate_names(work: Work) -> list[str]:
    return [name for name in _tenant_names(work) if _rate(work, name) is not None]


def _classification(work: Work, name: str) -> Spec | None:
    try:
        found = policy.versions(work, name, PolicyKind.CLASSIFICATION)
    except TenantNotFound:
        return None
    return found[0].document if found else None


def _put_classification(work: Work, name: str, spec: ClassificationSpec) -> None:
    policy.put(work, name, PolicyKind.CLASSIFICATION, msgspec.structs.asdict(spec))


def _classification_names(work: Work) -> list[str]:
    return [p.tenant for p in policy.visible(work) if p.kind is PolicyKind.CLASSIFICATION]


def _retention(work: Work, name: str) -> Spec | None:
    try:
        found = policy.versions(work, name, PolicyKind.RETENTION)
    except TenantNotFound:
        return None
    # What an older release wrote lacks what it did not know.
    return Retention.of(found[0].document).document if found else None


def _put_retention(work: Work, name: str, spec: RetentionSpec) -> None:
    policy.put(work, name, PolicyKind.RETENTION, msgspec.structs.asdict(spec))


def _retention_names(work: Work) -> list[str]:
    return [p.tenant for p in policy.visible(work) if p.kind is PolicyKind.RETENTION]


KINDS: dict[str, Kind] = {
    "tenant": Kind(form=TenantSpec, standing=_tenant, put=_put_tenant, names=_tenant_names),
    "rate_limit": Kind(form=RateSpec, standing=_rate, put=_put_rate, names=_rate_names),
    "programme": Kind(
        form=ProgrammeSpec, standing=_programme, put=_put_programme, names=_programme_names
    ),
    "classification": Kind(
        form=ClassificationSpec,
        standing=_classification,
        put=_put_classification,
        names=_classification_names,
    ),
    "retention": Kind(
        form=RetentionSpec,
        standing=_retention,
        put=_put_retention,
        names=_retention_names,
    ),
    "environment": Kind(
        form=watched.EnvironmentSpec,
        shape=watched.ENVIRONMENT,
        standing=watched.environment,
        put=watched.put_environment,
        names=watched.environment_names,
    ),
    "service": Kind(
        form=watched.ServiceSpec,
        shape=watched.SERVICE,
        standing=watched.service,
        put=watched.put_service,
        names=watched.service_names,
    ),
    "slo": Kind(
        form=promised.SloSpec,
        shape=promised.SHAPE,
        standing=promised.slo,
        put=promised.put_slo,
        names=promised.slo_names,
    ),
    "alert-rule": Kind(
        form=alerted.AlertRuleSpec,
        shape=alerted.SHAPE,
        standing=alerted.alert_rule,
        put=alerted.put_alert_rule,
        names=alerted.alert_rule_names,
    ),
    "channel": Kind(
        form=told.ChannelSpec,
        shape=told.SHAPE,
        standing=told.channel,
        put=told.put_channel,
        names=told.channel_names,
    ),
    "card": Kind(
        form=carded.CardSpec,
        shape=carded.SHAPE,
        standing=carded.card,
        put=carded.put_card,
        names=carded.card_names,
    ),
    "contact": Kind(
        form=reached.ContactSpec,
        shape=reached.SHAPE,
        standing=reached.contact,
        put=reached.put_contact,
        names=reached.contact_names,
    ),
    "audience": Kind(
        form=worded.AudienceSpec,
        shape=worded.SHAPE,
        standing=worded.audience,
        put=worded.put_audience,
        names=worded.audience_names,
    ),
    "oncall-schedule": Kind(
        form=rostered.ScheduleSpec,
        shape=rostered.SHAPE,
        standing=rostered.schedule,
        put=rostered.put_schedule,
        names=rostered.schedule_names,
    ),
    "escalation_policy": Kind(
        form=escalated.PolicySpec,
        shape=escalated.SHAPE,
        standing=escalated.policy,
        put=escalated.put_policy,
        names=escalated.policy_names,
    ),
    "routing": Kind(
        form=routed.RoutingSpec,
        standing=routed.routing,
        put=routed.put_routing,
        names=routed.routing_names,
    ),
    "severity-ladder": Kind(
        form=graded.LadderSpec,
        standing=graded.ladder,
        put=graded.put_ladder,
        names=graded.ladder_names,
    ),
}
"""In the order in which they are applied: a limit needs its tenant."""
