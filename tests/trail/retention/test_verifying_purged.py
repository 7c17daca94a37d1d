"""What was purged: every verifier says by which policy and at which leaf; none says altered."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Actor, read
from quarterdeck.trail.export import verify
from quarterdeck.trail.integrity.scope import Places, scope
from quarterdeck.trail.integrity.service import verify as verify_log
from quarterdeck.trail.integrity.storage.projected import listed
from quarterdeck.trail.integrity.watch import Watcher
from quarterdeck.trail.keys.note import Verifier
from quarterdeck.trail.log.storage.purged import marks
from quarterdeck.trail.segments import service as segments
from quarterdeck.trail.segments.service import Ground
from quarterdeck.trail.segments.storage.files import FileSegments
from trail.export.press import Exporter, unpacked
from trail.installation import NOON, Installation
from trail.keeping import Kept
from trail.logs import record

NOW = micros(NOON)
GONE = {True: "300 records from 0 to 299", False: "256 records from 0 to 255"}
"""What of 300 records a purge reaches: in tables all, in files full bundles alone."""

VERA = Actor("vera", frozenset({("trail:verify", "acme"), ("trail:read", "acme")}))


@pytest.fixture
def kept(installation: Installation) -> Iterator[Kept]:
    """300 records and some of the platform's; the old ones were purged."""
    opened = Kept(installation)
    opened.keep_days(365)
    opened.logs.append(*(record(n, received_at=NOW) for n in range(300)))
    opened.age(hours=2)
    opened.store_away()
    opened.age(days=366)
    opened.logs.project()
    opened.purge()
    opened.installation.deliver()
    opened.installation.integrate()
    opened.logs.project()
    yield opened
    opened.logs.close()


def store(kept: Kept) -> FileSegments:
    return FileSegments(kept.installation.folder / "segments")


def test_the_watch_finds_nothing(kept: Kept) -> None:
    watcher = Watcher(
        engine=kept.engine,
        keys=kept.installation.keys,
        reader=kept.installation.reader,
        clock=kept.installation.clock,
        store=store(kept),
        budget=300,
    )
    assert sum(watcher.beat() for _ in range(6)) == 0


def test_a_segment(kept: Kept) -> None:
    ground = Ground(reader=kept.installation.reader, store=store(kept), keys=kept.installation.keys)
    with read(kept.engine, VERA, kept.installation.clock) as work:
        verdict, proof = segments.verify_segment(work, ground, "acme-000000", prove=True)
    assert verdict.intact, verdict.results
    assert proof is not None


def test_the_scope(kept: Kept) -> None:
    places = Places(
        reader=kept.installation.reader,
        store=store(kept),
        listed=lambda tenants, tenant: listed(kept.logs.read, tenants, tenant),
    )
    with read(kept.engine, VERA, kept.installation.clock) as work:
        found = scope(work, places)
    assert found.missing == []


def test_sealing_goes_on(kept: Kept) -> None:
    kept.installation.later(timedelta(hours=2))
    kept.store_away()
    with read(kept.engine, VERA, kept.installation.clock) as work:
        assert len(segments.segments(work, "acme")) > 1


def test_an_export_names_policy_and_leaf_and_verifies(kept: Kept, tmp_path: Path) -> None:
    folder = unpacked(Exporter(kept.installation).made(end=300), tmp_path / "unpacked")
    said = verify.verify(folder, kept.installation.vkey)
    (gone,) = [line for line in said if "purged" in line]
    assert re.fullmatch(
        rf"{GONE[kept.installation.in_tables]} purged by policy .* at leaf \d+", gone
    )
    leaf = int(gone.rpartition(" ")[2])
    assert leaf >= 300
    record = json.loads(kept.installation.reader.entries("acme", leaf, 1)[0])
    assert record["action"] == "retention:purge"


def test_an_export_does_not_sign_what_is_gone_for_no_reason(kept: Kept) -> None:
    with kept.engine.begin() as db:
        db.execute(delete(marks))
    exporter = Exporter(kept.installation)
    asked = exporter.ask(end=300)
    exporter.turn()
    assert "no purge record names it" in exporter.one(asked).detail


def test_a_purge_record_that_names_other_records_explains_nothing(
    kept: Kept, tmp_path: Path
) -> None:
    folder = unpacked(Exporter(kept.installation).made(end=300), tmp_path / "unpacked")
    records = list(verify._records(folder, "records.ndjson"))  # noqa: SLF001  what it reads
    (purge,) = verify._records(folder, "purges.ndjson")  # noqa: SLF001
    other = re.sub(r"\[\[0,\d+\]\]", "[[0,9]]", purge.entry or "")
    assert other != purge.entry
    with pytest.raises(verify.Wrong, match="is gone, and no purge names it"):
        verify._purged(records, [replace(purge, entry=other)], 10**6)  # noqa: SLF001


def test_a_copy_names_them_all(kept: Kept) -> None:
    key = Verifier.parse(kept.installation.vkey)
    verdict = verify_log(kept.installation.serve, key, None)
    assert verdict.intact
    assert [one.where for one in verdict.purged] == [
        f"entries 0 to {301 if kept.installation.in_tables else 255}"
    ]
