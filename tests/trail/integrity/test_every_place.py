"""Whatever is done to whichever place a log stands in is found and located.

What is needed for that is kept elsewhere: the log's key and an old checkpoint. Without them
nothing is ever called intact.
"""

import re
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, select, update

from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.db import open_engine, reading, writing
from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.kernel.work import Actor, read
from quarterdeck.migrations.tables import metadata
from quarterdeck.trail.export import verify as exported
from quarterdeck.trail.integrity import service
from quarterdeck.trail.integrity.model import Unreadable
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.note import Verifier
from quarterdeck.trail.log.model import LogDamaged
from quarterdeck.trail.log.storage import recovery
from quarterdeck.trail.log.storage.journal import FileJournal
from quarterdeck.trail.projections.service.rebuild import Rebuild
from quarterdeck.trail.projections.tables import LIVE, OF
from quarterdeck.trail.proof import tiles
from quarterdeck.trail.proof.tiles import Tile
from quarterdeck.trail.segments import service as segments
from quarterdeck.trail.segments.model import Sealing
from quarterdeck.trail.segments.sealing import Sealer
from quarterdeck.trail.segments.service import Ground
from quarterdeck.trail.segments.storage.files import FileSegments
from quarterdeck.trail.segments.storage.sql import segments as listed
from trail.export.press import Exporter, unpacked
from trail.installation import Installation
from trail.logs import Logs, record

SIZE, OLD, GROUP, SEALED = 280, 120, 40, (0, 1)
"""One full bundle and a partial one; seven groups in the journal; two segments."""

VERA = Actor("vera", frozenset({("trail:verify", "acme")}))
JOURNAL = "00000001.journal"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a log stands.

    Attributes:
        parts: what a content consists of: frames, entries, hashes, lines, numbers.
        check: what is found wrong there, in words.
        located: whether words say that it is this content that is wrong.
    """

    name: str
    contents: Sequence[str]
    read: Callable[[str], bytes]
    write: Callable[[str, bytes | None], None]
    parts: Callable[[str, bytes], list[bytes]]
    check: Callable[[], list[str]]
    located: Callable[[str, str], bool]


def in_folder(folder: Path, contents: Sequence[str]) -> dict[str, Any]:
    def put(name: str, content: bytes | None) -> None:
        (folder / name).unlink(missing_ok=True)
        if content is not None:
            (folder / name).write_bytes(content)

    def get(name: str) -> bytes:
        return (folder / name).read_bytes()

    return {"contents": contents, "read": get, "write": put}


def below(folder: Path) -> list[str]:
    """Its files that hold anything, as they are named from there."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [str(path.relative_to(folder)) for path in found if path.stat().st_size]


def of_log(name: str, content: bytes) -> list[bytes]:
    """The entries of a bundle, the hashes of a tile, or the lines of a note."""
    if not name.startswith("tile/"):
        return content.splitlines(keepends=True)
    tile = Tile.parse(name)
    if tile.level is None:
        return [tiles.pack_entries([one]) for one in tiles.unpack_entries(content, tile.width)]
    return tiles.unpack_hashes(content, tile.width)


def lines(_name: str, content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


def numbers(_name: str, content: bytes) -> list[bytes]:
    return [content[at : at + 8] for at in range(0, len(content), 8)]


def frames(_name: str, content: bytes) -> list[bytes]:
    return [content[at : at + one.size] for at, one in recovery.whole_frames(content)]


class Original:
    """An installation with a log in every place, and what was kept of it elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = open_engine(f"sqlite:///{folder}/db")
        metadata.create_all(self.engine)
        self.here = Installation(self.engine, KeyStore(folder / "keys"), folder)
        self.logs = Logs(self.here, search=False)
        self._fill()
        self.key = self.here.vkey
        self.store = FileSegments(folder / "worm")
        self._seal()
        self.copy = folder / "copy"
        service.copy_log(self.here.serve, self.copy)
        self.export = unpacked(Exporter(self.here).made(end=SIZE - 5), folder / "export")
        self.kept = folder / "kept"
        self.kept.write_bytes(self.since)
        self.here.trail.close()

    def _fill(self) -> None:
        for start in range(0, SIZE, GROUP):
            now = micros(self.here.now)
            these = range(start, start + GROUP)
            self.logs.append(*(record(number, received_at=now) for number in these))
            self.logs.sign()
            if start + GROUP == OLD:
                self.since = self.here.serve("checkpoint") or b""
        self.logs.project()

    def _seal(self) -> None:
        here = self.here
        sealer = Sealer(
            engine=here.engine,
            keys=here.keys,
            reader=here.reader,
            store=self.store,
            clock=here.clock,
            sealing=Sealing(most=SIZE // len(SEALED)),
        )
        assert sealer.beat() == len(SEALED)

    def close(self) -> None:
        self.logs.close()
        self.engine.dispose()

    @property
    def places(self) -> list[Place]:
        return [
            self.journal(),
            self.copied(),
            self.vault(),
            self.manifests(),
            self.rows(),
            self.handed_out(),
        ]

    def journal(self) -> Place:
        folder = self.folder / "trail" / "journal"

        def check() -> list[str]:
            with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
                there = shutil.copytree(folder, Path(scratch) / "journal")
                try:
                    FileJournal(there, reserve_bytes=0).close()
                except LogDamaged as error:
                    return [str(error)]
            return []

        def located(name: str, words: str) -> bool:
            return name in words and bool(re.search(r"byte \d+|leaf \d+ of acme|is gone", words))

        return Place(
            name="journal",
            parts=frames,
            check=check,
            located=located,
            **in_folder(folder, [JOURNAL]),
        )

    def copied(self) -> Place:
        """Bundles, tiles and the checkpoint, as they are served and copied."""

        def check() -> list[str]:
            try:
                verdict = service.verify_copy(self.copy, Verifier.parse(self.key), self.since)
            except Unreadable as error:
                return [str(error)]
            return [f"{one.where}: {one.what}" for one in verdict.findings]

        return Place(
            name="copy",
            parts=of_log,
            check=check,
            located=in_log,
            **in_folder(self.copy, below(self.copy)),
        )

    def vault(self) -> Place:
        """The segment store: bundles, tiles, manifests."""
        root = self.folder / "worm" / "standard" / "acme"

        def located(name: str, words: str) -> bool:
            if "segment store" not in words:
                return False
            if name.startswith("segments/"):
                return f"acme-{name[-6:]}: chain" in words
            tile = Tile.parse(name)
            return name in words if tile.level else within(tile, r"record (\d+)", words)

        return Place(
            name="segment store",
            parts=of_log,
            check=self.judged,
            located=located,
            **in_folder(root, below(root)),
        )

    def judged(self) -> list[str]:
        ground = Ground(reader=self.here.reader, store=self.store, keys=self.here.keys)
        found = []
        for number in SEALED:
            name = f"acme-{number:06}"
            try:
                with read(self.engine, VERA, self.here.clock) as work:
                    verdict = segments.verify_segment(work, ground, name)[0]
            except QuarterdeckError as error:
                found.append(f"{name}: {error}")
            else:
                wrong = [(one.name, words) for one in verdict.results for words in one.found]
                found += [f"{name}: {result}: {words}" for result, words in wrong]
        return found

    def manifests(self) -> Place:
        """The manifests in the database."""

        def get(name: str) -> bytes:
            with reading(self.engine) as db:
                return bytes(db.scalars(select(listed.c.note).where(self._row(name))).one())

        def put(name: str, content: bytes | None) -> None:
            with writing(self.engine) as db:
                db.execute(update(listed).where(self._row(name)).values(note=content or b""))

        return Place(
            name="manifest",
            contents=[str(number) for number in SEALED],
            read=get,
            write=put,
            parts=lines,
            check=self.judged,
            located=lambda name, words: words.startswith(f"acme-{int(name):06}: "),
        )

    def _row(self, name: str) -> Any:  # noqa: ANN401  a condition
        return listed.c.number == int(name)

    def rows(self) -> Place:
        """The read models: a content is a table, as the numbers in it."""
        engine = self.logs.read

        def get(name: str) -> bytes:
            with reading(engine) as db:
                rows = db.execute(select(LIVE[name])).all()
            return b"".join(struct.pack(">q", number) for row in rows for number in row)

        def put(name: str, content: bytes | None) -> None:
            table = LIVE[name]
            width = len(table.c)
            found = [n for (n,) in struct.iter_unpack(">q", whole(content or b"", 8 * width))]
            rows = [tuple(found[at : at + width]) for at in range(0, len(found), width)]
            unique = {row[: len(table.primary_key)]: row for row in rows}
            with writing(engine) as db:
                db.execute(delete(table))
                if unique:
                    names = table.c.keys()
                    made = [dict(zip(names, row, strict=True)) for row in unique.values()]
                    db.execute(insert(table), made)

        def check() -> list[str]:
            return [words for name in OF for words in self.compared(engine, name)]

        return Place(
            name="read model",
            contents=[name for name in LIVE if get(name)],
            read=get,
            write=put,
            parts=numbers,
            check=check,
            located=lambda name, words: bool(re.match(rf"{name}: record \d+ is ", words)),
        )

    def compared(self, engine: Engine, name: str) -> Sequence[str]:
        anew = Rebuild(
            read=engine,
            reader=self.here.reader,
            fields=self.logs.explorer.fields,
            projection=name,
            log="acme",
            dry=True,
        )
        return anew.run(lambda _done, _total: None)[1].where

    def handed_out(self) -> Place:
        """An export, as a stranger has it."""

        def located(name: str, words: str) -> bool:
            return name.removesuffix(".json").removesuffix(".sig") in words

        return Place(
            name="export",
            parts=lines,
            check=lambda: self.verified("--key", self.key, "--since", str(self.kept)),
            located=located,
            **in_folder(self.export, below(self.export)),
        )

    def verified(self, *options: str) -> list[str]:
        """What ``verify.py`` says where it exits with 1."""
        with redirect_stdout(StringIO()) as said:
            code = exported.main([str(self.export), *options])
        return [said.getvalue()] if code else []


def whole(content: bytes, size: int) -> bytes:
    return content[: len(content) - len(content) % size]


def in_log(name: str, words: str) -> bool:
    if words.startswith((f"{name}: ", f"there is no {name} here")):
        return True
    if not name.startswith("tile/entries/"):
        return False
    return within(Tile.parse(name), r"^entry (\d+): ", words)


def within(tile: Tile, pattern: str, words: str) -> bool:
    found = re.search(pattern, words)
    return found is not None and tile.start <= int(found[1]) < tile.start + tile.width


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    made = Original(tmp_path_factory.mktemp("original"))
    yield made
    made.close()


Harm = Callable[[st.DataObject, list[bytes]], bytes | None]


def flipped(data: st.DataObject, parts: list[bytes]) -> bytes:
    content = bytearray(b"".join(parts))
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    return bytes(content)


def swapped(data: st.DataObject, parts: list[bytes]) -> bytes:
    one, other = (data.draw(st.integers(0, len(parts) - 1)) for _ in range(2))
    parts[one], parts[other] = parts[other], parts[one]
    return b"".join(parts)


def dropped(data: st.DataObject, parts: list[bytes]) -> bytes:
    del parts[data.draw(st.integers(0, len(parts) - 1))]
    return b"".join(parts)


def truncated(data: st.DataObject, parts: list[bytes]) -> bytes:
    content = b"".join(parts)
    return content[: data.draw(st.integers(0, len(content) - 1))]


def reordered(data: st.DataObject, parts: list[bytes]) -> bytes:
    at = data.draw(st.integers(0, len(parts) - 1))
    return b"".join([*parts[at:], *parts[:at]])


def removed(_data: st.DataObject, _parts: list[bytes]) -> None:
    return None


HARMS: Mapping[str, Harm] = {
    "flipped": flipped,
    "swapped": swapped,
    "dropped": dropped,
    "truncated": truncated,
    "reordered": reordered,
    "removed": removed,
}


@contextmanager
def harmed(data: st.DataObject, places: Sequence[Place]) -> Iterator[tuple[Place, str]]:
    """Do harm to one content of one place, until the block ends."""
    place = data.draw(st.sampled_from(places), "place")
    name = data.draw(st.sampled_from(place.contents), "content")
    harm = data.draw(st.sampled_from(sorted(HARMS)), "harm")
    before = place.read(name)
    after = HARMS[harm](data, place.parts(name, before))
    assume(after != before)
    place.write(name, after)
    try:
        assume(after is None or place.name != "read model" or place.read(name) != before)
        yield place, name
    finally:
        place.write(name, before)


def test_where_no_harm_was_done_nothing_is_found(original: Original) -> None:
    assert {place.name: place.check() for place in original.places} == {
        place.name: [] for place in original.places
    }


@given(st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_harm_is_done_to_whichever_place_is_found_and_located(
    original: Original, data: st.DataObject
) -> None:
    with harmed(data, original.places) as (place, name):
        found = place.check()
        assert any(place.located(name, words) for words in found), found


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_without_a_key_of_ones_own_nothing_is_called_intact(
    original: Original, data: st.DataObject
) -> None:
    with harmed(data, [original.copied(), original.handed_out()]) as (place, _):
        if place.name == "export":
            assert original.verified()
            return
        try:
            verdict = service.verify_copy(original.copy, None)
        except Unreadable:
            return
        assert service.UNKNOWN_SIGNER in verdict.findings


def test_whole_and_without_a_key_the_signer_is_not_known(original: Original) -> None:
    assert service.verify_copy(original.copy, None).findings == (service.UNKNOWN_SIGNER,)
    assert "signer not known" in original.verified()[0]
