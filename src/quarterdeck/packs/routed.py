"""Routing as packs declare it: one configuration a tenant, named by its id, or _platform.

A receiver names channels and policies: what is secret is put into a channel, by people.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

from quarterdeck.kernel.work import TenantNotFound, Work
from quarterdeck.operations.routing.model import NoRouting
from quarterdeck.operations.routing.reading import read
from quarterdeck.operations.routing.service import configuring

Spec = Mapping[str, Any]


class RoutingSpec(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A configuration in the form of Alertmanager's."""

    route: dict[str, Any]
    receivers: list[dict[str, Any]]
    inhibit_rules: list[dict[str, Any]] = []
    time_intervals: list[dict[str, Any]] = []

    def __post_init__(self) -> None:
        """Refuse what is no configuration."""
        read(written(self))


def written(spec: RoutingSpec) -> str:
    """The document that people would write."""
    return yaml.safe_dump(msgspec.to_builtins(spec), sort_keys=False, allow_unicode=True)


def routing(work: Work, name: str) -> Spec | None:
    """The configuration of that tenant, as a spec."""
    try:
        found = configuring.current(work, name)
    except (NoRouting, TenantNotFound):
        return None
    said: Spec = yaml.safe_load(found.text)
    return {name: value for name, value in said.items() if value}


def put_routing(work: Work, name: str, spec: RoutingSpec) -> None:
    """Have that configuration hold, in place of all that the tenant had."""
    configuring.apply(work, name, written(spec))


def routing_names(work: Work) -> list[str]:
    """The tenants that have one."""
    return configuring.configured(work)
