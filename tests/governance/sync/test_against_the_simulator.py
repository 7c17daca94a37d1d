"""Faults of a real conversation: three simulated directories over TLS, one of them in trouble.

Whatever goes wrong with one: nothing is lost, nothing doubled, the others are current, and
what is not known says why.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic, sleep

import pytest
from sqlalchemy import Engine
from typing_extensions import override

from governance.estate import Estate
from providers.rehearsal import Rehearsal, options_for, rehearsing
from quarterdeck.governance.cloud.ports import Cloud, FailureClass, Pause
from quarterdeck.governance.compliance.model.state import Filter as StateFilter
from quarterdeck.governance.compliance.service import queries as compliance
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.connections.service import NewConnection
from quarterdeck.governance.costs.calendar import Span
from quarterdeck.governance.costs.question import Listing
from quarterdeck.governance.costs.service import summaries as costs
from quarterdeck.governance.identity import service as identity
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.filters import Filter
from quarterdeck.governance.sync.freshness import Age
from quarterdeck.governance.sync.model import DOMAINS, Run, RunState, policies
from quarterdeck.governance.sync.onboarding import connect_tenant
from quarterdeck.governance.sync.readings.costs import Options
from quarterdeck.governance.sync.service import queries
from quarterdeck.governance.sync.service.freshness import freshness
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.providers.azure.clouds import AzureClouds
from quarterdeck.providers.simulator.options import SimulatorOptions
from quarterdeck.providers.simulator.server import running

KNOWN = policies()
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
LISTINGS = ("resource_graph", "resources")
"""Where resources are read: the first, and the one that is asked when it is in trouble."""


@dataclass
class Hurried:
    """Time that has passed once somebody would have waited for it."""

    skipped: float = 0.0

    def __call__(self) -> float:
        return monotonic() + self.skipped

    def pause(self, seconds: float, /) -> None:
        self.skipped += seconds


@dataclass
class Rehearsed(Estate):
    """An estate whose clouds are those of a simulator; nobody waits for a quota."""

    time: Hurried = field(default_factory=Hurried)
    rehearsal: Rehearsal | None = None
    secrets: dict[str, str] = field(default_factory=dict)
    azure: AzureClouds | None = None

    @override
    def open(self, connection: Connection, _pause: Pause = sleep, /) -> Cloud:
        assert self.azure is not None
        return self.azure.open(connection, self.time.pause)

    def connect_all(self) -> None:
        assert self.rehearsal is not None
        for access in self.rehearsal.running.tenants:
            self.secrets[access.client_id] = access.client_secret
            new = NewConnection(
                directory=access.tenant_id,
                name=access.name,
                client=access.client_id,
                secret=f"env:{access.client_id}",
            )
            with self.work() as work:
                connect_tenant(work, KNOWN, new)

    def read_all(self, domain: str, only: Tenants | None = None) -> dict[str, Run]:
        """Have a domain of every directory read, or of these tenants'; the runs by directory."""
        with self.work() as work:
            asked = request_sync(work, KNOWN, domain, only)
        if self.now > utc_now():  # jobs go by the database's clock
            self.wake()
        self.run_due()
        return {run.directory: run for run in self.runs() if run.id in asked}

    def restart(self) -> None:
        """Forget what was learnt of quotas, as hours or a restart would."""
        if self.azure is not None:
            self.azure.close()
        assert self.rehearsal is not None
        options = options_for(self.rehearsal.running)
        self.azure = AzureClouds(options, utc_now, self.secrets, seconds=self.time)

    def held(self, directory: str) -> int:
        """Resources that the inventory has of a directory."""
        with self.look() as work:
            page = inventory.page(work, Filter(), None, None, 1000)
        return sum(resource.tenant == directory for resource in page)

    def age(self, directory: str, domain: str = "resources") -> Age:
        with self.look() as work:
            found = freshness(work, KNOWN)
        return next(f.state for f in found if (f.tenant, f.domain) == (directory, domain))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    options = SimulatorOptions(folder=tmp_path_factory.mktemp("simulator"), resources=240)
    with running(options) as simulator, rehearsing(simulator) as rehearsal:
        yield rehearsal


@pytest.fixture
def world(shared: Rehearsal, engine: Engine) -> Iterator[Rehearsed]:
    """Three tenants, connected, nothing read yet."""
    shared.calm()
    with playing(shared, engine) as estate:
        yield estate
    shared.calm()


@contextmanager
def playing(shared: Rehearsal, engine: Engine) -> Iterator[Rehearsed]:
    estate = Rehearsed(engine, rehearsal=shared)
    estate.restart()
    estate.connect_all()
    yield estate
    if estate.azure is not None:
        estate.azure.close()


def second(world: Rehearsed) -> str:
    assert world.rehearsal is not None
    return world.rehearsal.tenant(1).tenant_id


def true_count(world: Rehearsed, number: int) -> int:
    assert world.rehearsal is not None
    return sum(s["resources"] for s in world.rehearsal.estate()[number]["subscriptions"])


def others_are_whole(world: Rehearsed, runs: dict[str, Run]) -> None:
    assert world.rehearsal is not None
    for number in (0, 2):
        directory = world.rehearsal.tenant(number).tenant_id
        assert runs[directory].state is RunState.SUCCESS
        assert world.held(directory) == true_count(world, number)
        assert world.age(directory) is Age.CURRENT


def fault(world: Rehearsed, kind: str, *apis: str, **more: object) -> None:
    assert world.rehearsal is not None
    for api in apis:
        world.rehearsal.fault(kind, on=api, tenant=second(world), **more)


def well_again(world: Rehearsed) -> None:
    """Once the trouble is over, the next run has all of it, once."""
    assert world.rehearsal is not None
    world.rehearsal.calm()
    world.restart()
    world.pass_time(hours=2)
    world.wake()
    world.run_due()  # what was to be repeated
    runs = world.read_all("resources")
    assert {run.state for run in runs.values()} == {RunState.SUCCESS}, runs
    assert runs.keys() >= {second(world)}
    assert world.held(second(world)) == true_count(world, 1)


@pytest.mark.census("AG-037")
def test_a_wrong_secret_stops_every_domain_of_its_tenant_alone(world: Rehearsed) -> None:
    assert world.rehearsal is not None
    access = world.rehearsal.tenant(1)
    world.secrets[access.client_id] = "wrong"
    for domain in DOMAINS:
        if domain == "costs":  # its quota would have the others wait for a minute
            continue
        runs = world.read_all(domain)
        bad = runs[access.tenant_id]
        assert (bad.state, bad.failure) == (RunState.FAILED, FailureClass.AUTHENTICATION)
        assert "AADSTS7000215" in bad.error
        assert "Rotate the credential" in bad.action
        assert "wrong" not in bad.error
    with world.look() as work:
        patterns = queries.patterns_of(work, KNOWN, access.tenant_id)
    assert "authentication" in [pattern.name for pattern in patterns]
    others_are_whole(world, world.read_all("resources"))
    world.secrets[access.client_id] = access.client_secret
    well_again(world)


def test_consent_that_is_taken_back_leaves_identity_not_known_and_the_rest_current(
    world: Rehearsed,
) -> None:
    assert world.rehearsal is not None
    world.read_all("identity")
    world.pass_time(hours=1)
    world.rehearsal.lever("lacks", permission="*.Read*.All", tenant=second(world))
    run = world.read_all("identity")[second(world)]
    assert run.missing
    with world.look() as work:
        found = identity.summary(work)
    assert {gap.tenant for gap in found.gaps} >= {second(world)}
    assert world.read_all("resources")[second(world)].state is RunState.SUCCESS


def test_a_directory_that_shows_nothing_is_not_known_and_keeps_what_was(world: Rehearsed) -> None:
    assert world.rehearsal is not None
    world.read_all("resources")
    before = world.held(second(world))
    world.pass_time(hours=3)
    world.rehearsal.lever("lacks", permission="Reader", tenant=second(world))
    runs = world.read_all("resources")
    assert (runs[second(world)].state, runs[second(world)].missing) == (
        RunState.FAILED,
        ("Reader",),
    )
    assert (world.held(second(world)), world.age(second(world))) == (before, Age.STALE)
    others_are_whole(world, runs)
    well_again(world)


def test_200_with_nothing_erases_nothing_until_it_is_said_twice(world: Rehearsed) -> None:
    world.read_all("resources")
    before = world.held(second(world))
    fault(world, "empty", *LISTINGS)
    world.pass_time(hours=1)
    runs = world.read_all("resources")
    bad = runs[second(world)]
    assert (bad.state, bad.failure) == (RunState.FAILED, FailureClass.DATA)
    assert "asked again" in bad.action
    assert world.held(second(world)) == before
    others_are_whole(world, runs)
    world.pass_time(minutes=2)
    world.wake()
    world.run_due()
    assert world.held(second(world)) == 0
    well_again(world)


def test_an_hour_of_throttling_is_waited_for_and_the_others_go_on(world: Rehearsed) -> None:
    world.read_all("resources")
    before = world.held(second(world))
    fault(world, "throttle", *LISTINGS, seconds=3600.0)
    world.pass_time(hours=3)
    runs = world.read_all("resources")
    bad = runs[second(world)]
    assert (bad.state, bad.failure) == (RunState.FAILED, FailureClass.RATE_LIMIT)
    assert (world.held(second(world)), world.age(second(world))) == (before, Age.STALE)
    others_are_whole(world, runs)
    [waiting] = [job for job in world.jobs("ready") if job.body.get("domain") == "resources"]
    assert waiting.due_at - bad.started_at >= timedelta(minutes=59)
    assert world.read_all("resources").keys().isdisjoint({second(world)})  # nobody is asked sooner
    well_again(world)


@pytest.mark.parametrize("kind", ["repeated", "loop", "garbled", "truncated", "renamed", "astray"])
def test_a_page_that_is_wrong_loses_and_doubles_nothing(world: Rehearsed, kind: str) -> None:
    world.read_all("resources")
    before = world.held(second(world))
    fault(world, kind, *LISTINGS, *(["subscriptions"] if kind in {"repeated", "loop"} else []))
    world.pass_time(hours=1)
    runs = world.read_all("resources")
    bad = runs[second(world)]
    assert bad.failure in {FailureClass.DATA, FailureClass.TIMEOUT, ""}
    assert bad.state is not RunState.SUCCESS or kind in {"repeated", "loop", "astray"}
    assert world.held(second(world)) == before == true_count(world, 1)
    others_are_whole(world, runs)
    well_again(world)


def states(work: Work, own: Tenants) -> list[str]:
    found = compliance.page(work, StateFilter(), own, None, 10_000)
    advised = compliance.advice(work, "", own, None, 1000)
    points = compliance.points_of(work, own).percent
    return [*(f"{one.id} {one.verdict}" for one in found), *(a.id for a in advised), str(points)]


def people(work: Work, own: Tenants) -> list[str]:
    found = identity.users(work, identity.filter_for(work), own, None, 10_000)
    return [f"{u.id} {u.privileged} {u.roles}" for u in found]


def charges(work: Work, own: Tenants) -> list[str]:
    days = Span(work.now.date() - timedelta(days=70), work.now.date())
    found = costs.page(work, Listing(span=days), own, None, 10_000)
    return [f"{e.scope} {e.label} {e.group} {e.day} {e.basis} {e.amount}" for e in found]


HELD: dict[str, Callable[[Work, Tenants], list[str]]] = {
    "compliance": states,
    "identity": people,
    "costs": charges,
}
"""All that is known of a tenant, by domain."""

ASKED = {
    "compliance": ["policy_states", "secure_scores", "advice"],
    "identity": [
        *("users", "directory_groups", "group_members", "directory_roles", "role_assignments"),
        *("conditional_access", "registrations", "applications", "service_principals"),
    ],
    "costs": ["costs", "budgets"],
}
"""What a domain asks for: the listings of the simulator that can be harmed."""


@pytest.mark.parametrize("domain", HELD)
@pytest.mark.parametrize("kind", ["repeated", "loop", "garbled", "truncated", "renamed", "astray"])
def test_a_page_that_is_wrong_loses_and_doubles_nothing_of_other_domains(
    world: Rehearsed, kind: str, domain: str
) -> None:
    own = Tenants(frozenset({second(world)}))

    def held() -> list[str]:
        with world.look() as work:
            return sorted(HELD[domain](work, own))

    def read() -> Run:
        world.pass_time(minutes=5)
        return world.read_all(domain, own)[second(world)]

    world.now = world.now.replace(day=20, hour=12)  # no day ends meanwhile
    world.options = Options(days_back=19)  # one month of costs, as few questions as can be
    assert read().state is RunState.SUCCESS
    before = held()
    assert before
    assert len(before) == len(set(before))
    fault(world, kind, *ASKED[domain])
    bad = read()
    assert bad.failure in {FailureClass.DATA, FailureClass.TIMEOUT, ""}
    assert bad.state is not RunState.SUCCESS or kind in {"repeated", "loop", "astray"}
    assert held() == before
    assert world.rehearsal is not None
    world.rehearsal.calm()
    world.restart()
    world.pass_time(minutes=5)
    world.wake()
    world.run_due()  # what was to be repeated
    assert read().state is RunState.SUCCESS
    assert held() == before


@pytest.mark.parametrize("hours", [-26, 26])
def test_a_cloud_whose_clock_is_wrong_is_read_and_aged_by_ours(
    world: Rehearsed, hours: int
) -> None:
    world.now = utc_now() + timedelta(hours=hours)
    runs = world.read_all("resources")
    others_are_whole(world, runs)
    assert all(run.ended_at is not None and run.ended_at >= run.started_at for run in runs.values())
    assert world.age(second(world)) is Age.CURRENT


@pytest.mark.census("AG-040")
def test_429_to_a_part_of_the_calls_is_the_rate_limiting_pattern(world: Rehearsed) -> None:
    for _ in range(3):
        world.restart()
        fault(world, "throttle", *LISTINGS, seconds=600.0, times=1)
        world.pass_time(minutes=30)
        world.wake()
        world.read_all("resources")
    with world.look() as work:
        patterns = queries.patterns_of(work, KNOWN, second(world))
    assert "rate limiting" in [pattern.name for pattern in patterns]
    well_again(world)
