"""Witnesses: ours by c2sp.org/tlog-witness, others asked by it, and what a quorum is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest

from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.kernel.work import Actor, begin, read
from quarterdeck.providers.witness.client import HttpWitness
from quarterdeck.trail.keys.note import Signer, Verifier
from quarterdeck.trail.log.model import Head
from quarterdeck.trail.proof import consistency
from quarterdeck.trail.proof.tree import root_hash
from quarterdeck.trail.witnesses import service
from quarterdeck.trail.witnesses.cosignature import Cosigner, WitnessKey
from quarterdeck.trail.witnesses.model import (
    Addition,
    CheckpointUnsigned,
    MalformedRequest,
    NotConsistent,
    OriginUnknown,
    WitnessMoved,
)
from quarterdeck.trail.witnesses.ports import WitnessAway
from quarterdeck.trail.witnesses.service import Asking
from trail.installation import Installation

ANYBODY = Actor("anonymous", frozenset())
COSIGNER = Cosigner("witness.example/one", b"w" * 32)


@dataclass
class Here:
    """Our witness, in this process; ``elsewhere`` as told."""

    installation: Installation
    elsewhere: bool = True
    away: bool = False
    vkey: str = COSIGNER.key.vkey

    @property
    def logs(self) -> Mapping[str, list[Verifier]]:
        key = Verifier.parse(self.installation.vkey)
        return {key.name: [key]}

    def add(self, body: bytes) -> str | int:
        if self.away:
            raise WitnessAway("away")
        try:
            with begin(self.installation.engine, ANYBODY, self.installation.clock) as work:
                return service.add_checkpoint(work, COSIGNER, self.logs, body)
        except WitnessMoved as moved:
            return moved.size
        except QuarterdeckError as error:
            raise WitnessAway(str(error)) from error


def asking(installation: Installation, *witnesses: Here) -> Asking:
    return Asking(
        engine=installation.engine,
        reader=installation.reader,
        clock=installation.clock,
        witnesses=witnesses,
    )


def cosigned(installation: Installation) -> bytes:
    with read(installation.engine, ANYBODY, installation.clock) as work:
        return service.cosigned(work, "acme") or b""


def test_a_checkpoint_is_cosigned_as_it_grows_and_the_log_s_signature_stays(
    installation: Installation,
) -> None:
    asks = asking(installation, Here(installation))
    for size in (3, 300, 301):
        installation.grow(size - installation.reader.size("acme"))
        assert asks.beat() == 1
        note = cosigned(installation)
        assert note.startswith(installation.serve("checkpoint") or b"-")
        assert COSIGNER.key.cosigned_at(note) == int(installation.now.timestamp())
        assert Verifier.parse(installation.vkey).signed(note)
    assert asks.beat() == 0


def test_who_asks_and_forgot_what_the_witness_saw_is_told_and_asks_again(
    installation: Installation,
) -> None:
    installation.grow(3)
    asking(installation, Here(installation)).beat()
    installation.grow(3)
    assert asking(installation, Here(installation)).beat() == 1


def test_a_missing_quorum_degrades_and_one_on_this_machine_counts_for_nothing(
    installation: Installation,
) -> None:
    installation.grow(3)
    far, near = Here(installation), Here(installation, elsewhere=False)

    def health(one: Here, quorum: int = 1) -> tuple[str, str]:
        found = service.quorum_health(installation.engine, [one], quorum, installation.clock)
        return found.status, found.description

    assert health(far)[0] == "degraded"
    asking(installation, Here(installation, away=True)).beat()
    assert health(far)[0] == "degraded"
    asking(installation, far).beat()
    assert health(far)[0] == "healthy"
    status, words = health(near)
    assert (status, "on this machine count for nothing" in words) == ("degraded", True)
    installation.later(timedelta(hours=1))
    assert health(far)[0] == "degraded"
    assert health(far, 0)[0] == "healthy"
    installation.grow(1)  # blocks nothing
    assert b"\n4\n" in (installation.serve("checkpoint") or b"")


def test_a_witness_of_this_machine_is_known_by_its_address() -> None:
    one = HttpWitness(COSIGNER.key.vkey, "http://127.0.0.1:9/x")
    other = HttpWitness(COSIGNER.key.vkey, "http://192.0.2.1:9/x")
    assert (one.elsewhere, other.elsewhere) == (False, True)
    with pytest.raises(WitnessAway, match="did not answer"):
        one.add(b"")
    one.close()
    other.close()


LOG = Signer("example.com/log", b"l" * 32)
LEAVES = [bytes([n]) * 32 for n in range(10)]


def note_of(size: int, leaves: list[bytes] = LEAVES, signer: Signer = LOG) -> bytes:
    return signer.sign(Head("example.com/log", size, root_hash(leaves[:size])).text)


def add(installation: Installation, old: int, note: bytes, proof: list[bytes]) -> str:
    body = Addition(old=old, proof=proof, note=note).encode()
    with begin(installation.engine, ANYBODY, installation.clock) as work:
        logs = {"example.com/log": [LOG.verifier]}
        return service.add_checkpoint(work, COSIGNER, logs, body)


def growth(old: int, new: int) -> list[bytes]:
    return consistency.prove(lambda _level, at, count: LEAVES[at : at + count], old, new)


def test_what_does_not_continue_what_was_seen_is_refused(installation: Installation) -> None:
    assert add(installation, 0, note_of(3), [])
    assert add(installation, 3, note_of(7), growth(3, 7))
    with pytest.raises(WitnessMoved) as moved:
        add(installation, 3, note_of(9), growth(3, 9))
    assert moved.value.size == 7
    with pytest.raises(NotConsistent):
        add(installation, 7, note_of(9), growth(3, 9))
    forked = [*LEAVES[:5], b"x" * 32, *LEAVES[6:]]
    with pytest.raises(NotConsistent):
        add(installation, 7, note_of(9, forked), growth(7, 9))
    with pytest.raises(WitnessMoved):  # the same size, another root
        add(installation, 7, note_of(7, forked), [])
    with pytest.raises(MalformedRequest):
        add(installation, 7, note_of(3), [])
    assert add(installation, 7, note_of(7), [])
    assert add(installation, 7, note_of(9), growth(7, 9))


def test_strangers_are_refused(installation: Installation) -> None:
    with pytest.raises(CheckpointUnsigned):
        add(installation, 0, note_of(3, signer=Signer(LOG.name, b"o" * 32)), [])
    stranger = Signer("other.example/log", b"o" * 32)
    note = stranger.sign(Head("other.example/log", 3, root_hash(LEAVES[:3])).text)
    with pytest.raises(OriginUnknown):
        add(installation, 0, note, [])


@pytest.mark.parametrize("body", [b"", b"old 3", b"old -1\n\nx\n", b"old 03\n\nx\n", b"new 3\n\nx"])
def test_what_is_no_request_is_malformed(installation: Installation, body: bytes) -> None:
    with (
        begin(installation.engine, ANYBODY, installation.clock) as work,
        pytest.raises(MalformedRequest),
    ):
        service.add_checkpoint(work, COSIGNER, {}, body)


def test_a_cosignature_is_as_the_specification_writes_it() -> None:
    """c2sp.org/tlog-cosignature: 4 bytes of key id, 8 of time, 64 of Ed25519."""
    note = note_of(3)
    line = COSIGNER.cosign(note.partition(b"\n\n")[0].decode() + "\n", 1679315147)
    assert line.startswith("\N{EM DASH} witness.example/one ")
    assert COSIGNER.key.cosigned_at(note + line.encode()) == 1679315147
    assert COSIGNER.key.cosigned_at(note) is None
    altered = note.replace(b"\n3\n", b"\n4\n") + line.encode()
    assert COSIGNER.key.cosigned_at(altered) is None
    assert WitnessKey.parse(COSIGNER.key.vkey) == COSIGNER.key
