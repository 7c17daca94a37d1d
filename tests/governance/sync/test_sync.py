import json

import pytest

from governance.estate import Estate, arm
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.filters import Filter, spot
from quarterdeck.governance.inventory.model import Change, Resource
from quarterdeck.governance.sync.changeset import ChangeSet
from quarterdeck.governance.sync.model import RunState
from quarterdeck.governance.sync.service import queries
from quarterdeck.kernel.work import Actor

EVERYTHING = Filter()


def held(estate: Estate, wanted: Filter = EVERYTHING) -> list[Resource]:
    with estate.look() as work:
        return inventory.page(work, wanted, None, None, 1000)


def names(estate: Estate) -> list[str]:
    return [resource.name for resource in held(estate)]


@pytest.mark.census("AG-039", "AG-075")
def test_a_sync_brings_every_resource_whole(estate: Estate) -> None:
    connection, cloud = estate.connect("acme")
    odd = b'{ "id":"/subscriptions/s1/x/y" , "new":1.50, "tags":{"Env":"dev"} }'
    cloud.pages = {"s1": [[arm("b"), arm("a")], [odd]]}
    run = estate.sync()
    assert (run.state, run.tenant, run.counts.seen, run.counts.added) == (
        RunState.SUCCESS,
        connection.tenant,
        3,
        3,
    )
    assert sorted(names(estate)) == ["a", "b", "y"]
    [found] = held(estate, Filter(tag="env=dev"))
    with estate.look() as work:
        assert inventory.described(work, found.id).resource.body.encode() == odd


def test_a_second_sync_writes_only_what_changed(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.hold("same", "other")
    first = estate.sync()
    cloud.pages["s1"] = [[arm("same"), arm("other", location="westeurope")]]
    estate.pass_time(hours=1)
    second = estate.sync()
    assert (first.counts.added, second.counts.added, second.counts.changed) == (2, 0, 1)
    with estate.look() as work:
        [change] = queries.changes_of(work, second.id)
    assert isinstance(change, Change)
    assert (change.what, json.loads(change.replaced)["name"]) == ("changed", "other")
    assert all(r.last_seen == second.started_at for r in held(estate))
    assert all(r.first_seen == first.started_at for r in held(estate))


def test_what_a_complete_listing_lacks_is_removed_and_may_come_back(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.hold("stays", "goes")
    estate.sync()
    cloud.hold("stays")
    estate.pass_time(hours=1)
    gone = estate.sync()
    assert (gone.counts.removed, names(estate)) == (1, ["stays"])
    [lost] = [r for r in held(estate, Filter(deleted=True)) if r.deleted_at]
    assert (lost.name, lost.deleted_at, lost.last_seen) == (
        "goes",
        gone.started_at,
        lost.first_seen,
    )
    cloud.hold("stays", "goes")
    estate.pass_time(hours=1)
    estate.sync()
    assert names(estate) == ["goes", "stays"]
    with estate.look() as work:
        whats = [c.what for c in inventory.described(work, lost.id).history]
    assert whats == ["restored", "removed", "added"]


def test_the_log_is_told_the_root_over_all_changes(estate: Estate) -> None:
    _, cloud = estate.connect("acme")
    cloud.hold("a", "b", "c")
    run = estate.sync()
    tree = ChangeSet()
    with estate.look() as work:
        for change in queries.changes_of(work, run.id):
            tree.add(change.leaf)
    [fact] = estate.told("SyncCompleted")
    assert (fact.payload["changes"], fact.payload["added"]) == (tree.root(), 3)


def test_asking_twice_is_one_run_and_two_facts(estate: Estate) -> None:
    estate.connect("acme")
    assert estate.ask() == estate.ask()
    estate.run_due()
    assert (len(estate.runs()), len(estate.told("SyncRequested"))) == (1, 2)


def test_a_tenant_of_others_is_not_synced(estate: Estate) -> None:
    estate.connect("acme")
    estate.connect("other")
    ada = Actor("ada", frozenset({("sync:trigger", "acme"), ("sync:read", "acme")}))
    estate.ask(ada)
    assert [f.tenant for f in estate.told("SyncRequested")] == ["acme"]
    estate.run_due()
    with estate.look(ada) as work:
        assert {run.tenant for run in queries.history(work, limit=10)} == {"acme"}


def test_pages_over_some_tenants_join_to_what_they_hold(estate: Estate) -> None:
    for directory in ("one", "two", "three", "four"):
        _, cloud = estate.connect(directory)
        cloud.hold(*(f"{n}-of-{directory}" for n in range(5)))
    estate.ask()
    estate.run_due()
    grants = frozenset(("resources:read", tenant) for tenant in ("one", "three", "four"))
    found: list[Resource] = []
    with estate.look(Actor("ada", grants)) as work:
        while page := inventory.page(work, EVERYTHING, None, spot(found[-1]) if found else None, 4):
            found += page
    names = [resource.name for resource in found]
    assert names == sorted(f"{n}-of-{d}" for n in range(5) for d in ("one", "three", "four"))
