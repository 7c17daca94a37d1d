"""A simulated directory, changed at random: by its changes it is known as by a whole reading."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from time import sleep
from typing import Any

import pytest
from sqlalchemy import Engine
from typing_extensions import override

from governance.estate import Estate
from providers.rehearsal import Rehearsal, options_for, rehearsing
from quarterdeck.governance.cloud.ports import Cloud, Pause
from quarterdeck.governance.connections.model import Connection
from quarterdeck.governance.connections.service import NewConnection
from quarterdeck.governance.identity import service as identity
from quarterdeck.governance.identity.model.views import User
from quarterdeck.governance.sync.marks import WEEK
from quarterdeck.governance.sync.model import IDENTITY, Run, RunState, policies
from quarterdeck.governance.sync.onboarding import connect_tenant
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.kernel.clock import utc_now
from quarterdeck.providers.azure import metrics
from quarterdeck.providers.azure.clouds import AzureClouds
from quarterdeck.providers.simulator.options import SimulatorOptions
from quarterdeck.providers.simulator.server import running

KNOWN = policies(timedelta(hours=1), among=[IDENTITY])
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
COLLECTIONS = ("users", "groups", "applications", "servicePrincipals")


class Directory(Estate):
    """An estate of one simulated directory."""

    clouds_of: AzureClouds
    rehearsal: Rehearsal

    @override
    def open(self, connection: Connection, _pause: Pause = sleep, /) -> Cloud:
        return self.clouds_of.open(connection, _pause)

    def read(self) -> Run:
        with self.work() as work:
            request_sync(work, KNOWN, IDENTITY)
        self.run_due()
        return next(run for run in self.runs() if run.domain == IDENTITY)

    def read_whole(self) -> Run:
        self.identity_whole = timedelta(0)
        run = self.read()
        self.identity_whole = WEEK
        return run

    def people(self) -> list[User]:
        with self.look() as work:
            return identity.users(work, identity.filter_for(work), None, None, 1000)

    def change(self, collection: str, id_: str, **more: object) -> None:
        directory = self.rehearsal.tenant().tenant_id
        said = {"tenant": directory, "collection": collection, "id": id_}
        self.rehearsal.lever("directory", "PUT", **said, **more)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    folder = tmp_path_factory.mktemp("simulator")
    options = SimulatorOptions(folder=folder, tenants=1, resources=1_500)
    with running(options) as simulator, rehearsing(simulator) as rehearsal:
        yield rehearsal


@pytest.fixture
def directory(shared: Rehearsal, engine: Engine) -> Iterator[Directory]:
    shared.calm()
    access = shared.tenant()
    clouds = AzureClouds(options_for(shared.running), utc_now, {"S": access.client_secret})
    found = Directory(engine, now=utc_now() - timedelta(days=1))
    found.rehearsal, found.clouds_of = shared, clouds
    new = NewConnection(
        directory=access.tenant_id, name="One", client=access.client_id, secret="env:S"
    )
    with found.work() as work:
        connect_tenant(work, KNOWN, new)
    assert found.read().state is RunState.SUCCESS
    yield found
    clouds.close()
    shared.calm()


def at_random(directory: Directory, chance: Random, turn: str) -> None:
    """One change of any kind that a directory knows."""
    listed = {path: ids(directory, path) for path in COLLECTIONS}
    path = chance.choice(COLLECTIONS)
    one, group = chance.choice(listed[path]), chance.choice(listed["groups"])
    match chance.randrange(7):
        case 0:
            directory.change(path, one)
        case 1:
            directory.change(path, f"new-{turn}", fields=made(f"New {turn}"))
        case 2:
            directory.change(path, one, fields={"displayName": f"Renamed {turn}"})
        case 3:
            directory.change(path, one)
            directory.change(path, one, fields=made(f"Back {turn}"))
        case 4:
            user = chance.choice(listed["users"])
            directory.change(f"groups/{group}/members", user, fields={})
        case 5:
            user = chance.choice(listed["users"])
            directory.change(f"groups/{group}/members", user)
        case _:
            user = chance.choice(listed["users"])
            directory.change("users", user, fields={"accountEnabled": False, "mail": None})


def made(name: str) -> dict[str, object]:
    return {"displayName": name, "userPrincipalName": f"{name}@x", "appId": name, "mail": None}


def ids(directory: Directory, path: str) -> list[str]:
    found: list[Any] = directory.rehearsal.graph(path, **{"$top": "999"}).json()["value"]
    return sorted(one["id"] for one in found)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_known_by_changes_is_what_a_whole_reading_finds(
    directory: Directory, seed: int
) -> None:
    chance = Random(seed)  # noqa: S311  a repeatable one
    directory.change("users", f"born-{seed}", fields=made("Born"))
    for turn in range(3):
        for step in range(6):
            at_random(directory, chance, f"{seed}-{turn}-{step}")
        directory.pass_time(hours=1)
        run = directory.read()
        assert (run.state, run.drift) == (RunState.SUCCESS, 0), run.error
        assert run.since is not None
    by_changes = directory.people()
    directory.pass_time(hours=1)
    whole = directory.read_whole()
    found = (whole.since, whole.counts.added, whole.counts.changed, whole.counts.removed)
    assert found == (None, 0, 0, 0)
    assert directory.people() == by_changes


def test_a_change_that_was_not_told_is_found_by_the_whole_reading_and_said(
    directory: Directory,
) -> None:
    first, second = ids(directory, "users")[:2]
    directory.change("users", first, fields={"displayName": "Nobody told"}, silent=True)
    directory.change("users", second, fields={"displayName": "Told"})
    directory.pass_time(hours=1)
    assert directory.read().counts.changed == 1
    directory.pass_time(days=7)
    directory.wake()
    with directory.work() as work:
        request_sync(work, KNOWN, IDENTITY)
    directory.wake()
    directory.run_due()
    run = directory.runs()[0]
    assert (run.since, run.drift, run.counts.changed) == (None, 1, 1)
    assert "Nobody told" in {one.name for one in directory.people()}


@pytest.mark.parametrize("lost", ["forgotten", "too old"])
def test_a_mark_that_is_good_no_more_has_all_read_and_a_new_one_begun(
    directory: Directory, lost: str
) -> None:
    one = ids(directory, "users")[0]
    directory.change("users", one, fields={"displayName": "Meanwhile"})
    clock = directory.rehearsal.http.get("/_simulator/clock").json()["now"]
    if lost == "forgotten":
        directory.rehearsal.http.delete("/_simulator/deltas")
    else:
        directory.rehearsal.lever("clock", seconds=7 * 86_400 + 60)
    directory.pass_time(hours=1)
    run = directory.read()
    directory.rehearsal.lever("clock", "PUT", now=clock)
    assert (run.state, run.since, run.drift) == (RunState.SUCCESS, None, 0)
    assert "Meanwhile" in {who.name for who in directory.people()}
    directory.pass_time(hours=1)
    assert directory.read().since is not None


@pytest.mark.parametrize("kind", ["garbled", "truncated", "renamed", "empty", "loop", "astray"])
def test_a_list_of_changes_that_is_wrong_loses_nothing(directory: Directory, kind: str) -> None:
    one = ids(directory, "users")[0]
    directory.change("users", one, fields={"displayName": "In spite of it"})
    before = len(directory.people())
    directory.rehearsal.fault(kind, on="users", times=1)
    directory.pass_time(hours=1)
    directory.read()
    directory.rehearsal.http.delete("/_simulator/faults")
    directory.pass_time(hours=1)
    assert directory.read().state is RunState.SUCCESS
    assert len(directory.people()) == before
    assert "In spite of it" in {who.name for who in directory.people()}


def asked() -> float:
    return sum(
        sample.value
        for family in metrics.REQUESTS.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    )


def test_a_later_reading_asks_less(directory: Directory) -> None:
    directory.pass_time(hours=1)
    began = asked()
    directory.read_whole()
    whole = asked() - began
    directory.pass_time(hours=1)
    directory.read()
    directory.pass_time(hours=1)
    began = asked()
    assert directory.read().since is not None
    assert asked() - began < whole
