"""The data directory of the foundation's first version, opened by today's code.

It stands in ``foundation``, as that version wrote it; ``foundation/make.py`` says how.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.kernel.db import open_engine
from quarterdeck.kernel.work import begin
from quarterdeck.migrations import runner
from quarterdeck.trail.integrity import service as integrity
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.note import Verifier, text_of
from quarterdeck.trail.log import service
from quarterdeck.trail.log.model import Head
from quarterdeck.trail.proof import consistency
from trail.installation import ADA, Installation

WRITTEN = Path(__file__).parent / "foundation"
SEEN: dict[str, Any] = json.loads((WRITTEN / "seen.json").read_text())
SIZE, NAMED = 30, 10
LAST = SEEN["checkpoints"][-1].encode()


def put_back(data: Path) -> None:
    """The directory, as it lay on the disk."""
    for folder in (data, data / "keys", data / "backups"):
        folder.mkdir(mode=0o700)
    for name, content in json.loads((WRITTEN / "keys.json").read_text()).items():
        path = data / "keys" / name
        path.write_text(content)
        path.chmod(0o600)
    with closing(sqlite3.connect(data / "quarterdeck.db")) as db:
        db.executescript((WRITTEN / "database.sql").read_text())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    put_back(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def today(data: Path) -> Iterator[Installation]:
    engine = open_engine(f"sqlite:///{data}/quarterdeck.db")
    assert runner.migrate(engine, data / "backups")
    opened = Installation(engine, KeyStore(data / "keys"), data)
    yield opened
    opened.trail.close()
    engine.dispose()


def test_every_byte_of_the_log_is_what_it_was(today: Installation) -> None:
    today.integrate()
    assert today.vkey == SEEN["vkey"]
    assert today.serve("checkpoint") == LAST
    assert Head.parse(text_of(LAST)).origin == Verifier.parse(SEEN["vkey"]).name
    bundle = today.serve(f"tile/entries/000.p/{SIZE}") or b""
    assert sha256(bundle).hexdigest() == SEEN["bundle_sha256"]
    assert (today.serve(f"tile/0/000.p/{SIZE}") or b"").hex() == SEEN["leaf_hashes"]


@pytest.mark.parametrize("checkpoint", SEEN["checkpoints"])
def test_what_is_appended_today_continues_every_checkpoint_of_then(
    today: Installation, checkpoint: str
) -> None:
    today.grow(300)
    then = Head.parse(text_of(checkpoint.encode()))
    now = Head.parse(text_of(today.serve("checkpoint") or b""))
    assert (now.origin, now.size) == (then.origin, SIZE + 300)
    proof = consistency.prove(lambda *at: today.reader.hashes("acme", *at), then.size, now.size)
    consistency.verify(then.size, now.size, proof, then.root, now.root)
    key = Verifier.parse(SEEN["vkey"])
    assert integrity.verify(today.serve, key, checkpoint.encode()).intact


def test_it_is_moved_once_and_stands_after_a_restart(today: Installation, data: Path) -> None:
    for _ in range(2):
        assert len(today.reader.entries("acme", 0, 1000)) == SIZE
        today.restart()
    assert list((data / "trail" / "journal").glob("*.journal"))
    today.grow(1)
    assert len(set(today.reader.entries("acme", 0, 1000))) == SIZE + 1


def test_a_field_that_was_committed_then_is_disclosed_today(today: Installation) -> None:
    with begin(today.engine, ADA, today.clock) as work:
        shown = service.disclose(work, today.reader, today.keys, "acme", NAMED)
    assert "Ada Lovelace" in shown.disclosed.values()
