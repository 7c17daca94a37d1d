"""A log's key is replaced while it is signed, and who pinned the old one still verifies."""

from datetime import timedelta
from pathlib import Path

import pytest

from quarterdeck.kernel.work import Actor, begin
from quarterdeck.trail.integrity import service as integrity
from quarterdeck.trail.integrity.model import Verdict
from quarterdeck.trail.keys import backup, handover, rotation
from quarterdeck.trail.keys.handover import Handover, chain, pack, unpack
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.model import KeyUnusable
from quarterdeck.trail.keys.note import Malformed, Signer, Verifier
from quarterdeck.trail.keys.readiness import keys_ready
from quarterdeck.trail.keys.ring import SigningKey
from quarterdeck.trail.keys.rotation import BadOverlap, IncidentMissing
from trail.installation import NOON, Installation

SARA = Actor("sara", frozenset({("keys:rotate", "acme"), ("keys:read", "acme")}))
MONTH = timedelta(days=30)


@pytest.fixture
def installation(installation: Installation) -> Installation:
    """With keys that follow its clock."""
    folder = installation.folder / "keys"
    installation.keys = KeyStore(folder, installation.clock)
    installation.open() if installation.in_tables else installation.restart()
    return installation


def rotate(installation: Installation, incident: str = "") -> SigningKey:
    size = installation.reader.size("acme")
    with begin(installation.engine, SARA, installation.clock) as work:
        if incident:
            return rotation.rotate_at_once(work, installation.keys, "acme", size, incident)
        return rotation.rotate(work, installation.keys, "acme", size, MONTH)


def check(installation: Installation, key: Verifier, *, since: bytes | None = None) -> Verdict:
    """As a stranger who pinned ``key`` sees it."""

    def read(path: str) -> bytes | None:
        if path == "handovers":
            return pack([one.handover for one in installation.keys.ring("acme")[1:]])
        return installation.serve(path)

    return integrity.verify(read, key, since, integrity.silent)


@pytest.mark.census("ATP-346", "ATP-352")
def test_both_keys_sign_while_they_overlap_and_then_the_new_one_alone(
    installation: Installation,
) -> None:
    installation.grow(3)
    old = Verifier.parse(installation.vkey)
    new = rotate(installation).verifier
    installation.grow(3)
    note = installation.serve("checkpoint") or b""
    assert old.signed(note)
    assert new.signed(note)
    installation.later(MONTH)
    installation.grow(3)
    note = installation.serve("checkpoint") or b""
    assert not old.signed(note)
    assert new.signed(note)


@pytest.mark.census("ATP-346", "ATP-352")
def test_who_pinned_the_old_key_follows_the_hand_overs_to_the_newest(
    installation: Installation,
) -> None:
    installation.grow(3)
    old = Verifier.parse(installation.vkey)
    first = installation.serve("checkpoint")
    for _ in range(2):
        rotate(installation)
        installation.later(MONTH)
        installation.grow(300)
    assert check(installation, old).intact
    assert check(installation, old, since=first).intact
    assert check(installation, Verifier.parse(installation.vkey)).intact
    stranger = Signer(old.name, b"s" * 32).verifier
    assert not check(installation, stranger).intact


@pytest.mark.census("ATP-354")
def test_an_emergency_ends_the_old_key_at_once_and_history_still_verifies(
    installation: Installation,
) -> None:
    installation.grow(3)
    old = Verifier.parse(installation.vkey)
    first = installation.serve("checkpoint") or b""
    made = rotate(installation, "inc-7")
    assert (made.reason, made.incident) == ("emergency", "inc-7")
    installation.grow(3)
    note = installation.serve("checkpoint") or b""
    assert not old.signed(note)
    assert old.signed(first)
    assert check(installation, old, since=first).intact


@pytest.mark.census("ATP-354")
def test_what_a_revoked_key_signs_later_is_not_believed(installation: Installation) -> None:
    installation.grow(3)
    ring = installation.keys.ring("acme")
    rotate(installation, "inc-7")
    rotate(installation)
    installation.grow(3)
    middle = installation.keys.ring("acme")[1]
    head = installation.serve("checkpoint") or b""
    text = head.partition(b"\n\n")[0].decode() + "\n"
    forged = ring[0].signer.sign(text)
    handovers = pack([one.handover for one in installation.keys.ring("acme")[1:]])

    def read(path: str) -> bytes | None:
        special = {"checkpoint": forged, "handovers": handovers}
        return special.get(path) or installation.serve(path)

    # Who pinned the key after it is not led back to it.
    assert not integrity.verify(read, middle.verifier, None, integrity.silent).intact


def test_an_emergency_names_its_incident_and_an_overlap_is_no_lifetime(
    installation: Installation,
) -> None:
    installation.grow(1)
    with begin(installation.engine, SARA, installation.clock) as work:
        with pytest.raises(IncidentMissing):
            rotation.rotate_at_once(work, installation.keys, "acme", 1, " ")
        for overlap in (timedelta(0), timedelta(days=401)):
            with pytest.raises(BadOverlap):
                rotation.rotate(work, installation.keys, "acme", 1, overlap)
    assert len(installation.keys.ring("acme")) == 1


def test_a_key_that_another_process_made_is_used_at_once(installation: Installation) -> None:
    installation.grow(1)
    other = KeyStore(installation.folder / "keys", installation.clock)
    other.ring("acme")
    made = rotate(installation)
    assert other.signer("acme").verifier == made.verifier


def test_rotated_keys_are_backed_up_restored_and_checked(
    installation: Installation, tmp_path: Path
) -> None:
    installation.grow(1)
    rotate(installation)
    folder, copy = installation.folder / "keys", tmp_path / "copy"
    backup.back_up(folder, copy, "a long passphrase", NOON)
    backup.restore(copy, "a long passphrase", tmp_path / "restored")
    restored = KeyStore(tmp_path / "restored", installation.clock)
    assert restored.ring("acme")[-1].verifier == installation.keys.ring("acme")[-1].verifier
    assert restored.check() >= 1
    (tmp_path / "restored/acme.next-2.json").chmod(0o644)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        KeyStore(tmp_path / "restored").check()


def test_health_tells_when_a_key_is_a_year_old(installation: Installation) -> None:
    installation.grow(1)
    rotate(installation)
    ages = []
    for _ in range(3):
        ages.append(rotation.key_age(installation.keys, ["acme"], installation.clock).status)
        installation.later(timedelta(days=183))
    assert ages == ["healthy", "healthy", "unhealthy"]


def test_no_key_is_of_tomorrow_though_a_clock_steps_back(installation: Installation) -> None:
    installation.grow(1)
    rotate(installation)
    installation.later(timedelta(days=-3))
    keys, clock = installation.keys, installation.clock
    assert "is 0 days old" in rotation.key_age(keys, ["acme"], clock).description
    assert "signs 0 days old" in keys_ready(keys, lambda: ["acme"], clock).description


def test_hand_overs_are_packed_and_unpacked(installation: Installation) -> None:
    installation.grow(1)
    rotate(installation)
    rotate(installation)
    notes = [one.handover for one in installation.keys.ring("acme")[1:]]
    assert unpack(pack(notes)) == notes
    assert unpack(b"") == []
    first = installation.keys.began("acme")
    assert [one.number for one in chain(first, notes)] == [2, 3]
    with pytest.raises(Malformed):
        unpack(notes[0].partition(b"\n\n")[0])
    with pytest.raises(Malformed):
        Handover.parse(notes[0].replace(b"\n2\n", b"\n3\n"))


def test_one_key_that_handed_over_twice_is_a_fork(installation: Installation) -> None:
    installation.grow(1)
    made = rotate(installation)
    old = installation.keys.ring("acme")[0]
    other = Signer(old.signer.name, b"o" * 32)
    said = Handover(
        origin=other.name,
        number=2,
        old=old.verifier,
        new=other.verifier,
        size=1,
        reason=handover.SCHEDULED,
    )
    second = Signer(other.name, other.seed, (old.signer,)).sign(said.text)
    with pytest.raises(Malformed, match="forked"):
        chain(old.verifier, [made.handover, second])
