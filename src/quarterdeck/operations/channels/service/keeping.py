"""Channels: written, removed, looked at; their secrets are never shown."""

from hashlib import sha256
from importlib.util import find_spec

import msgspec
from sqlalchemy import Connection

from quarterdeck.access.tenants import service as access
from quarterdeck.events.channels import ChannelRemoved, ChannelWritten
from quarterdeck.kernel import versions
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.channels.model.channel import (
    Channel,
    ChannelChanged,
    Kept,
    Kind,
    NoSuchChannel,
    UnusableChannel,
    check_secret,
)
from quarterdeck.operations.channels.ports import Safe
from quarterdeck.operations.channels.store import channels as store

READ, WRITE = "channels:read", "channels:write"
MOST = 500
"""Channels of one tenant, and shown at once."""

NO_APPRISE = "channels of kind apprise need its extra: pip install 'quarterdeck[apprise]'"
ISOLATED = f"{NO_APPRISE}, beside Quarterdeck: an isolated Python (-I) does not find it"


def put(
    work: Work,
    tenant: str,
    channel: Channel,
    *,
    secret: str = "",
    safe: Safe | None = None,
    expected: int | None = None,
) -> tuple[Kept, bool]:
    """Enter a channel, or change it; whether it changed: the same again is nothing new.

    ``secret`` takes the place of the one that it has; empty: that stays, unless it would be
    of another kind. ``safe`` seals it.

    Raises:
        ChannelChanged: it is not at the version that was ``expected``; 0: not there yet.
        UnusableChannel: the secret cannot be one of such a channel, or what it goes out by is
            not installed.
    """
    own = work.require(WRITE, tenant)
    if tenant != PLATFORM:
        access.require_open(work, tenant)
    if channel.kind is Kind.APPRISE and find_spec("apprise") is None:
        raise UnusableChannel(NO_APPRISE)
    if secret:
        check_secret(channel, secret)
    old = store.of_name(work.db, own, channel.name)
    versions.expect(f"channel {channel.name}", old.version if old else 0, expected, ChannelChanged)
    if old is not None and old.channel == channel and not secret:
        return old, False
    if old is None and store.count(work.db, own) >= MOST:
        raise UnusableChannel(f"a tenant has at most {MOST} channels")
    made = Kept(
        tenant=tenant,
        version=old.version + 1 if old else 1,
        by=work.actor.id,
        at=work.now,
        channel=channel,
        sealed=_sealed(tenant, channel, old, secret, safe),
    )
    if not store.put(work.db, own, made):
        raise _moved(channel.name)
    work.publish(_written(made, secret=bool(secret)))
    return made, True


def remove(work: Work, tenant: str, name: str, *, expected: int | None = None) -> None:
    """Take a channel away; raise NoSuchChannel, ChannelChanged."""
    own = work.require(WRITE, tenant)
    old = _found(work, own, name)
    versions.expect(f"channel {name}", old.version, expected, ChannelChanged)
    if not store.remove(work.db, own, name, old.version):
        raise _moved(name)
    work.publish(ChannelRemoved(tenant=tenant, channel=name, version=str(old.version)))


def one(work: Work, tenant: str, name: str) -> Kept:
    """One channel; raise NoSuchChannel."""
    return _found(work, work.require(READ, tenant), name)


def listed(
    work: Work, tenant: str = "", *, after: tuple[str, str] = ("", ""), limit: int = MOST
) -> list[Kept]:
    """Channels by tenant and name."""
    tenants = work.require(READ, tenant) if tenant else work.tenants(READ)
    return store.listed(work.db, tenants, after=after, limit=limit)


def usable(db: Connection, tenant: str, name: str) -> Kept | None:
    """A channel of a tenant, for whoever tells by it: it asks for no permission."""
    return store.of_name(db, Tenants(frozenset({tenant})), name)


def names(db: Connection, tenant: str) -> frozenset[str]:
    """The channels that a tenant has, for whoever checks what names them."""
    own = Tenants(frozenset({tenant}))
    return frozenset(kept.channel.name for kept in store.listed(db, own, limit=MOST))


def of_kind(db: Connection, tenant: str, kind: Kind) -> list[str]:
    """The channels of a tenant that go out by ``kind``: it asks for no permission."""
    own = Tenants(frozenset({tenant}))
    known = store.listed(db, own, limit=MOST)
    return [kept.channel.name for kept in known if kept.channel.kind is kind]


def of_place(db: Connection, tenant: str, place: str) -> list[str]:
    """The chats of a tenant that come out at ``place``: it asks for no permission."""
    own = Tenants(frozenset({tenant}))
    known = store.listed(db, own, limit=MOST)
    chats = (one.channel for one in known if one.channel.kind in (Kind.SLACK, Kind.TEAMS))
    return [channel.name for channel in chats if channel.place == place]


def everywhere(db: Connection, kind: Kind) -> list[Kept]:
    """Channels of every tenant that go out by ``kind``. For the doctor."""
    return store.everywhere(db, kind)


def secret_of(kept: Kept, safe: Safe) -> str:
    """A channel's secret, for sending alone; empty: it has none. Raises SecretLost."""
    return safe.open(kept.tenant, kept.channel.name, kept.sealed) if kept.sealed else ""


def _sealed(tenant: str, channel: Channel, old: Kept | None, secret: str, safe: Safe | None) -> str:
    if secret:
        if safe is None:
            raise UnusableChannel("no secret can be kept here")
        return safe.seal(tenant, channel.name, secret)
    # A key that was made for one receiver signs nothing for another.
    same = old is not None and (old.channel.kind, old.channel.url) == (channel.kind, channel.url)
    return old.sealed if old is not None and same else ""


def _found(work: Work, own: Tenants, name: str) -> Kept:
    kept = store.of_name(work.db, own, name)
    if kept is None:
        raise NoSuchChannel(
            f"no channel {name[:80]!r}; quarterdeck channel list shows which there are"
        )
    return kept


def _moved(name: str) -> ChannelChanged:
    return ChannelChanged(f"channel {name} was changed just now: look at it again")


def _written(made: Kept, *, secret: bool) -> ChannelWritten:
    spec = msgspec.json.encode(made.channel, order="sorted")
    return ChannelWritten(
        tenant=made.tenant,
        channel=made.channel.name,
        kind=made.channel.kind.value,
        version=str(made.version),
        digest=sha256(spec).hexdigest(),
        secret="changed" if secret else "kept",
    )
