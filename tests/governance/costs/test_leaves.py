"""The leaf of a run of costs commits to each entry that it changed, for good."""

from governance.costs.ledgers import MARCH, POLICIES, Ledger, euro, key, row, say, sync, total
from governance.estate import Estate
from quarterdeck.governance.costs.service import ledger
from quarterdeck.governance.sync.changeset import ChangeSet
from quarterdeck.governance.sync.service import queries
from quarterdeck.kernel.work import Tenants

ACME = Tenants(frozenset({"acme"}))
NOTHING = ChangeSet().root()


def leaves(march: Estate, run: str) -> list[bytes]:
    with march.look() as work:
        return [change.leaf for change in ledger.changes(work, ACME, run)]


def whats(march: Estate, run: str) -> list[str]:
    with march.look() as work:
        return [change.what.value for change in ledger.changes(work, ACME, run)]


def test_what_a_run_added_restated_and_lost_stays_what_it_was(march: Estate) -> None:
    march.connect("acme", POLICIES)
    book = Ledger(march)
    first = book.read({key(1): euro("1"), key(2): euro("2"), key(3): euro("3")})
    told = leaves(march, first)
    assert (len(told), whats(march, first)) == (3, ["added"] * 3)
    second = book.read({key(1): euro("1.5"), key(3): euro("3"), key(4): euro("4")})
    assert sorted(whats(march, second)) == ["added", "lost", "restated"]
    assert leaves(march, first) == told, "what came later changes no leaf"
    third = book.read({key(1): euro("1.5"), key(3): euro("3"), key(4): euro("4")})
    assert leaves(march, third) == []
    after = leaves(march, second)
    book.read({})
    assert (leaves(march, first), leaves(march, second)) == (told, after)


def test_another_tenants_changes_of_the_same_moment_are_not_in_it(march: Estate) -> None:
    march.connect("acme", POLICIES)
    march.connect("beta", POLICIES)
    book = Ledger(march)
    mine = book.read({key(1): euro("1")})
    march.pass_time(hours=-1)  # ``read`` lets an hour pass: the same microsecond
    book.read({key(1): euro("9"), key(2): euro("9")}, tenant="beta", scope="s2")
    assert len(leaves(march, mine)) == 1


def test_the_log_is_told_the_root_over_all_of_them(march: Estate) -> None:
    _, cloud = march.connect("acme", POLICIES)
    say(cloud, [row("20260301", "10.5"), row("20260302", "2")], [total("12.5")])
    sync(march)
    [told] = march.told("SyncCompleted")
    [run] = march.runs()
    assert (run.counts.added, told.payload["added"]) == (2, 2)
    with march.look() as work:
        listed = [one.leaf for one in queries.changes_of(work, run.id)]
        [later] = queries.changes_of(work, run.id, after=0)
    assert listed[1:] == [later.leaf]
    root = ChangeSet()
    for leaf in listed:
        root.add(leaf)
    assert told.payload["changes"] == root.root() != NOTHING
    assert MARCH.first.isoformat() in listed[0].decode()
