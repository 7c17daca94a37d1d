"""The ML-DSA-44 cosignature: as published, over what is published, and of one key alone."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from sqlalchemy import update

from quarterdeck.kernel.work import Actor
from quarterdeck.trail.integrity import service as integrity
from quarterdeck.trail.keys import second
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.note import Malformed, Signer, Verifier, lines_of, text_of
from quarterdeck.trail.keys.second import SecondKey, SecondSigner, cosigned
from quarterdeck.trail.log import service
from quarterdeck.trail.log.model import Head
from quarterdeck.trail.log.storage.sql import checkpoints
from trail.installation import OTHER, READER, Installation

SIGNER = Signer("example.com/log", bytes(range(32)))
SECOND = SecondSigner.of(SIGNER)
ROOT = sha256(b"a tree").digest()
TEXT = Head("example.com/log", 70_000, ROOT).text
AT_S = 1_679_315_147


def test_what_is_signed_is_what_tlog_cosignature_says() -> None:
    """Written out from c2sp.org/tlog-cosignature, ``cosigned_message``."""
    wanted = (
        b"subtree/v1\n\x00"
        b"\x0fwitness.example"
        + AT_S.to_bytes(8, "big")
        + b"\x0fexample.com/log"
        + bytes(8)
        + (70_000).to_bytes(8, "big")
        + ROOT
    )
    assert cosigned("witness.example", TEXT, AT_S) == wanted
    assert cosigned("witness.example", TEXT + "an extension\n", AT_S) == wanted


def test_the_line_has_id_time_and_signature() -> None:
    note = SECOND.beside(SIGNER.sign(TEXT), AT_S)
    _, (name, made) = lines_of(note)
    key = SECOND.key
    assert name == "example.com/log"
    assert made[:4] == sha256(b"example.com/log\n\x06" + key.public).digest()[:4]
    assert int.from_bytes(made[4:12], "big") == AT_S
    assert len(made) == 4 + 8 + 2420
    own = MLDSA44PublicKey.from_public_bytes(key.public)
    own.verify(made[12:], cosigned(key.name, TEXT, AT_S))
    with pytest.raises(InvalidSignature):
        own.verify(made[12:], cosigned(key.name, TEXT, AT_S + 1))


def test_who_knows_the_first_key_alone_reads_the_note_as_before() -> None:
    note = SECOND.beside(SIGNER.sign(TEXT), AT_S)
    assert SIGNER.verifier.signed(note)
    assert text_of(note) == TEXT
    assert SECOND.key.cosigned_at(note) == AT_S
    assert SECOND.key.cosigned_at(SIGNER.sign(TEXT)) is None


@pytest.mark.parametrize("at", [0, 4, 11, 12, 2000, 2431])
def test_a_byte_that_changed_is_no_cosignature(at: int) -> None:
    note = SECOND.beside(SIGNER.sign(TEXT), AT_S)
    made = lines_of(note)[1][1]
    other = made[:at] + bytes([made[at] ^ 1]) + made[at + 1 :]
    changed = note.replace(b64encode(made), b64encode(other))
    assert changed != note
    assert SECOND.key.cosigned_at(changed) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda head: replace(head, size=head.size + 1),
        lambda head: replace(head, root=bytes(32)),
        lambda head: replace(head, origin="example.com/other"),
    ],
    ids=["size", "root", "origin"],
)
def test_it_holds_for_no_other_checkpoint(change: Callable[[Head], Head]) -> None:
    line = SECOND.beside(SIGNER.sign(TEXT), AT_S).splitlines(keepends=True)[-1]
    other = SIGNER.sign(change(Head.parse(TEXT)).text)
    assert SECOND.key.cosigned_at(other + line) is None


def test_a_key_is_read_as_it_is_written_and_no_other_is() -> None:
    vkey = SECOND.key.vkey
    assert SecondKey.parse(vkey) == SECOND.key
    for bad in (SIGNER.verifier.vkey, vkey[:-4], vkey.replace("log+", "lag+"), "", "a+b"):
        with pytest.raises(Malformed):
            SecondKey.parse(bad)


def test_each_signing_key_has_a_second_key_of_its_own() -> None:
    other = Signer("example.com/log", bytes(31) + b"\1")
    assert SecondSigner.of(other).key != SECOND.key
    assert SECOND.seed != SIGNER.seed


def grown(installation: Installation, leaves: int = 5) -> Path:
    """A copy of a log whose checkpoints are signed twice."""
    installation.integrator.second = True
    installation.grow(leaves)
    folder = installation.folder / "copy"
    integrity.copy_log(installation.serve, folder)
    return folder


def test_a_log_is_verified_against_both_keys(installation: Installation) -> None:
    copy = grown(installation)
    key = Verifier.parse(installation.vkey)
    second = SecondSigner.of(installation.keys.signer("acme")).key
    assert integrity.verify_copy(copy, key, second=second).findings == ()
    (found,) = integrity.verify_copy(copy, key, second=SECOND.key).findings
    assert "not cosigned by the ML-DSA-44 key" in found.what


def test_a_log_without_a_cosignature_is_found_out(installation: Installation) -> None:
    installation.grow(3)
    folder = installation.folder / "copy"
    integrity.copy_log(installation.serve, folder)
    second = SecondSigner.of(installation.keys.signer("acme")).key
    verdict = integrity.verify_copy(folder, Verifier.parse(installation.vkey), second=second)
    assert not verdict.intact


def test_after_a_rotation_the_newest_key_cosigns(installation: Installation) -> None:
    grown(installation)
    before = SecondSigner.of(installation.keys.signer("acme")).key
    installation.keys.rotate("acme", 5, timedelta(), ("scheduled", ""))
    installation.grow(2)
    note = installation.serve("checkpoint") or b""
    after = SecondSigner.of(installation.keys.signer("acme")).key
    assert (before.cosigned_at(note), after.cosigned_at(note) is None) == (None, False)
    assert listed(installation) == {"acme": after.vkey}


def test_the_key_that_is_listed_is_the_one_that_cosigned(installation: Installation) -> None:
    installation.grow(1)
    assert listed(installation) == {}
    grown(installation)
    before = SecondSigner.of(installation.keys.signer("acme")).key.vkey
    assert listed(installation) == {"acme": before}
    assert listed(installation, OTHER) == {}
    installation.keys.rotate("acme", 6, timedelta(), ("scheduled", ""))
    assert listed(installation) == {"acme": before}
    installation.integrator.second = False
    installation.grow(1)
    assert listed(installation) == {}


@pytest.mark.parametrize("lost", [False, True])
def test_what_an_older_release_cosigned_is_listed_after_the_next_start(
    installation: Installation, *, lost: bool
) -> None:
    grown(installation)
    named = listed(installation)
    with installation.engine.begin() as db:
        db.execute(update(checkpoints).values(second_vkey=""))
    assert (named["acme"] != "", listed(installation)) == (True, {})
    if lost:
        installation.keys = KeyStore(installation.folder / "none")
    installation.restart()
    installation.integrator.second = True
    assert installation.integrate() == 0
    assert listed(installation) == ({} if lost else named)


def listed(installation: Installation, actor: Actor = READER) -> dict[str, str]:
    with installation.reading(actor) as work:
        return service.second_keys(work)


def test_a_library_that_lacks_it_is_named_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    second.check_supported()

    class Lacking:
        @staticmethod
        def from_seed_bytes(_seed: bytes) -> None:
            raise UnsupportedAlgorithm("ML-DSA-44 is not supported")

    monkeypatch.setattr(second, "MLDSA44PrivateKey", Lacking)
    with pytest.raises(second.SecondUnsupported, match="checkpoint_ml_dsa is set"):
        second.check_supported()
