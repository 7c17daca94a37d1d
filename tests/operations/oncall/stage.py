"""Where the tests of on-call play: people who take turns, and a clock that one sets."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Kind, Principal, installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel import outbox
from quarterdeck.kernel.work import Actor, Work, begin, read
from quarterdeck.operations.oncall.model.hours import Span
from quarterdeck.operations.oncall.model.schedule import Override
from quarterdeck.operations.oncall.model.version import Kept
from quarterdeck.operations.oncall.service import overriding, writing

ROOT = installation()
NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)  # a Wednesday: ada's week
DAY = timedelta(days=1)
PRIMARY = """\
description: Who answers first
zone: Europe/Berlin
layers:
  - name: week
    people: [ada@example.com, bob@example.com]
    start: 2026-01-05
"""
OFFICE = """\
zone: Europe/Berlin
layers:
  - people: [ada@example.com]
    start: 2026-01-05
    hours: [{from: "09:00", until: "17:00"}]
"""


@dataclass
class Stage:
    """A tenant with two people on call, and one who plans."""

    engine: Engine
    now: datetime = NOON
    people: dict[str, Principal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with self.work() as work:
            tenants.create(work, "acme", "Acme")
            tenants.create(work, "other", "Other")
            for name, home in (("ada", "acme"), ("bob", "acme"), ("eve", "other")):
                self.people[name] = principals.create(
                    work, Kind.PERSON, name.title(), email=f"{name}@example.com", home=home
                )

    def clock(self) -> datetime:
        return self.now

    def actor(self, name: str, *rights: str) -> Actor:
        """One of the people, who may see who is on call and hand over their own shifts."""
        held = rights or ("oncall:read", "oncall:override")
        return Actor(self.people[name].id, frozenset((right, "acme") for right in held))

    @contextmanager
    def work(self, actor: Actor = ROOT) -> Iterator[Work]:
        with begin(self.engine, actor, self.clock) as work:
            yield work

    @contextmanager
    def look(self, actor: Actor = ROOT) -> Iterator[Work]:
        with read(self.engine, actor, self.clock) as work:
            yield work

    def apply(self, text: str = PRIMARY, name: str = "primary") -> writing.Applied:
        with self.work() as work:
            return writing.apply(work, "acme", name, text)

    def override(self, person: str, start: datetime, end: datetime, actor: Actor = ROOT) -> Kept:
        wanted = Override(id="", person=person, span=Span(start, end))
        with self.work(actor) as work:
            return overriding.override(work, "acme", "primary", wanted)

    def pass_time(self, **span: float) -> None:
        self.now += timedelta(**span)

    def facts(self) -> list[str]:
        with self.engine.connect() as db:
            facts = outbox.after(db, "acme", 0, 100)
        return [fact.name for fact in facts if fact.name.startswith("Oncall")]
