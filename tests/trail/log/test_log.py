"""From facts to a signed log, and out again."""

from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from quarterdeck.events.governance import DomainBecameFresh
from quarterdeck.kernel.db import DatabaseUnavailable, reading
from quarterdeck.kernel.errors import Forbidden, Invalid, NotFound
from quarterdeck.kernel.health import Health
from quarterdeck.kernel.outbox import after
from quarterdeck.kernel.work import begin
from quarterdeck.trail.ingest.service import ingest
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.model import KeyMissing, KeyUnusable
from quarterdeck.trail.keys.note import Verifier, text_of
from quarterdeck.trail.keys.store import data_keys
from quarterdeck.trail.log import condition, service
from quarterdeck.trail.log.model import Head, LeafNotFound, LogDamaged, TileNotFound
from quarterdeck.trail.proof import consistency, inclusion, tiles
from quarterdeck.trail.proof.tiles import Tile
from quarterdeck.trail.proof.tree import leaf_hash, root_hash
from trail.installation import ADA, OTHER, READER, Installation


def head(installation: Installation) -> Head:
    with installation.reading() as work:
        return Head.parse(text_of(service.checkpoint(work, installation.reader, "acme").note))


def entries(installation: Installation) -> list[bytes]:
    with installation.reading() as work:
        size = service.checkpoint(work, installation.reader, "acme").size
        bundles = [
            (t, service.entry_bundle(work, installation.reader, "acme", t.path).content)
            for t in tiles.tiles(None, size)
        ]
    return [e for t, b in bundles for e in tiles.unpack_entries(b, t.width)]


def test_every_fact_leaves_one_leaf_in_order(installation: Installation) -> None:
    installation.revoke(3)
    installation.happen(DomainBecameFresh(tenant="acme", domain="costs"))
    installation.revoke(1)
    installation.deliver()
    installation.deliver()
    with installation.reading() as work:
        found = service.records(work, installation.reader, "acme")
    assert [(v.index, v.payload["token"]) for v in found] == [
        (3, "t4"),
        (2, "t3"),
        (1, "t2"),
        (0, "t1"),
    ]


def test_a_record_says_who_did_what_to_what(installation: Installation) -> None:
    installation.grow(1)
    with installation.reading() as work:
        view = service.record(work, installation.reader, "acme", 0)
    shown: dict[str, Any] = dict(view.record)
    assert (shown["actor"], shown["action"], shown["resource"]) == (
        {"id": "ada", "type": "principal"},
        "tokens:revoke",
        {"id": "t1", "type": "tokens"},
    )
    assert (shown["source"], shown["source_seq"], shown["outcome"], shown["decision"]) == (
        "quarterdeck",
        1,
        "success",
        "permit",
    )
    assert shown["occurred_at"] == "2026-02-28T12:00:00.000000Z"
    assert shown["correlation"]["request"] == "request-1"
    assert view.proven


def test_a_fact_that_comes_again_leaves_no_second_leaf(installation: Installation) -> None:
    installation.grow(1)
    take_again(installation)
    installation.restart()
    take_again(installation)
    with installation.reading() as work:
        assert len(service.records(work, installation.reader, "acme")) == 1


def take_again(installation: Installation) -> None:
    """What a worker does that died before it had moved its place on."""
    with reading(installation.engine) as db:
        facts = after(db, "acme", 0, 10)
    ingest(
        installation.engine,
        installation.keys,
        installation.trail.sequencer,
        facts,
        installation.now,
    )


def test_a_place_that_was_not_moved_leaves_neither_second_leaf_nor_gap(
    installation: Installation,
) -> None:
    installation.revoke(2)
    take_again(installation)
    installation.revoke(1)
    installation.deliver()
    with installation.reading() as work:
        found = service.records(work, installation.reader, "acme")
    assert [(view.index, view.payload["token"]) for view in found] == [
        (2, "t3"),
        (1, "t2"),
        (0, "t1"),
    ]


def test_many_appenders_at_once_never_share_an_index(
    installation: Installation, engine: Engine
) -> None:
    installation.revoke(24)
    with reading(engine) as db:
        facts = after(db, "acme", 0, 100)

    def take(number: int) -> None:
        sequencer = installation.trail.sequencer
        ingest(engine, installation.keys, sequencer, [facts[number]], installation.now)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take, range(24)))
    installation.integrate()
    with installation.reading() as work:
        found = service.records(work, installation.reader, "acme")
    assert [view.index for view in found] == list(range(23, -1, -1))
    assert len({view.record["id"] for view in found}) == 24


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 700])
def test_the_checkpoint_commits_to_the_entries(installation: Installation, size: int) -> None:
    installation.grow(size)
    found = entries(installation)
    assert len(found) == head(installation).size == size
    assert head(installation).root == root_hash([leaf_hash(e) for e in found])


def test_the_checkpoint_is_signed_by_the_key_in_the_list(installation: Installation) -> None:
    installation.grow(3)
    with installation.reading() as work:
        ((log, size),) = service.logs(work, installation.reader)
        note = service.checkpoint(work, installation.reader, "acme").note
    assert (size, log.size) == (3, 3)
    assert Verifier.parse(log.vkey).signed(note)
    assert log.origin.startswith("quarterdeck.")
    assert log.origin.endswith("/acme")


def test_a_tree_that_grows_by_and_by_is_the_same_tree(installation: Installation) -> None:
    for step in (1, 254, 1, 1, 300):
        installation.grow(step)
    found = entries(installation)
    assert head(installation).root == root_hash([leaf_hash(e) for e in found])


def test_leaves_can_be_proven(installation: Installation) -> None:
    installation.grow(300)
    told = head(installation)
    with installation.reading() as work:
        for index in (0, 1, 255, 256, 299):
            found = service.prove_inclusion(work, installation.reader, "acme", index)
            inclusion.verify(found.leaf_hash, index, told.size, found.proof, told.root)
            entry = tiles.unpack_entries(
                service.entry_bundle(
                    work,
                    installation.reader,
                    "acme",
                    Tile(None, index // 256, index % 256 + 1).path,
                ).content,
                index % 256 + 1,
            )[-1]
            assert leaf_hash(entry) == found.leaf_hash


def test_growth_can_be_proven(installation: Installation) -> None:
    installation.grow(100)
    old = head(installation)
    installation.grow(200)
    new = head(installation)
    with installation.reading() as work:
        proof = service.prove_consistency(work, installation.reader, "acme", old.size, new.size)
        with pytest.raises(Invalid):
            service.prove_consistency(work, installation.reader, "acme", 5, 301)
    consistency.verify(old.size, new.size, proof, old.root, new.root)


def test_what_no_checkpoint_covers_is_not_proven_and_not_served(
    installation: Installation,
) -> None:
    installation.grow(3)
    installation.revoke(1)
    installation.deliver()
    with installation.reading() as work:
        assert [v.proven for v in service.records(work, installation.reader, "acme")] == [
            False,
            True,
            True,
            True,
        ]
        with pytest.raises(LeafNotFound):
            service.prove_inclusion(work, installation.reader, "acme", 3)
        for path in ("tile/0/000.p/4", "tile/entries/000.p/4", "tile/1/000.p/1", "elsewhere"):
            assert service.resource(work, installation.reader, "acme", path) is None
        with pytest.raises(TileNotFound):
            service.hash_tile(work, installation.reader, "acme", "tile/0/000")


def test_integrating_what_is_integrated_does_nothing(installation: Installation) -> None:
    installation.grow(3)
    before = head(installation)
    assert installation.integrate() == 0
    assert head(installation) == before


def test_two_integrators_at_once_publish_one_tree(installation: Installation) -> None:
    installation.revoke(600)
    installation.deliver()
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(installation.integrate) for _ in range(4)]
    assert sum(run.result() for run in runs) >= 1
    found = entries(installation)
    assert head(installation).root == root_hash([leaf_hash(e) for e in found])


def test_a_damaged_log_is_not_signed_again(installation: Installation) -> None:
    installation.grow(5)
    before = head(installation)
    installation.alter(2, rehash=True)
    installation.restart()
    installation.revoke(1)
    with pytest.raises(LogDamaged):
        deliver_and_integrate(installation)
    assert head(installation) == before


def deliver_and_integrate(installation: Installation) -> None:
    """In files, the journal itself refuses; in tables, the integrator."""
    installation.deliver()
    installation.integrate()


def test_a_leaf_that_was_altered_before_it_was_signed_never_is(
    installation: Installation,
) -> None:
    installation.grow(1)
    installation.revoke(3)
    installation.deliver()
    installation.alter(1)
    with pytest.raises(LogDamaged, match="not what was acknowledged"):
        installation.integrate()
    assert head(installation).size == 1


def test_a_damaged_log_keeps_no_other_from_being_signed(installation: Installation) -> None:
    installation.revoke(1)
    installation.revoke(2, tenant="zeta")
    installation.deliver()
    installation.alter(0)
    with pytest.raises(LogDamaged):
        installation.integrate()
    assert installation.reader.checkpoint("acme") is None
    assert installation.reader.checkpoint("zeta") is not None


def test_a_log_whose_key_is_gone_neither_grows_nor_is_signed(
    installation: Installation, engine: Engine, tmp_path: Path
) -> None:
    installation.grow(2)
    for path in installation.keys.tenants():
        path.unlink()
    installation.trail.close()
    reopened = Installation(engine, KeyStore(tmp_path / "keys"), tmp_path)
    reopened.revoke(1)
    with pytest.raises(KeyMissing, match="keys restore"):
        reopened.deliver()
    assert not reopened.keys.tenants()


def test_a_log_is_never_signed_by_another_key(
    installation: Installation, engine: Engine, tmp_path: Path
) -> None:
    installation.revoke(1)
    installation.deliver()
    installation.trail.close()
    stranger = Installation(engine, KeyStore(tmp_path / "others"), tmp_path)
    stranger.keys.begin("acme")
    with pytest.raises(KeyUnusable, match="put the first back"):
        stranger.integrate()


def test_what_is_not_public_is_not_in_the_leaf(installation: Installation) -> None:
    installation.name_somebody("Ada Lovelace")
    installation.deliver()
    installation.integrate()
    assert b"Lovelace" not in b"".join(entries(installation))
    with installation.reading() as work:
        view = service.record(work, installation.reader, "acme", 0)
    assert view.hidden == {"/payload/name": "restricted"}
    assert view.payload == {"kind": "person", "principal": "p1"}
    assert len(view.record["sd"]) == 1


def test_a_hidden_field_is_disclosed_to_whoever_may_and_that_leaves_a_leaf(
    installation: Installation,
) -> None:
    installation.name_somebody("Ada Lovelace")
    installation.deliver()
    with begin(installation.engine, ADA, installation.clock) as work:
        view = service.disclose(work, installation.reader, installation.keys, "acme", 0)
    assert view.disclosed == {"/payload/name": "Ada Lovelace"}
    assert view.hidden == {}
    installation.deliver()
    with installation.reading() as work:
        newest = service.records(work, installation.reader, "acme", limit=1)[0]
    assert newest.record["action"] == "trail:disclose"
    assert newest.payload["fields"] == ["/payload/name"]


def test_a_field_whose_key_was_destroyed_is_erased_and_the_proof_stands(
    installation: Installation, engine: Engine
) -> None:
    installation.name_somebody()
    installation.deliver()
    installation.integrate()
    with engine.begin() as db:
        assert db.scalars(select(data_keys.c.subject)).all() == ["principals:p1"]
        db.execute(update(data_keys).values(wrapped=None))
    with begin(installation.engine, ADA, installation.clock) as work:
        view = service.disclose(work, installation.reader, installation.keys, "acme", 0)
        proof = service.prove_inclusion(work, installation.reader, "acme", 0)
    assert (view.disclosed, view.hidden) == ({}, {"/payload/name": "erased"})
    inclusion.verify(proof.leaf_hash, 0, 1, proof.proof, head(installation).root)


def test_text_that_is_no_unicode_leaves_its_leaf(installation: Installation) -> None:
    installation.name_somebody("\ud800")
    installation.deliver()
    with begin(installation.engine, ADA, installation.clock) as work:
        view = service.disclose(work, installation.reader, installation.keys, "acme", 0)
    assert view.disclosed == {"/payload/name": "\ud800"}


def test_readers_see_their_own_tenants_logs_only(installation: Installation) -> None:
    installation.grow(1)
    with installation.reading(OTHER) as work:
        assert service.logs(work, installation.reader) == []
        for refused in (
            lambda: service.records(work, installation.reader, "acme"),
            lambda: service.record(work, installation.reader, "acme", 0),
            lambda: service.prove_inclusion(work, installation.reader, "acme", 0),
            lambda: service.entry_bundle(work, installation.reader, "acme", "tile/entries/000.p/1"),
        ):
            with pytest.raises(NotFound):
                refused()
    with (
        pytest.raises(Forbidden),
        begin(installation.engine, READER, installation.clock) as work,
    ):
        service.disclose(work, installation.reader, installation.keys, "acme", 0)


def test_pages_go_from_new_to_old(installation: Installation) -> None:
    installation.grow(7)
    with installation.reading() as work:
        first = service.records(work, installation.reader, "acme", limit=3)
        second = service.records(work, installation.reader, "acme", before=first[-1].index, limit=3)
        with pytest.raises(Invalid):
            service.records(work, installation.reader, "acme", limit=0)
    assert [v.index for v in first + second] == [6, 5, 4, 3, 2, 1]


def test_health_tells_what_waits_and_how_long(installation: Installation) -> None:
    def found() -> tuple[Health, str]:
        entry = condition.log_health(installation.engine, installation.reader, installation.clock)
        return entry.status, entry.description

    assert found()[0] is Health.HEALTHY
    installation.grow(2)
    installation.revoke(3)
    installation.deliver()
    installation.later(timedelta(seconds=31))
    assert found() == (
        Health.DEGRADED,
        "3 leaves await a checkpoint, the oldest for 31 s; last checkpoint 31 s ago",
    )
    installation.later(timedelta(seconds=300))
    assert found()[0] is Health.UNHEALTHY
    installation.integrate()
    assert found()[0] is Health.HEALTHY
    installation.later(timedelta(seconds=-60))
    assert found()[1].endswith("last checkpoint 0 s ago")


def test_health_tells_of_what_happened_and_has_no_leaf(installation: Installation) -> None:
    installation.revoke(1)
    installation.later(timedelta(seconds=31))
    entry = condition.log_health(installation.engine, installation.reader, installation.clock)
    assert entry.status is Health.DEGRADED
    assert "what happened 31 s ago has no leaf" in entry.description
    installation.deliver()
    installation.integrate()
    assert (
        condition.log_health(installation.engine, installation.reader, installation.clock).status
        is Health.HEALTHY
    )


def test_the_root_in_a_checkpoint_is_base64_of_32_bytes(installation: Installation) -> None:
    installation.grow(1)
    with installation.reading() as work:
        note = service.checkpoint(work, installation.reader, "acme").note
    origin, size, root = note.decode().splitlines()[:3]
    assert (size, len(b64decode(root))) == ("1", 32)
    assert note.decode().splitlines()[4].startswith(f"\N{EM DASH} {origin} ")


def test_a_removed_leaf_stops_the_integrator(installation: Installation) -> None:
    installation.grow(1)
    installation.revoke(3)
    installation.deliver()
    installation.remove(2)
    with pytest.raises(LogDamaged):
        installation.integrate()


def test_a_step_that_was_kept_in_part_is_made_again_before_the_next(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.grow(300)
    installation.revoke(300)
    installation.deliver()
    for name in ("keep", "show"):
        with monkeypatch.context() as once:
            once.setattr(installation.integrator.tiles, name, away)
            with pytest.raises(DatabaseUnavailable):
                installation.integrate()
        installation.grow(300)
        installation.revoke(1)
        installation.deliver()
    installation.restart()
    installation.integrate()
    assert head(installation).root == root_hash([leaf_hash(one) for one in entries(installation)])
    assert head(installation).size == 1202


def away(*_: object) -> None:
    raise DatabaseUnavailable("the database is away")
