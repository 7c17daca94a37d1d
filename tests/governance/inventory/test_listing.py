"""The inventory by every filter and order, on both databases."""

from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import text

from governance.estate import Estate, arm
from quarterdeck.governance.inventory import service as inventory
from quarterdeck.governance.inventory.filters import Filter, Sort, spot
from quarterdeck.governance.inventory.model import What
from quarterdeck.governance.inventory.store import listing
from quarterdeck.governance.inventory.waste import EDITION
from quarterdeck.kernel.cache import Cache
from quarterdeck.kernel.work import Tenants

DISKS = "Microsoft.Compute/disks"


def item(name: str, group: str = "rg", subscription: str = "s1", **fields: object) -> bytes:
    made = arm(name, **fields)  # type: ignore[arg-type]
    place = f"/subscriptions/{subscription}/resourceGroups/{group}/".encode()
    return made.replace(b"/subscriptions/s1/resourceGroups/rg/", place)


@pytest.fixture
def full(estate: Estate) -> Estate:
    """Tenant ``one`` with 12 resources of all sorts, ``two`` with one."""
    _, cloud = estate.connect("one")
    cloud.pages["s1"] = [
        [
            item(
                f"web-{n:02}",
                "odd" if n % 2 else "even",
                location="westeurope" if n < 4 else "eastus",
                tags={"Env": "prod" if n < 3 else "dev", "team": f"t{n % 4}"},
            )
            for n in range(10)
        ],
        [
            item(
                "left",
                kind=DISKS,
                properties={"diskState": "Unattached"},
                tags={"Run=by": "ops=web"},
            ),
            item("data", kind=DISKS),
        ],
    ]
    estate.sync()
    _, other = estate.connect("two")
    other.pages["s1"] = [[item("web-of-two", tags={"env": "prod"})]]
    estate.pass_time(minutes=1)
    estate.sync()
    return estate


def found(estate: Estate, wanted: Filter, only: Tenants | None = None, page: int = 3) -> list[str]:
    """Names of all that ``wanted`` finds, read page by page."""
    names: list[str] = []
    after = None
    with estate.look() as work:
        while rows := inventory.page(work, wanted, only, after, page):
            names += [row.name for row in rows]
            after = spot(rows[-1], wanted.sort)
        assert inventory.total(work, wanted, only, Cache(0)) == len(names)
    return names


WEB = [f"web-{n:02}" for n in range(10)]


@pytest.mark.parametrize("few", [0, 2000], ids=["many", "few"])
@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Filter(tag="env=prod"), [*WEB[:3], "web-of-two"]),
        (Filter(tag="ENV", type="microsoft.web/sites"), [*WEB, "web-of-two"]),
        (Filter(tag="team=t1", location="East US"), ["web-05", "web-09"]),
        (Filter(text="EB-0"), WEB),
        (Filter(text="b-0", tag="env=prod"), WEB[:3]),
        (Filter(text="_"), []),
        (Filter(text='"'), []),
        (Filter(text='eb"0'), []),
        (Filter(group="ODD"), WEB[1::2]),
        (Filter(owner="t2", owner_tags=("owner", "team")), ["web-02", "web-06"]),
        (Filter(owner="t2"), []),
        (Filter(owner="ops=web", owner_tags=("run=by",)), ["left"]),
        (Filter(owner="by=ops=web", owner_tags=("run",)), []),
        (Filter(finding="unattached-disk"), ["left"]),
        (Filter(finding="any"), ["left"]),
        (Filter(finding="empty-plan"), []),
        (Filter(sort=Sort.NAME, text="t"), ["data", "left", "web-of-two"]),
        (Filter(sort=Sort.NAME, tag="env=dev"), WEB[3:]),
    ],
)
def test_each_filter_finds_the_same_by_each_way(
    full: Estate, wanted: Filter, names: list[str], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "FEW", few)
    assert found(full, wanted) == names


@pytest.mark.parametrize("most", [1, 100])
def test_the_newest_come_first_where_that_is_asked(
    full: Estate, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MERGED", most)
    both = Tenants(frozenset({"one", "two"}))
    names = found(full, Filter(sort=Sort.NEWEST), both)
    assert names[0] == "web-of-two"
    assert sorted(names[1:]) == sorted([*WEB, "left", "data"])


def test_what_is_gone_is_found_only_where_it_is_asked_for(full: Estate) -> None:
    pages = full.clouds["one"].pages["s1"]
    assert isinstance(pages[0], list)
    del pages[0][0]
    full.sync()
    assert found(full, Filter(tag="env=prod")) == ["web-01", "web-02", "web-of-two"]
    assert found(full, Filter(tag="env=prod", deleted=True)) == [*WEB[:3], "web-of-two"]
    assert found(full, Filter(tag="team=t0", location="westeurope")) == []


def test_who_is_said_to_own_by_two_tags_is_found_once(estate: Estate) -> None:
    _, cloud = estate.connect("one")
    twice = item("twice", tags={"owner": "ada", "Team": "ada"})
    cloud.pages["s1"] = [[item("once", tags={"team": "ada"}), twice, item("other")]]
    estate.sync()
    wanted = Filter(owner="ada", owner_tags=("owner", "team"))
    assert found(estate, wanted, page=1) == ["once", "twice"]


def test_a_filter_keeps_to_the_tenants(full: Estate) -> None:
    two = Tenants(frozenset({"two"}))
    for wanted in (Filter(tag="env=prod"), Filter(text="web"), Filter(sort=Sort.NAME)):
        assert found(full, wanted, two) == ["web-of-two"]
    with full.look() as work:
        judged = {j.rule.name: j.found for j in inventory.judgements(work, two)}
    assert judged["unattached-disk"] == 0


def test_a_part_of_a_name_is_found_by_an_index(full: Estate) -> None:
    """Without it a rare name at a million resources costs a scan."""
    with full.engine.connect() as db:
        if db.dialect.name == "sqlite":
            plan = "EXPLAIN QUERY PLAN SELECT resource FROM governance_resource_text "
            rows = db.execute(text(plan + "WHERE governance_resource_text MATCH '\"web-0\"'")).all()
            assert "VIRTUAL TABLE INDEX" in str(rows)
            assert db.scalar(text("SELECT count(*) FROM governance_resource_text")) == 13
        else:
            asked = text("SELECT 1 FROM pg_indexes WHERE indexname = 'governance_resource_text'")
            assert db.scalar(asked) == 1


def history(estate: Estate, name: str) -> list[tuple[What, str]]:
    with estate.look() as work:
        [one] = inventory.page(work, Filter(text=name), None, None, 10)
        described = inventory.described(work, one.id)
    return [(c.what, c.cloud_id.split("/")[4]) for c in described.history]


@pytest.mark.parametrize("marks", [{}, {"properties": {"uniqueId": "u"}}])
def test_a_resource_that_moves_group_keeps_its_history(
    estate: Estate, marks: dict[str, Any]
) -> None:
    _, cloud = estate.connect("one")
    cloud.pages["s1"] = [[item("disk", "old", **marks)]]
    estate.sync()
    cloud.pages["s1"] = [[item("disk", "new", **marks)]]
    estate.pass_time(minutes=1)
    estate.sync()
    assert history(estate, "disk") == [
        (What.MOVED, "new"),
        (What.REMOVED, "old"),
        (What.ADDED, "new"),
        (What.ADDED, "old"),
    ]
    with estate.look() as work:
        [gone] = inventory.page(work, Filter(group="old", deleted=True), None, None, 10)
        [here] = inventory.page(work, Filter(group="new"), None, None, 10)
        assert (here.was, inventory.described(work, gone.id).moved_to) == (gone.id, here.id)


def test_a_resource_that_moves_subscription_keeps_its_history_whichever_is_read_first(
    estate: Estate,
) -> None:
    _, cloud = estate.connect("one")
    stays = {sub: [item(f"vm-of-{sub}", subscription=sub)] for sub in ("s1", "s2")}
    for before, after in pairwise(["s1", "s2", "s1"]):
        cloud.pages = {sub: [items] for sub, items in stays.items()}
        cloud.pages[before] = [[*stays[before], item("disk", subscription=before)]]
        estate.pass_time(minutes=1)
        estate.sync()
        cloud.pages = {sub: [items] for sub, items in stays.items()}
        cloud.pages[after] = [[*stays[after], item("disk", subscription=after)]]
        estate.pass_time(minutes=1)
        estate.sync()
        assert history(estate, "disk")[0][0] is What.MOVED


def test_what_could_have_come_from_two_is_claimed_of_neither(estate: Estate) -> None:
    _, cloud = estate.connect("one")
    cloud.pages["s1"] = [[item("disk", "a"), item("disk", "b")]]
    estate.sync()
    cloud.pages["s1"] = [[item("disk", "c")]]
    estate.pass_time(minutes=1)
    estate.sync()
    assert history(estate, "disk") == [(What.ADDED, "c")]


def test_rules_say_found_clear_or_not_known(full: Estate) -> None:
    with full.look() as work:
        said = {j.rule.name: j for j in inventory.judgements(work)}
    disks = said["unattached-disk"]
    assert (disks.found, disks.clear, disks.not_known) == (1, 0, 1)
    assert "diskState" in disks.reason
    assert (said["empty-plan"].found, said["empty-plan"].not_known) == (0, 0)
    assert (said["empty-group"].found, said["empty-group"].reason != "") == (None, True)


def test_a_group_in_which_nothing_is_is_found(estate: Estate) -> None:
    _, cloud = estate.connect("one")
    kind = "microsoft.resources/subscriptions/resourcegroups"
    groups = [
        f'{{"id": "/subscriptions/s1/resourceGroups/{g}", "name": "{g}", "type": "{kind}"}}'
        for g in ("rg", "empty")
    ]
    cloud.pages["s1"] = [[item("a"), *(group.encode() for group in groups)]]
    estate.sync()
    with estate.look() as work:
        said = {j.rule.name: j for j in inventory.judgements(work)}["empty-group"]
    assert (said.found, said.clear) == (1, 1)


def test_what_older_rules_judged_is_judged_anew_when_it_is_seen_again(
    full: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def since() -> object:
        with full.look() as work:
            [left] = inventory.page(work, Filter(text="left"), None, None, 1)
            [finding] = inventory.findings_of(work, [left])[left.id]
            return finding.since

    before = since()
    monkeypatch.setattr(inventory, "EDITION", EDITION + 1)
    monkeypatch.setattr("quarterdeck.governance.inventory.waste.EDITION", EDITION + 1)
    full.pass_time(hours=1)
    run = full.sync()
    assert (run.counts.changed, since()) == (0, before)
    with full.engine.connect() as db:
        editions = db.scalars(text("SELECT DISTINCT judged FROM governance_resource")).all()
    assert editions == [EDITION + 1]


def test_a_removed_resource_is_no_finding(full: Estate) -> None:
    full.clouds["one"].pages["s1"] = [[item("web-00")]]
    full.pass_time(hours=1)
    full.sync()
    assert found(full, Filter(finding="any")) == []


@pytest.mark.parametrize(
    ("column", "most"),
    [
        ("type", ("microsoft.web/sites", 11)),
        ("location", ("eastus", 6)),
        ("group", ("even", 5)),
        ("owner", ("t0", 3)),
    ],
)
def test_values_come_by_how_many_bear_them(
    full: Estate, column: str, most: tuple[str, int]
) -> None:
    with full.look() as work:
        assert inventory.values(work, column, 5, ("owner", "team"))[0] == most
