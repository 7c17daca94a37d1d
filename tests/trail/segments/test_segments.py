"""Segments: contiguous, chained, kept, and judged by chain, tree and signature."""

import json
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from typing_extensions import override

from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.work import Actor, read
from quarterdeck.trail.keys.note import Verifier
from quarterdeck.trail.log.model import LogDamaged
from quarterdeck.trail.segments import service
from quarterdeck.trail.segments.model import (
    Sealing,
    Segment,
    SegmentNotFound,
    SegmentVerdict,
    StoreRefused,
    StoreUnavailable,
)
from quarterdeck.trail.segments.ports import SegmentStore
from quarterdeck.trail.segments.proof import UNKNOWN_SIGNER, SegmentProof, Unreadable, verify
from quarterdeck.trail.segments.sealing import Sealer
from quarterdeck.trail.segments.service import Ground
from quarterdeck.trail.segments.storage.files import FileSegments
from servers import seaweed
from servers.forwarder import before
from trail.installation import Installation
from trail.worms import BOTH, Bucket, Folder, Worm

VERA = Actor("vera", frozenset({("trail:verify", "acme")}))


class Vault:
    """Segments of an installation."""

    def __init__(self, installation: Installation, worm: Worm, most: int = 300) -> None:
        self.installation = installation
        self.worm = worm
        self.sealer = Sealer(
            engine=installation.engine,
            keys=installation.keys,
            reader=installation.reader,
            store=worm.store,
            clock=installation.clock,
            sealing=Sealing(most=most),
        )

    @property
    def store(self) -> SegmentStore:
        return self.worm.store

    @property
    def ground(self) -> Ground:
        found = self.installation
        return Ground(reader=found.reader, store=self.store, keys=found.keys)

    def list(self) -> list[Segment]:
        with read(self.installation.engine, VERA, self.installation.clock) as work:
            return service.segments(work, "acme")[::-1]

    def verify(self, number: int = 0) -> SegmentVerdict:
        with read(self.installation.engine, VERA, self.installation.clock) as work:
            return service.verify_segment(work, self.ground, f"acme-{number:06}")[0]

    def prove(self, number: int = 0) -> SegmentProof:
        with read(self.installation.engine, VERA, self.installation.clock) as work:
            proof = service.verify_segment(work, self.ground, f"acme-{number:06}", prove=True)[1]
        assert proof is not None
        return proof


@pytest.fixture
def vault(installation: Installation, worm: Worm) -> Vault:
    """The log of acme: 700 records, sealed as 300, 300 and, an hour later, 100."""
    installation.grow(700)
    made = Vault(installation, worm)
    assert made.sealer.beat() == 2
    installation.later(timedelta(hours=1))
    assert made.sealer.beat() == 1
    return made


@pytest.mark.census("ATP-505")
@BOTH
def test_segments_are_contiguous_chained_and_signed(vault: Vault) -> None:
    found = vault.list()
    assert [(s.manifest.start, s.manifest.end) for s in found] == [(0, 300), (300, 600), (600, 700)]
    for one, following in pairwise(found):
        assert following.manifest.previous == one.digest
    key = Verifier.parse(vault.installation.vkey)
    assert all(s.manifest.key_id == key.id.hex() and key.signed(s.note) for s in found)
    assert all(s.stored for s in found)


@pytest.mark.census("ATP-426", "ATP-450")
@BOTH
def test_each_segment_has_three_results(vault: Vault) -> None:
    for number in range(3):
        verdict = vault.verify(number)
        assert verdict.intact
        assert [result.name for result in verdict.results] == ["chain", "tree", "signature"]
    assert vault.verify(0).checked == 300


def test_what_is_too_young_is_not_sealed_and_nothing_is_sealed_twice(
    vault: Vault, installation: Installation
) -> None:
    installation.grow(5)
    assert vault.sealer.beat() == 0
    assert len(vault.list()) == 3


@pytest.mark.census("ATP-427")
def test_a_record_altered_in_the_log_is_named(vault: Vault, installation: Installation) -> None:
    installation.alter(411)
    verdict = vault.verify(1)
    assert verdict.position == 411
    assert [result.right for result in verdict.results] == [True, False, True]
    assert "record 411 is altered in the log" in verdict.results[1].found
    assert vault.verify(0).intact


@BOTH
def test_a_record_altered_in_the_store_is_named(vault: Vault) -> None:
    vault.worm.spoil(
        "standard/acme/tile/entries/000", lambda b: b.replace(b"success", b"failure", 7)
    )
    verdict = vault.verify(0)
    assert verdict.position == 0
    assert verdict.results[1].found == ("record 0 is altered in the segment store",)


@BOTH
def test_a_bundle_that_is_gone_from_the_store_is_named(vault: Vault) -> None:
    vault.worm.spoil("standard/acme/tile/entries/001", None)
    assert vault.verify(1).results[1].found == (
        "record 300 is missing in the segment store",
        "record 256 is missing in the segment store",
    )


@pytest.mark.census("ATP-427")
@BOTH
def test_a_manifest_altered_in_the_store_breaks_its_chain(vault: Vault) -> None:
    vault.worm.spoil(
        "standard/acme/segments/000001", lambda b: b.replace(b'"number":1', b'"number":7')
    )
    chain, tree, signature = vault.verify(1).results
    assert (chain.right, tree.right, signature.right) == (False, True, True)


@pytest.mark.census("ATP-502")
@BOTH
def test_what_is_stored_is_never_written_over(vault: Vault) -> None:
    key = vault.list()[0].manifest.key
    before = vault.store.get(key)
    assert before is not None
    with pytest.raises(StoreRefused, match="never written over"):
        vault.store.put(key, b"other", vault.installation.now)
    vault.store.put(key, before, vault.installation.now)
    assert vault.store.get(key) == before
    assert not {name for name in dir(vault.store) if "delete" in name or "remove" in name}


def test_what_a_crash_left_without_its_manifest_is_stored_with_the_next_beat(
    vault: Vault, installation: Installation
) -> None:
    class Away(FileSegments):
        @override
        def put(self, key: str, content: bytes, until: datetime) -> None:
            if "segments/" in key:
                raise ConnectionError("away")
            super().put(key, content, until)

    installation.grow(300)
    assert isinstance(vault.worm, Folder)
    whole, vault.sealer.store = vault.sealer.store, Away(vault.worm.path)
    with pytest.raises(ConnectionError):
        vault.sealer.beat()
    assert not vault.list()[-1].stored
    assert not vault.verify(3).results[0].right
    vault.sealer.store = whole
    vault.sealer.beat()
    assert vault.list()[-1].stored
    assert vault.verify(3).intact


def test_what_a_bucket_that_was_away_did_not_take_is_stored_when_it_is_back(
    installation: Installation, bucket: Bucket
) -> None:
    installation.now = utc_now()
    installation.grow(300)
    vault = Vault(installation, bucket)
    whole = vault.sealer.store
    with before(seaweed.endpoint().removeprefix("http://")) as server:
        vault.sealer.store = bucket.reached_by(f"http://{server.address}")
        server.cut()
        with pytest.raises(StoreUnavailable):
            vault.sealer.beat()
    assert vault.list() == []
    vault.sealer.store = whole
    assert vault.sealer.beat() == 1
    assert vault.verify(0).intact


def test_a_damaged_log_stops_the_sealing_of_no_other(vault: Vault) -> None:
    here = vault.installation
    here.grow(300)
    here.alter(750)
    here.open() if here.in_tables else None
    here.revoke(300, "zeta")
    here.deliver()
    here.integrate()
    vault.sealer.reader = here.reader
    with pytest.raises(LogDamaged, match="acme"):
        vault.sealer.beat()
    zoe = Actor("zoe", frozenset({("trail:verify", "zeta")}))
    with read(here.engine, zoe, here.clock) as work:
        assert [s.stored for s in service.segments(work, "zeta")] == [True]
    assert len(vault.list()) == 3


@pytest.mark.census("ATP-502")
@pytest.mark.parametrize("worm", ["bucket"], indirect=True)
def test_what_is_put_over_a_sealed_segment_changes_no_verdict(vault: Vault) -> None:
    assert isinstance(vault.worm, Bucket)
    for path in ("tile/entries/000", "segments/000000"):
        vault.worm.cover(f"standard/acme/{path}", b"other")
    assert vault.verify(0).intact
    locks = [vault.store.locked_until(s.manifest.key) for s in vault.list()]
    ends = vault.installation.now + timedelta(days=364)
    assert all(until is not None and until > ends for until in locks)


def test_a_first_segment_of_less_than_a_bundle_is_followed_by_others(
    installation: Installation, worm: Worm
) -> None:
    installation.grow(140)
    found = Vault(installation, worm, most=140)
    assert found.sealer.beat() == 1
    installation.grow(140)
    assert found.sealer.beat() == 1
    assert (found.verify(0).intact, found.verify(1).intact) == (True, True)


@pytest.mark.census("ATP-398")
@BOTH
def test_a_proof_is_checked_without_the_installation(
    vault: Vault, installation: Installation
) -> None:

    installation.grow(50)
    for number in range(3):
        content = json.dumps(vault.prove(number).document()).encode()
        proof = SegmentProof.parse(content)
        key = Verifier.parse(installation.vkey)
        assert verify(proof, key).intact
        assert verify(proof, None).results[2].found == (UNKNOWN_SIGNER,)


@pytest.mark.census("ATP-398")
def test_no_byte_of_a_proof_can_change(vault: Vault, installation: Installation) -> None:

    key = Verifier.parse(installation.vkey)
    content = json.dumps(vault.prove(2).document()).encode()
    for place in range(200, len(content), 97):
        letter = b"A" if content[place : place + 1] != b"A" else b"B"
        changed = content[:place] + letter + content[place + 1 :]
        try:
            proof = SegmentProof.parse(changed)
        except Unreadable:
            continue
        if proof == SegmentProof.parse(content):
            continue
        assert not verify(proof, key).intact, place


def test_a_segment_that_is_not_there_is_not_found(vault: Vault) -> None:
    with pytest.raises(SegmentNotFound):
        vault.verify(9)
    with (
        read(vault.installation.engine, VERA, vault.installation.clock) as work,
        pytest.raises(SegmentNotFound, match="acme-000003"),
    ):
        service.segment(work, "nonsense")


@pytest.mark.parametrize("worm", ["folder"], indirect=True)
def test_a_store_that_is_away_is_waited_for_once_however_many_logs_are_due(
    vault: Vault, tmp_path: Path
) -> None:
    asked: list[str] = []

    class Away(FileSegments):
        @override
        def put(self, key: str, content: bytes, until: datetime) -> None:
            asked.append(key)
            raise StoreUnavailable("away")

    here = vault.installation
    here.grow(300)
    here.revoke(300, "zeta")
    here.deliver()
    here.integrate()
    vault.sealer.store = Away(tmp_path / "away")
    with pytest.raises(StoreUnavailable):
        vault.sealer.beat()
    assert len(asked) == 1
