"""Data keys of subjects, unwrapped, for as long as they may stay in memory."""

from collections.abc import Collection
from datetime import datetime
from time import monotonic

from sqlalchemy import Engine

from quarterdeck.kernel.db import reading, writing
from quarterdeck.trail.keys import service as data_keys
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.seal import Sealer

LIFE_S = 60.0
MOST = 50_000

SubjectKey = tuple[str, Sealer]


class SubjectKeys:
    """Keys of one tenant's subjects. An erasure moves the access epoch: ask for a new one then."""

    def __init__(self, engine: Engine, keys: KeyStore, tenant: str) -> None:
        self._engine, self._keys, self._tenant = engine, keys, tenant
        self._known: dict[str, tuple[float, str, Sealer]] = {}

    def held(self, subjects: Collection[str]) -> dict[str, SubjectKey]:
        """Those of ``subjects`` that are in memory: the key's id, and what seals under it."""
        now, known = monotonic(), self._known
        return {s: known[s][1:] for s in subjects if s in known and known[s][0] > now}

    def load(self, subjects: Collection[str], now: datetime) -> dict[str, SubjectKey]:
        """Read their keys, and make those that are not there; durable when this returns."""
        with reading(self._engine) as db:
            standing = data_keys.data_keys_of(db, self._keys, self._tenant, subjects)
        new = [s for s in subjects if s not in standing]
        if new:
            with writing(self._engine) as db:
                standing |= data_keys.data_keys(db, self._keys, self._tenant, new, now)
        if len(self._known) > MOST:
            self._known = {}
        until = monotonic() + LIFE_S
        for subject, key in standing.items():
            self._known[subject] = (until, key.id, Sealer(key.secret))
        return {s: self._known[s][1:] for s in standing}
