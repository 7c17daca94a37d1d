"""The outbox relay: publishes what was appended, in order, each record once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import structlog
from prometheus_client import Histogram
from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.db import reading, writing
from quarterdeck.trail.deliveries.model import RELAY, Place, RecordRefused, TopicAway
from quarterdeck.trail.deliveries.ports import Topic
from quarterdeck.trail.deliveries.store import consumers as store
from quarterdeck.trail.deliveries.store.consumers import Step
from quarterdeck.trail.log.growth import Growth
from quarterdeck.trail.log.ports import Reader

LEASE = timedelta(seconds=15)
CHUNK = 10_000
"""Records of one log between two turns of the others."""

TIMED = 4  # records of a chunk, of which each is asked for when it was received
PUBLISHED_SECONDS = Histogram(
    "quarterdeck_ingest_published_seconds",
    "Time from a record being received until it was published.",
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15, 60),
)

log = structlog.get_logger(RELAY)


@dataclass(slots=True, kw_only=True)
class Relay:
    """One process's relay. Of all that run, one publishes."""

    engine: Engine
    reader: Reader
    topic: Topic
    clock: Clock
    lease: timedelta = LEASE
    holder: str = field(default_factory=lambda: uuid4().hex)
    growth: Growth = field(default_factory=Growth)

    def beat(self) -> int:
        """Publish what waits, a chunk a log; how many records."""
        sizes = self.growth.among(self.reader.sizes())
        behind = self._behind(sizes) if sizes else []
        return self._publish(behind) if behind and self._held() else 0

    def close(self) -> None:
        """Let another relay go on at once."""
        with writing(self.engine) as db:
            store.release(db, RELAY, self.holder)

    def _behind(self, sizes: Mapping[str, int]) -> list[tuple[Place, int]]:
        with reading(self.engine) as db:
            places = store.places(db, RELAY, sizes)
        behind, now = [], micros(self.clock())
        for tenant, size in sizes.items():
            place = places.get(tenant, Place(log=tenant))
            if place.position >= size:
                self.growth.done(tenant, size)
            elif place.retry_at <= now:
                behind.append((place, size))
        return behind

    def _time(self, tenant: str, start: int, end: int) -> None:
        """From when records were received until they are published; of a few, of many."""
        now = micros(self.clock())
        for index in range(start, end, max(1, (end - start) // TIMED)):
            moment = self.reader.moment(tenant, index)
            if moment is not None:
                PUBLISHED_SECONDS.observe(max(0, now - moment) / 1e6)

    def _held(self) -> bool:
        with writing(self.engine) as db:
            store.register(db, RELAY, "", self.clock())
            return store.hold(db, RELAY, self.holder, self.lease) is not None

    def _publish(self, behind: list[tuple[Place, int]]) -> int:
        steps: list[Step] = []
        failures: dict[str, str] = {}
        away = ""
        for place, size in behind:
            if away:  # each would wait for the broker as long as the first
                failures[place.log] = away
                continue
            start, end = place.position, min(size, place.position + CHUNK)
            try:
                until = self.topic.publish(place.log, start, end)
                steps.append((place.log, start, until))
            except Exception as error:  # noqa: BLE001  whatever it throws must stop no other log
                failures[place.log] = f"{type(error).__name__}: {error}"
                if isinstance(error, TopicAway) and not isinstance(error, RecordRefused):
                    away = failures[place.log]
        with writing(self.engine) as db:
            store.move(db, RELAY, steps)
            for tenant, words in failures.items():
                store.held_up(db, RELAY, tenant, words, self.clock())
        for tenant, words in failures.items():
            log.error("not published", tenant=tenant, error=words)
        for step in steps:
            self._time(*step)  # last: what is published is, whether or not that can be timed
        return sum(new - old for _, old, new in steps)
