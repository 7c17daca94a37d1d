"""A tenant's routing configuration: apply, look, test."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256

import structlog
from sqlalchemy import Connection

from quarterdeck.events.alerting import RoutingApplied
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.alerts.service import placing
from quarterdeck.operations.channels.service import keeping as channels
from quarterdeck.operations.messages.model import Where
from quarterdeck.operations.routing.model import (
    Config,
    NoRouting,
    Route,
    RoutingInvalid,
    Version,
)
from quarterdeck.operations.routing.reading import RESOLVE_TIMEOUT, read
from quarterdeck.operations.routing.secrets import hidden, refuse_hidden
from quarterdeck.operations.routing.store import configs, groups

log = structlog.get_logger("routing")

MOST_VERSIONS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a route would do with an alert.

    Attributes:
        muted: the time intervals that keep it silent now.
    """

    route: Route
    group: Mapping[str, str]
    key: str
    muted: tuple[str, ...]


def apply(work: Work, tenant: str, text: str) -> Version:
    """Have ``text`` say who hears of what, from now on; the same text again changes nothing.

    Alerts that fire are put together anew. What a receiver was told of a group it still knows:
    it is not told again before its time.

    Raises:
        RoutingInvalid: it has an error; says on which line.
    """
    own = work.require("routing:write", tenant)
    _check_channels(work, tenant, read(text))
    refuse_hidden(text)
    groups.take_turn(work.db, own, work.now)
    newest = configs.newest(work.db, own)
    if newest is not None and newest.text == text:
        return newest
    number = (newest.version if newest else 0) + 1
    made = Version(tenant=tenant, version=number, text=text, by=work.actor.id, at=work.now)
    configs.add(work.db, made)
    groups.clear(work.db, own)
    placing.unplace(work, own)
    digest = sha256(text.encode()).hexdigest()
    work.publish(RoutingApplied(tenant=tenant, version=str(number), digest=digest))
    return made


def current(work: Work, tenant: str) -> Version:
    """The configuration that holds, its secrets hidden; raise NoRouting."""
    own = work.require("alerts:read", tenant)
    found = configs.newest(work.db, own)
    if found is None:
        raise NoRouting(f"tenant {tenant} has no routing; quarterdeck alert routing apply FILE")
    return _hidden(found)


def configured(work: Work) -> list[str]:
    """The tenants that have a configuration, as far as the actor may see."""
    known = configs.configured(work.db)
    return sorted(one for one in known if work.actor.may("alerts:read", one))


def versions(work: Work, tenant: str) -> list[Version]:
    """Every version, newest first, secrets hidden."""
    own = work.require("alerts:read", tenant)
    return [_hidden(one) for one in configs.every(work.db, own, MOST_VERSIONS)]


def check(work: Work, tenant: str, text: str) -> Config:
    """What ``text`` would say; nothing changes. Raises RoutingInvalid."""
    work.require("alerts:read", tenant)
    found = read(text)
    refuse_hidden(text)
    _check_channels(work, tenant, found)
    return found


def tried(work: Work, tenant: str, labels: Mapping[str, str], text: str = "") -> list[Tried]:
    """The routes that an alert with these labels would take; by ``text``, if that is given."""
    work.require("alerts:read", tenant)
    config = read(text) if text else _held(work.db, tenant)
    if config is None:
        raise NoRouting(f"tenant {tenant} has no routing; quarterdeck alert routing apply FILE")
    if isinstance(config, RoutingInvalid):
        raise config
    return [
        Tried(
            route=route,
            group=route.group_of(labels),
            key=route.group_key(route.group_of(labels)),
            muted=config.muted(route, work.now),
        )
        for route in config.root.match(labels)
    ]


def config_of(db: Connection, tenant: str) -> Config | None:
    """The configuration that holds for a tenant, for whoever decides by it.

    None where there is none, or where it can be read no more: ``fault_of`` says so.
    """
    found = _held(db, tenant)
    return found if isinstance(found, Config) else None


def fault_of(db: Connection, tenant: str) -> str:
    """Why the configuration that holds can be read no more; empty: it can, or there is none."""
    found = _held(db, tenant)
    return str(found) if isinstance(found, RoutingInvalid) else ""


def _check_channels(work: Work, tenant: str, config: Config) -> None:
    """Refuse a channel that the tenant does not have, with its line."""
    named = [one for one in config.handed() if one.to.where is Where.CHANNEL]
    known = channels.names(work.db, tenant) if named else frozenset()
    for one in named:
        if one.to.name not in known:
            raise RoutingInvalid(one.line, f"tenant {tenant} has no channel {one.to.name!r}")


def _held(db: Connection, tenant: str) -> Config | RoutingInvalid | None:
    found = configs.newest(db, Tenants(frozenset({tenant})))
    return None if found is None else _read(tenant, found.version, found.text)


@lru_cache(maxsize=256)
def _read(tenant: str, version: int, text: str) -> Config | RoutingInvalid:
    """What was applied, read; the release that took it may have been less strict than this one.

    Whoever decides for many tenants goes on with the others: it is said once, and shown.
    """
    try:
        return read(text)
    except RoutingInvalid as error:
        log.exception("routing cannot be read", tenant=tenant, version=version, why=str(error))
        return error


def resolve_timeout(work: Work, tenant: str) -> timedelta:
    """After how long an alert ends of which nobody said when."""
    config = config_of(work.db, tenant)
    return config.resolve_timeout if config else RESOLVE_TIMEOUT


def _hidden(version: Version) -> Version:
    return replace(version, text=hidden(version.text))
