"""The kinds of policy that a pack may hold. A feature that comes adds its kind here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from quarterdeck.access.limits import service as limits
from quarterdeck.access.limits.model import Rate
from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tenants.model import Change, NoSuchTenant
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import TenantNotFound, Work

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of policy.

    Attributes:
        form: what a spec must be.
        standing: what stands under a name, as a spec; None where nothing does.
        put: make what stands be as the spec says.
        names: the names under which something stands.
    """

    form: type[msgspec.Struct]
    standing: Callable[[Work, str], Spec | None]
    put: Callable[[Work, str, Any], None]
    names: Callable[[Work], list[str]]

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


def _tenant_names(work: Work) -> list[str]:
    names = [t.id for t in tenants.visible(work) if t.open]
    return [str(name) for name in names]


def _rate_names(work: Work) -> list[str]:
    return [name for name in _tenant_names(work) if _rate(work, name) is not None]


KINDS: dict[str, Kind] = {
    "tenant": Kind(form=TenantSpec, standing=_tenant, put=_put_tenant, names=_tenant_names),
    "rate_limit": Kind(form=RateSpec, standing=_rate, put=_put_rate, names=_rate_names),
}
"""In the order in which they are applied: a limit needs its tenant."""
