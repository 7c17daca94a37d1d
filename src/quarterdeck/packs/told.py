"""Channels as packs declare them; named TENANT/CHANNEL. A pack has no secret: people put it in."""

from collections.abc import Mapping
from typing import Any

import msgspec

from quarterdeck.kernel.work import TenantNotFound, Work
from quarterdeck.operations.channels.model.channel import Channel, Kind, NoSuchChannel
from quarterdeck.operations.channels.service import keeping
from quarterdeck.packs.naming import parts

Spec = Mapping[str, Any]
SHAPE = "TENANT/CHANNEL"
ANY = "any"  # a name that a channel may bear: its own stands in the item's


class ChannelSpec(msgspec.Struct, forbid_unknown_fields=True):
    """What is said of a channel."""

    kind: Kind
    to: list[str] = []
    place: str = ""
    url: str = ""
    mention: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse what no channel can be."""
        self.channel(ANY)

    def channel(self, name: str) -> Channel:
        """What it comes to, under a name."""
        said = {one.name: getattr(self, one.name) for one in msgspec.structs.fields(self)}
        return Channel(name=name, **said | {"to": tuple(self.to)})


def channel(work: Work, name: str) -> Spec | None:
    """The channel of that name, as a spec."""
    tenant, called = parts(name, SHAPE)
    try:
        found = keeping.one(work, tenant, called).channel
    except (NoSuchChannel, TenantNotFound):
        return None
    said = {key: value for key, value in msgspec.to_builtins(found).items() if key != "name"}
    # By way of the form: lists and tuples are the same in YAML, and not in Python.
    plain: Spec = msgspec.to_builtins(msgspec.convert(said, ChannelSpec))
    return plain


def put_channel(work: Work, name: str, spec: ChannelSpec) -> None:
    """Enter the channel of that name; the secret that it has stays."""
    tenant, called = parts(name, SHAPE)
    keeping.put(work, tenant, spec.channel(called))


def channel_names(work: Work) -> list[str]:
    """Every channel that there is."""
    return [f"{kept.tenant}/{kept.channel.name}" for kept in keeping.listed(work)]
