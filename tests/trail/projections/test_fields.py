"""The read model of committed fields: made of what keys open, compared, and taken away."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy import insert, text
from typing_extensions import override

from quarterdeck.access.epoch import service as epoch
from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.work import Actor, begin
from quarterdeck.trail.keys import service as data_keys
from quarterdeck.trail.keys.model import KeyMissing
from quarterdeck.trail.keys.seal import Tagger
from quarterdeck.trail.log.appender import prepare_all
from quarterdeck.trail.log.model import Draft
from quarterdeck.trail.projections import opening, tables
from quarterdeck.trail.projections.model import Row
from quarterdeck.trail.projections.service.control import pause
from quarterdeck.trail.projections.service.fielding import FieldProjector
from quarterdeck.trail.projections.service.fields import Fields
from quarterdeck.trail.projections.service.forgetting import forget_sealed
from quarterdeck.trail.projections.service.rebuild import Rebuild, place_of, wipe
from quarterdeck.trail.projections.token import asked_path, key_term, token, value_of
from quarterdeck.trail.proof.tree import leaf_hash
from trail.committing import CARD, EMAIL, commit, draft, found, rows
from trail.installation import Installation
from trail.keeping import Kept
from trail.logs import Logs, several

SYSTEM = Actor("quarterdeck", frozenset({("projections:pause", "_platform")}))


@pytest.fixture
def logs(installation: Installation) -> Iterator[Logs]:
    opened = Logs(installation)
    yield opened
    opened.close()


def rebuild(
    logs: Logs, since: int | None = None, until: int | None = None, *, dry: bool = False
) -> Rebuild:
    return Rebuild(
        read=logs.read,
        reader=logs.installation.reader,
        fields=logs.explorer.fields,
        projection="fields",
        log="acme",
        since=since,
        until=until,
        dry=dry,
    )


def silent(_done: int, _total: int) -> None:
    """No progress is shown."""


def erase(logs: Logs, subject: str, tenant: str = "acme") -> list[str]:
    """Destroy a subject's keys; their ids. What they were found by still stands."""
    with begin(logs.engine, SYSTEM, logs.installation.clock) as work:
        epoch.advance(work)
        keys = data_keys.ids_of(work.db, tenant, subject)
        data_keys.destroy(work.db, tenant, keys, "erased")
    return keys


def test_each_committed_field_has_a_row_under_its_data_key(logs: Logs) -> None:
    commit(logs, draft(1, {EMAIL: "ada@example.com", CARD: 42}))
    logs.append(*several([2]))
    logs.project()
    token_of = logs.explorer.fields.token
    terms = {token_of("acme", EMAIL, "ada@example.com"), token_of("acme", CARD, "42")}
    assert {row[1] for row in rows(logs)} == terms
    with reading(logs.engine) as db:
        (key,) = data_keys.ids_of(db, "acme", "user:ada")
    assert {row[4] for row in rows(logs)} == {key_term(key)}


def test_an_erased_subject_has_no_rows_and_a_rebuild_brings_none_back(logs: Logs) -> None:
    commit(logs, draft(1, {EMAIL: "ada@example.com"}), draft(2, {EMAIL: "ada@example.com"}))
    commit(logs, draft(3, {EMAIL: "bob@example.com"}, subject="user:bob"))
    logs.project()
    forget_sealed(logs.read, "acme", erase(logs, "user:ada"))
    left = rows(logs)
    assert [row[3] for row in left] == [2]
    _, compared = rebuild(logs).run(silent)
    assert (compared.rows, compared.missing, compared.surplus) == (1, 0, 0)
    wipe(logs.read, "fields", "acme")
    logs.project()
    assert rows(logs) == left
    forget_sealed(logs.read, "acme", [])
    assert rows(logs) == left


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # PostgreSQL's files are its own
def test_what_is_erased_leaves_the_files_of_the_read_model(logs: Logs) -> None:
    # Pages are split many times on the way, and some were let go of by a rebuild before.
    for start in range(0, 2000, 500):
        commit(logs, *(person(number) for number in range(start, start + 500)))
        logs.project()
    rebuild(logs).run(silent)
    gone = [row[1] for row in rows(logs) if row[3] % 100 < 10]
    kept = [row[1] for row in rows(logs) if row[3] % 100 >= 10]
    assert len(gone) == 200
    assert len(traces(logs, gone)) == 200
    for number in range(10):
        forget_sealed(logs.read, "acme", erase(logs, f"user:{number}"))
    assert traces(logs, gone) == []
    assert len(traces(logs, kept)) == len(kept)


def person(number: int) -> Draft:
    return draft(number, {EMAIL: f"{number}@example.com"}, subject=f"user:{number % 100}")


def traces(logs: Logs, terms: list[int]) -> list[int]:
    """Those of which the bytes stand somewhere in the read model's files."""
    url = logs.read.url.database or ""
    content = b"".join(path.read_bytes() for path in Path(url).parent.glob("read.db*"))
    return [term for term in terms if term.to_bytes(8, "big") in content]


def test_what_was_erased_while_it_was_being_opened_is_not_added(logs: Logs) -> None:
    class Slow(Fields):
        """Keys are destroyed once they were read, and before rows are added."""

        @override
        def rows(self, log: str, number: int, start: int, count: int) -> tuple[list[Row], int]:
            made = super().rows(log, number, start, count)
            erase(logs, "user:ada")
            return made

    commit(logs, draft(1, {EMAIL: "ada@example.com"}))
    slow = Slow(logs.engine, logs.installation.keys, logs.installation.reader)
    FieldProjector(engine=logs.engine, read=logs.read, fields=slow).beat()
    assert rows(logs) == []


def test_a_rebuild_finds_what_is_missing_and_what_is_too_many(logs: Logs) -> None:
    commit(logs, *(draft(number, {EMAIL: f"{number}@example.com"}) for number in range(20)))
    logs.project()
    before = rows(logs)
    false = (before[0][0], 7, before[0][2], 3, 9)
    with writing(logs.read) as db:
        db.execute(tables.fields.delete().where(tables.fields.c.idx == 4))
        db.execute(insert(tables.fields).values(false))
    assert rebuild(logs, dry=True).run(silent)[1].missing == 1
    _, compared = rebuild(logs).run(silent)
    assert (compared.rows, compared.missing, compared.surplus) == (20, 1, 1)
    assert rows(logs) == before


def test_a_rebuild_of_a_time_touches_nothing_else(logs: Logs) -> None:
    commit(logs, *(draft(number, {EMAIL: f"{number}@example.com"}) for number in range(6)))
    logs.project()
    at = sorted(row[2] for row in rows(logs))
    with writing(logs.read) as db:
        db.execute(tables.fields.delete())
    _, compared = rebuild(logs, since=at[2], until=at[4]).run(silent)
    assert (compared.rows, compared.missing) == (2, 2)
    assert sorted(row[2] for row in rows(logs)) == at[2:4]


def test_without_a_tenants_keys_every_other_read_model_goes_on(logs: Logs) -> None:
    commit(logs, draft(1, {EMAIL: "ada@example.com"}))
    bare = Fields(logs.engine, logs.installation.keys.anew(), logs.installation.reader)
    (key,) = logs.installation.keys.tenants()
    key.rename(key.with_suffix(".away"))
    with pytest.raises(KeyMissing):
        FieldProjector(engine=logs.engine, read=logs.read, fields=bare).beat()
    logs.projector.beat()
    logs.projector.beat()
    assert logs.ask() == [0]
    key.with_suffix(".away").rename(key)
    FieldProjector(engine=logs.engine, read=logs.read, fields=bare).beat()
    assert len(rows(logs)) == 1


def test_it_can_be_held(logs: Logs) -> None:
    commit(logs, draft(1, {EMAIL: "ada@example.com"}))
    with begin(logs.engine, SYSTEM, logs.installation.clock) as work:
        pause(work, "fields")
    assert not logs.fielding.beat()
    assert rows(logs) == []


def test_a_data_key_that_was_altered_holds_nobody_else_up(logs: Logs) -> None:
    commit(logs, draft(1, {EMAIL: "ada@example.com"}))
    with writing(logs.engine) as db:
        db.execute(text("UPDATE trail_data_key SET subject = 'user:eve'"))
    commit(logs, draft(2, {EMAIL: "bob@example.com"}, subject="user:bob"))
    logs.project()
    assert [row[3] for row in rows(logs)] == [1]


def test_an_entry_that_cannot_be_read_is_passed_over_and_counted(logs: Logs) -> None:
    commit(logs, draft(1, {EMAIL: "ada@example.com"}))
    with begin(logs.engine, SYSTEM, logs.installation.clock) as work:
        (made,) = prepare_all(
            work.db, logs.installation.keys, [draft(2, {EMAIL: "ada@example.com"})], work.now
        )
    entry = made.entry.replace(b'"schema":1', b'"schema":9')
    logs.append(structs.replace(made, entry=entry, hash=leaf_hash(entry)))
    logs.project()
    assert [row[3] for row in rows(logs)] == [0]
    place = place_of(logs.read, "fields", "acme")
    assert (place.size, place.skipped) == (2, 1)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # PostgreSQL's come by migration
def test_a_read_model_of_the_release_before_gets_the_table_and_keeps_its_rows(
    logs: Logs,
) -> None:
    commit(logs, draft(1, {EMAIL: "ada@example.com"}))
    logs.project()
    with writing(logs.read) as db:
        for table in (tables.fields, tables.fields_beside):
            table.drop(db)
        db.execute(text("DELETE FROM read_place WHERE projection = 'fields'"))
        db.execute(text("PRAGMA user_version = 1"))
    again = opening.open_read(logs.engine, logs.installation.folder / "read")
    with reading(again) as db:
        assert db.scalar(text("SELECT count(*) FROM read_timeline")) == 1
    again.dispose()
    logs.project()
    assert found(logs, (EMAIL, "ada@example.com")) == [0]


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ('"ada"', "ada"),
        (r'"\u0061d\u0061"', "ada"),
        ('"42"', "42"),
        ("42", "42"),
        ("42.0", "42.0"),
        ("1e3", "1e3"),
        ("true", "true"),
        ('""', ""),
        ("null", None),
        ('{"a":1}', None),
        ("[1]", None),
        (r'"\ud800"', None),
        ('"' + "x" * 400 + '"', "x" * 400),
        ('"' + "x" * 401 + '"', None),
    ],
)
def test_the_value_of_a_field_is_its_text(said: str, value: str | None) -> None:
    assert value_of(b'["salt", "/payload/x", %b]' % said.encode()) == value


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/payload/email", "/payload/email"),
        ("/payload/a%3Ab", "/payload/a:b"),
        ("/payload/größe", "/payload/gr%C3%B6%C3%9Fe"),
        ("/payload/gr%C3%B6%C3%9Fe", "/payload/gr%C3%B6%C3%9Fe"),
        ("/payload/a~1b", "/payload/a~1b"),
        ("/changes/before/iban", "/changes/before/iban"),
        ("payload/email", None),
        ("/actor/id", None),
        ("", None),
    ],
)
def test_a_path_is_asked_for_as_records_have_it(asked: str, path: str | None) -> None:
    assert asked_path(asked) == path


@given(st.binary(min_size=32, max_size=32), st.text(max_size=20), st.text(max_size=20))
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_a_token_is_that_of_one_path_and_one_value(key: bytes, path: str, value: str) -> None:
    tagger = Tagger(key)
    assert 0 <= token(tagger, path, value) < 2**63
    assert token(tagger, path, value) == token(Tagger(key), path, value)
    assert token(tagger, path + "x", value) != token(tagger, path, "x" + value)
    assert token(Tagger(key[::-1] + b"x"), path, value) != token(tagger, path, value)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # the others have no bundles
def test_the_fields_of_a_leaf_are_the_same_from_the_journal_and_from_bundles(logs: Logs) -> None:
    kept = Kept(logs.installation)
    commit(logs, *(draft(n, {EMAIL: f"{n}@example.com", CARD: n}) for n in range(300)))
    before = stored(logs, 0, 300)
    assert len(before) == 600
    assert [one for n in range(300) for one in stored(logs, n, 1)] == before
    kept.store_away()
    for start, count in ((0, 300), (200, 100), (250, 4), (255, 2), (17, 1), (299, 1)):
        spanned = [one for one in before if start <= one[0] < start + count]
        assert stored(logs, start, count) == spanned
    kept.logs.close()


def stored(logs: Logs, start: int, count: int) -> list[tuple[int, str, str, bytes]]:
    """What is stored of some leaves: index, path, data key, sealed."""
    found = logs.installation.reader.sealed("acme", start, count)
    return sorted((index, one.path, one.data_key, one.sealed) for index, one in found)
