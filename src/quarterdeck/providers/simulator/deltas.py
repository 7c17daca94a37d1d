"""Delta queries of a simulated Microsoft Graph: what changed between two looks at a directory.

Source: https://learn.microsoft.com/graph/delta-query-overview. A token stands for a picture of
the collection: the chosen fields of each object, and who is in which group. What differs from
the picture is what changed; a token is good for seven days, and for no other collection.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec

from quarterdeck.providers.simulator.answers import Refused
from quarterdeck.providers.simulator.estate import Json, guid

LIFE = timedelta(days=7)
KEPT = 2 * LIFE
"""A token that is older than LIFE is known to have been one for so long."""

OPEN = 32
MEMBERS = "members"
RESTORABLE = {"@removed": {"reason": "changed"}}
"""A directory object that was deleted can be brought back for 30 days: not ``deleted``."""

LEFT = {"@removed": {"reason": "deleted"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A collection at one moment.

    Attributes:
        fields: that are tracked; ``members`` among them tracks who is in which group.
        objects: encoded, by id.
        members: of each group, by id; empty where they are not tracked.
    """

    tenant: str
    path: str
    fields: tuple[str, ...]
    at: datetime
    objects: Mapping[str, bytes]
    members: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A list of changes that is being read, and the token that comes after its last page."""

    tenant: str
    items: Sequence[bytes]
    token: str


class Deltas:
    """The tokens and open sessions of a simulated cloud."""

    def __init__(self) -> None:
        self._pictures: dict[str, Picture] = {}
        self._sessions: dict[str, Session] = {}
        self._count = 0

    def keep(self, picture: Picture) -> str:
        """A token for a picture."""
        token = self._name("token")
        good = {t: old for t, old in self._pictures.items() if picture.at - old.at <= KEPT}
        self._pictures = good | {token: picture}
        return token

    def open(self, session: Session) -> str:
        """A name for a list of changes, for its pages."""
        name = self._name("session")
        self._sessions = dict([*self._sessions.items()][1 - OPEN :]) | {name: session}
        return name

    def session(self, name: str, tenant: str) -> Session:
        """An open list of changes; refuses one that is not of this directory."""
        found = self._sessions.get(name)
        if found is None or found.tenant != tenant:
            raise anew()
        return found

    def picture(self, token: str, tenant: str, path: str, now: datetime) -> Picture:
        """What a token stands for; refuses one that is unknown, too old, or of another listing."""
        found = self._pictures.get(token)
        if found is None or (found.tenant, found.path) != (tenant, path):
            raise anew()
        if now - found.at > LIFE:
            words = "The sync state generation is not found. The delta token is expired and data"
            raise Refused(400, "syncStateNotFound", f"{words} must be synchronized again.")
        return found

    def forget(self) -> None:
        """No token is good any more, as after maintenance of the true cloud."""
        self._pictures.clear()
        self._sessions.clear()

    def hush(self, now: Mapping[tuple[str, str], Picture]) -> None:
        """Let the pictures be as it is ``now``: what changed until here is never told."""
        for token, old in self._pictures.items():
            new = now.get((old.tenant, old.path))
            if new is not None:
                members = new.members if MEMBERS in old.fields else {}
                objects = narrowed(new, old.fields)
                self._pictures[token] = replace(old, objects=objects, members=members)

    def _name(self, kind: str) -> str:
        self._count += 1
        return guid("delta", kind, str(self._count))


def anew() -> Refused:
    """The state behind a token is gone: the client has to read everything again."""
    words = "Resync required. Replace any local items with the server's version."
    return Refused(410, "resyncRequired", words)


def narrowed(picture: Picture, fields: Iterable[str]) -> dict[str, bytes]:
    """The objects of a picture with fewer fields."""
    return {id_: chosen(msgspec.json.decode(one), fields) for id_, one in picture.objects.items()}


def chosen(item: Mapping[str, object], fields: Iterable[str]) -> bytes:
    """An object with the fields that are tracked, encoded: in one order, whatever was asked."""
    kept = {name: item.get(name) for name in sorted({*fields, "id"} - {MEMBERS})}
    return msgspec.json.encode(kept)


def difference(before: Picture, now: Picture) -> list[bytes]:
    """What a delta query tells: each object that is new, other or gone, in any order."""
    told = [
        change
        for id_, body in now.objects.items()
        if (change := changed(id_, body, before, now)) is not None
    ]
    gone = [{"id": id_} | RESTORABLE for id_ in before.objects.keys() - now.objects.keys()]
    return [msgspec.json.encode(one) for one in [*told, *sorted(gone, key=str)]]


def changed(id_: str, body: bytes, before: Picture, now: Picture) -> Json | None:
    """What is told of one object; None where it is as it was.

    All that is tracked and was ever set, and what is null now and was not.
    """
    old = before.objects.get(id_)
    groups = regrouped(before.members.get(id_, {}), now.members.get(id_, {}))
    if body == old and not groups:
        return None
    was = msgspec.json.decode(old) if old is not None else {}
    fields = msgspec.json.decode(body)
    told = {n: v for n, v in fields.items() if v is not None or was.get(n) is not None}
    return told | ({"members@delta": groups} if groups else {})


def regrouped(before: Mapping[str, str], now: Mapping[str, str]) -> list[Json]:
    """Who came into a group, and who left it; types by id."""
    came = [{"@odata.type": now[one], "id": one} for one in sorted(now.keys() - before.keys())]
    left = sorted(before.keys() - now.keys())
    return came + [{"@odata.type": before[one], "id": one} | LEFT for one in left]
