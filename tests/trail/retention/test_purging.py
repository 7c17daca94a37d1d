"""Purging: what is due goes, what is held stays, and every proof holds."""

from collections.abc import Iterator

import pytest

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Actor, begin, read
from quarterdeck.packs import loader
from quarterdeck.trail.freeze import service as freeze
from quarterdeck.trail.freeze.model import Frozen
from quarterdeck.trail.holds.model import OnHold
from quarterdeck.trail.integrity.service import verify
from quarterdeck.trail.keys.note import Verifier
from quarterdeck.trail.log import service as log
from quarterdeck.trail.log.model import LeafPurged
from quarterdeck.trail.log.purges import ranges_of
from quarterdeck.trail.log.record import Party
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.model import Kind
from quarterdeck.trail.retention.model import NothingKeepsTime
from quarterdeck.trail.retention.service import asking
from trail.committing import EMAIL, commit, draft, found, rows
from trail.installation import NOON, Installation
from trail.keeping import CARLA, CONRAD, RIGHTS, Kept, person
from trail.logs import record

NOW = micros(NOON)


@pytest.fixture
def kept(installation: Installation) -> Iterator[Kept]:
    opened = Kept(installation)
    yield opened
    opened.logs.close()


def old_records(kept: Kept, count: int = 256) -> None:
    """That many records of 28 February, and a year and a day later."""
    kept.keep_days(365)
    kept.logs.append(*(record(n, received_at=NOW) for n in range(count)))
    kept.age(hours=2)
    kept.store_away()
    kept.age(days=366)


def test_a_dry_run_says_what_is_due_and_changes_nothing(kept: Kept) -> None:
    old_records(kept)
    planned = kept.plan()
    assert planned.classes == {"standard": 256}
    assert planned.ranges == [(0, 256)]
    assert all(kept.ground.reader.entries("acme", 0, 256))


def test_what_is_due_is_removed_and_the_log_still_verifies(kept: Kept) -> None:
    old_records(kept)
    kept.logs.project()
    before = kept.ground.reader.hashes("acme", 0, 0, 256)
    kept.purge()
    kept.installation.integrate()
    assert kept.ground.reader.entries("acme", 0, 256) == [b""] * 256
    assert kept.ground.reader.hashes("acme", 0, 0, 256) == before
    assert [leaf.hash for leaf in kept.ground.reader.read("acme", 0, 256)] == before
    verdict = verify(kept.installation.serve, Verifier.parse(kept.installation.vkey), None)
    assert verdict.intact, verdict.findings
    (purged,) = verdict.purged
    assert purged.where == "entries 0 to 255"
    assert purged.what.startswith("purged by policy")


def test_an_entry_that_goes_without_a_purge_record_is_found(kept: Kept) -> None:
    old_records(kept)
    kept.ground.removal.remove("acme", [7])
    verdict = verify(kept.installation.serve, Verifier.parse(kept.installation.vkey), None)
    assert [finding.where for finding in verdict.findings] == ["entry 7"]


def test_a_purged_record_is_told_from_one_that_never_was(kept: Kept) -> None:
    old_records(kept)
    kept.purge()
    with kept.installation.reading() as work, pytest.raises(LeafPurged):
        log.record(work, kept.ground.reader, "acme", 3)
    with kept.installation.reading() as work:
        shown = log.records(work, kept.ground.reader, "acme", limit=5)
    assert min(one.index for one in shown) > 255


def test_purged_records_leave_the_read_models(kept: Kept) -> None:
    old_records(kept)
    kept.logs.project()
    assert kept.logs.ask(actor="u1", limit=500)
    kept.purge()
    kept.logs.project()
    assert all(index > 255 for index in kept.logs.ask(actor="u1", limit=500))


def test_what_purged_records_were_found_by_goes_with_them(kept: Kept) -> None:
    kept.keep_days(365)
    values = [{EMAIL: f"{number % 2}@example.com"} for number in range(256)]
    commit(kept.logs, *(draft(number, value) for number, value in enumerate(values)))
    kept.age(hours=2)
    kept.store_away()
    kept.logs.project()
    assert len([row for row in rows(kept.logs) if row[3] < 256]) == 256
    kept.age(days=366)
    kept.purge()
    assert all(row[3] > 255 for row in rows(kept.logs))
    kept.logs.project()
    assert found(kept.logs, (EMAIL, "1@example.com")) == []


def test_proofs_of_what_remains_and_of_what_is_gone_still_stand(kept: Kept) -> None:
    old_records(kept)
    with kept.installation.reading() as work:
        before = log.prove_inclusion(work, kept.ground.reader, "acme", 3)
    kept.purge()
    with kept.installation.reading() as work:
        after = log.prove_inclusion(work, kept.ground.reader, "acme", 3)
    assert after.leaf_hash == before.leaf_hash


@pytest.mark.census("ATP-420")
def test_a_hold_keeps_what_it_covers_until_it_is_released_by_two(kept: Kept) -> None:
    old_records(kept)
    hold = kept.place("actor", "user:u1")
    kept.purge()
    left = [n for n, entry in enumerate(kept.ground.reader.entries("acme", 0, 256)) if entry]
    assert left == [n for n in range(256) if n % 3 == 1]
    assert kept.plan().held == {hold.id: len(left)}
    kept.release(hold.id, CARLA)
    kept.release(hold.id, CONRAD)
    kept.purge()
    assert kept.ground.reader.entries("acme", 0, 256) == [b""] * 256


def test_a_hold_on_the_whole_tenant_refuses_the_purge(kept: Kept) -> None:
    old_records(kept)
    hold = kept.place()
    with pytest.raises(OnHold, match=hold.id):
        kept.ask_purge()


def test_a_hold_that_comes_after_the_announcement_still_keeps(kept: Kept) -> None:
    old_records(kept)
    job = kept.ask_purge()
    kept.run(job)
    kept.place("range", until=NOW + 1)
    kept.installation.deliver()
    assert kept.run(job) == "done"
    assert all(kept.ground.reader.entries("acme", 0, 256))


def test_nothing_goes_before_the_log_says_so(kept: Kept) -> None:
    old_records(kept)
    kept.run(kept.ask_purge())
    assert all(kept.ground.reader.entries("acme", 0, 256))


def test_a_freeze_refuses_the_purge(kept: Kept) -> None:
    old_records(kept)
    with begin(kept.engine, CARLA, kept.installation.clock) as work:
        freeze.freeze(work, "tampering is suspected", "acme")
    with pytest.raises(Frozen):
        kept.ask_purge()


def test_without_a_policy_nothing_is_ever_due(kept: Kept) -> None:
    with (
        begin(kept.engine, CARLA, kept.installation.clock) as work,
        pytest.raises(NothingKeepsTime),
    ):
        asking.purge(work, "acme")


def test_records_that_say_why_something_is_gone_are_kept_for_ever(kept: Kept) -> None:
    old_records(kept)
    kept.purge()
    said = [
        n
        for n, entry in enumerate(kept.ground.reader.entries("acme", 0, 1000))
        if b'"action":"retention:purge"' in entry
    ]
    kept.installation.grow(600)
    kept.age(hours=2)
    kept.store_away()
    kept.age(days=800)
    kept.store_away()
    kept.purge()
    assert said
    assert all(kept.ground.reader.entries("acme", n, 1)[0] for n in said)


@pytest.mark.census("ATP-421")
def test_the_report_names_what_was_kept_too_long_and_what_was_removed_too_early(
    kept: Kept,
) -> None:
    old_records(kept)
    kept.age(days=2)
    kept.ground.removal.remove("acme", [9])
    found = kept.validate()
    assert [one.start for one in found.late] == [0, 10]
    assert [(one.start, one.end) for one in found.early] == [(9, 10)]


def test_a_report_after_a_purge_finds_nothing(kept: Kept) -> None:
    old_records(kept)
    kept.purge()
    found = kept.validate()
    # What stands in a bundle that is not full yet waits, and is told.
    assert all(one.start > 255 for one in found.late)
    assert not found.early


def test_the_report_counts_what_a_hold_keeps_as_right(kept: Kept) -> None:
    old_records(kept)
    kept.age(days=2)
    kept.place("resource", "order:o0")
    kept.purge()
    found = kept.validate()
    assert all(one.start > 255 for one in found.late)
    assert found.held == len([n for n in range(256) if n % 5 == 0])


@pytest.mark.census("ATP-422")
def test_the_residency_report_finds_a_planted_record(kept: Kept) -> None:
    kept.set(Kind.RESIDENCY, storage=["eu-north-1"], sources=["eu-north-1"])
    kept.logs.append(
        record(0, payload='{"region":"eu-north-1"}'),
        record(1, payload='{"region":"us-east-1"}', actor=Party("user", "u9")),
        record(2),
    )
    found = kept.residency("us-east-1")
    assert [(one.start, one.what) for one in found.outside] == [(1, "came from us-east-1")]
    assert found.unknown >= 1
    assert found.storage == "stored in us-east-1, allowed: eu-north-1"
    assert not kept.residency("eu-north-1").storage


def test_ranges_hold_the_same_indices() -> None:
    assert ranges_of([0, 1, 2, 5, 7, 8]) == [(0, 3), (5, 6), (7, 9)]


def test_a_pack_says_how_long_records_are_kept(kept: Kept) -> None:
    files = {
        "pack.yaml": "pack: acme\ntitle: Acme\nsource: our own\nversion: '1'\n",
        "retention.yaml": "kind: retention\nname: acme\nspec: {classes: {standard: {days: 30}}}\n",
    }
    officer = person("carla", *RIGHTS, "packs:apply", "packs:read", "tenants:read", "limits:read")
    everywhere = Actor("carla", frozenset((right, "*") for right, _ in officer.grants))
    for expected in ("add", "keep"):
        with begin(kept.engine, everywhere, kept.installation.clock) as work:
            _, steps = loader.apply(work, files)
        assert [str(one.step) for one in steps] == [expected]
    with read(kept.engine, CARLA, kept.installation.clock) as work:
        held = policy.document(work.db, "acme", Kind.RETENTION)
    assert held["classes"] == {"standard": {"days": 30}}
