"""Our witness as others meet it: asked over HTTP by ``HttpWitness``."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import httpx2
import pytest

from api.serving import served
from quarterdeck.api.app import build_app
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.providers.witness.client import HttpWitness
from quarterdeck.runtime import Runtime
from quarterdeck.trail.keys.note import Signer
from quarterdeck.trail.log.appender import open_log
from quarterdeck.trail.log.model import Head
from quarterdeck.trail.proof.tree import root_hash
from quarterdeck.trail.witnesses.cosignature import WitnessKey
from quarterdeck.trail.witnesses.model import Addition
from quarterdeck.trail.witnesses.ports import WitnessAway
from trail.witnesses.test_witness import LEAVES, LOG, growth, note_of

ELSEWHERE = Signer("other.example/log", b"o" * 32)
STRANGER = Addition(
    old=0, proof=[], note=ELSEWHERE.sign(Head(ELSEWHERE.name, 3, root_hash(LEAVES[:3])).text)
).encode()


@pytest.fixture
def address(runtime: Runtime) -> Iterator[str]:
    """Where one cosigns for the log of ``LOG`` alone."""
    with writing(runtime.engine) as db:
        open_log(db, runtime.keys, PLATFORM)
    settings = replace(runtime.settings, witness_origins=LOG.verifier.vkey)
    ours = replace(runtime, settings=settings)
    with served(build_app(ours), ours) as found:
        yield f"{found.url}/witness"


@pytest.fixture
def witness(address: str) -> Iterator[HttpWitness]:
    vkey = httpx2.get(f"{address}/key").text.strip()
    with closing(HttpWitness(vkey, address)) as opened:
        yield opened


def asked(old: int, new: int, signer: Signer = LOG) -> bytes:
    proof = growth(old, new) if 0 < old < new else []
    return Addition(old=old, proof=proof, note=note_of(new, signer=signer)).encode()


def test_a_checkpoint_that_grows_is_cosigned_with_the_key_that_is_told(
    witness: HttpWitness,
) -> None:
    key = WitnessKey.parse(witness.vkey)
    for old, new in ((0, 3), (3, 7), (7, 7)):
        line = witness.add(asked(old, new))
        assert isinstance(line, str)
        assert key.cosigned_at(note_of(new) + line.encode()) is not None


def test_who_forgot_what_was_seen_is_told_its_size(witness: HttpWitness, address: str) -> None:
    witness.add(asked(0, 3))
    assert witness.add(asked(0, 7)) == 3
    answer = httpx2.post(f"{address}/add-checkpoint", content=asked(0, 7))
    assert (answer.status_code, answer.text) == (409, "3\n")
    assert answer.headers["content-type"].partition(";")[0] == "text/x.tlog.size"
    assert witness.add(asked(3, 7))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"old 3", 400),
        (b'{"old": 3}', 400),
        (STRANGER, 404),
        (asked(0, 3, Signer(LOG.name, b"o" * 32)), 403),
    ],
)
@pytest.mark.parametrize("kind", ["", "text/plain", "application/octet-stream"])
def test_what_is_not_to_be_cosigned_is_refused_whatever_kind_it_says_it_is(
    address: str, body: bytes, status: int, kind: str
) -> None:
    headers = {"content-type": kind} if kind else {}
    answer = httpx2.post(f"{address}/add-checkpoint", content=body, headers=headers)
    assert answer.status_code == status, answer.text


def test_a_refusal_and_an_unproven_growth_are_no_cosignature(witness: HttpWitness) -> None:
    with pytest.raises(WitnessAway, match="403"):
        witness.add(asked(0, 3, Signer(LOG.name, b"o" * 32)))
    witness.add(asked(0, 3))
    unproven = Addition(old=3, proof=[], note=note_of(7)).encode()
    with pytest.raises(WitnessAway, match="422"):
        witness.add(unproven)
