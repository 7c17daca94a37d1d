from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from governance.estate import EVERY, Estate
from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tenants.model import TenantArchivedAlready
from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.connections.model import ConnectionExists
from quarterdeck.governance.connections.service import ConnectionNotFound, NewConnection
from quarterdeck.governance.sync.onboarding import connect, disconnect, reschedule
from quarterdeck.kernel import schedules
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.health import Health
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.kernel.work import ANY, Actor, MissingPermission, TenantNotFound, Tenants
from waiting import until

ACME = TenantId("acme")
ADA = Actor("ada", frozenset({("connections:create", "acme"), ("connections:read", "acme")}))
NOBODY = Actor("nobody", frozenset())
NEW = NewConnection(directory="d", name="Directory", secret="env:X")


def test_a_connection_is_made_and_removed_and_both_are_told(estate: Estate) -> None:
    estate.tenant("acme")
    with estate.work() as work:
        made = connect(work, EVERY, ACME, NEW)
    with estate.work() as work:
        assert connections.of_tenant(work, ACME) == connections.listed(work) == [made]
        disconnect(work, EVERY, made.id)
        assert connections.of_tenant(work, ACME) == []
        assert schedules.of_tenants(work.db, Tenants(frozenset({ANY}))) == []
    assert [f.name for f in estate.told("ConnectionAdded", "ConnectionRemoved")] == [
        "ConnectionAdded",
        "ConnectionRemoved",
    ]
    with estate.work() as work, pytest.raises(ConnectionNotFound):
        disconnect(work, EVERY, made.id)


def test_a_directory_is_connected_once_a_tenant(estate: Estate) -> None:
    estate.tenant("acme")
    estate.tenant("other")
    with estate.work() as work:
        connections.add(work, ACME, NEW)
        with pytest.raises(ConnectionExists, match="directory d"):
            connections.add(work, ACME, NEW)
        connections.add(work, TenantId("other"), NEW)


@pytest.mark.parametrize(("directory", "name"), [(" ", "n"), ("d", ""), ("x" * 201, "n")])
def test_a_connection_needs_a_name_and_a_directory(
    estate: Estate, directory: str, name: str
) -> None:
    estate.tenant("acme")
    with estate.work() as work, pytest.raises(Invalid, match="1 to 200"):
        connections.add(work, ACME, NewConnection(directory=directory, name=name))


def test_a_tenant_that_ended_gets_no_connection(estate: Estate) -> None:
    estate.tenant("acme")
    with estate.work() as work:
        tenants.archive(work, "acme")
        with pytest.raises(TenantArchivedAlready):
            connections.add(work, ACME, NEW)


def test_each_needs_its_permission_on_its_tenant(estate: Estate) -> None:
    estate.tenant("acme")
    estate.tenant("other")
    with estate.work(ADA) as work:
        made = connections.add(work, ACME, NEW)
        with pytest.raises(MissingPermission):
            connections.remove(work, made.id)
        with pytest.raises(TenantNotFound):
            connections.of_tenant(work, TenantId("other"))
    with estate.work(NOBODY) as work, pytest.raises(MissingPermission):
        connections.listed(work)
    remover = Actor("eve", frozenset({("connections:remove", "other")}))
    with estate.work(remover) as work, pytest.raises(ConnectionNotFound):
        connections.remove(work, made.id)


def test_a_connection_that_is_gone_is_not_synced(estate: Estate) -> None:
    made, cloud = estate.connect("acme")
    cloud.hold("a")
    estate.ask()
    with estate.work() as work:
        disconnect(work, EVERY, made.id)
    estate.run_due()
    assert (estate.runs(), cloud.listed, len(estate.jobs("done"))) == ([], [], 1)


def test_another_interval_reaches_the_schedules(estate: Estate) -> None:
    made, _ = estate.connect("acme")
    shorter = {"resources": EVERY["resources"]}
    with estate.work() as work:
        schedules.drop(work.db, f"sync:{made.id}:resources")
    reschedule(estate.engine, estate.clock, shorter)
    with estate.look() as work:
        found = schedules.of_tenants(work.db, Tenants(frozenset({ANY})))
    assert {s.kind for s, _ in found} == {"governance.sync", "governance.check"}


def test_the_check_says_how_many_credentials_work(estate: Estate) -> None:
    check = connections.azure_check(estate.engine)
    assert check().status is Health.DEGRADED
    estate.connect("acme")
    estate.sync()
    assert (check().status, check().description) == (
        Health.HEALTHY,
        "1 of 1 connections got a token",
    )


def test_one_of_a_job_finds_only_its_tenants_connection(estate: Estate) -> None:
    made, _ = estate.connect("acme")
    own, others = Tenants(frozenset({"acme"})), Tenants(frozenset({"other"}))
    with estate.look() as work:
        assert connections.one_of(work.db, own, made.id) == made
        assert connections.one_of(work.db, others, made.id) is None
        assert connections.one_of(work.db, own, ConnectionId("none")) is None


def test_two_first_checks_at_once_both_succeed(estate: Estate) -> None:
    connection, _ = estate.connect("acme")

    def check() -> None:
        with estate.work() as work:
            connections.record_check(work, connection.id, "")

    with ThreadPoolExecutor(1) as pool:
        with estate.work() as work:
            connections.record_check(work, connection.id, "")
            other = pool.submit(check)
            until(lambda: waits(estate.engine), 10, "the other waits for this one")
        other.result(10)


def waits(engine: Engine) -> bool:
    """Whether somebody waits for a lock; on SQLite the second transaction does so by itself."""
    if engine.dialect.name == "sqlite":
        return True
    with engine.connect() as db:
        return bool(db.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
