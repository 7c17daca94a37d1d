"""What every Journal and Reader must do. A new one is tested by adding it to ``kind``."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from quarterdeck.kernel.bulk import answers
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.trail.log.model import Known, Prepared
from quarterdeck.trail.log.ports import Journal
from quarterdeck.trail.log.storage.postgres import KNOWN
from trail.log.drafts import many, prepared
from trail.log.journals import Kind, of_files, of_postgres


@pytest.fixture
def kind(engine: Engine, tmp_path: Path) -> Kind:
    return of_files(tmp_path) if engine.dialect.name == "sqlite" else of_postgres(engine)


@pytest.fixture
def journal(kind: Kind) -> Iterator[Journal]:
    with closing(kind.open()) as opened:
        yield opened


def test_indices_follow_each_other_in_each_log(kind: Kind, journal: Journal) -> None:
    group = [prepared("acme", "a"), prepared("zeta", "b"), prepared("acme", "c")]
    assert [one.index for one in journal.append(group)] == [0, 0, 1]
    assert [one.index for one in journal.append(many("acme", 3))] == [2, 3, 4]
    reader = kind.read()
    assert reader.sizes() == {"acme": 5, "zeta": 1}
    assert (reader.size("acme"), reader.size("omega")) == (5, 0)


def test_what_was_appended_is_read_as_it_was(kind: Kind, journal: Journal) -> None:
    reader = kind.read()
    group = many("acme", 700)
    for start in range(0, 700, 90):
        journal.append(group[start : start + 90])
    found = reader.read("acme", 250, 100)
    assert [leaf.index for leaf in found] == list(range(250, 350))
    assert [leaf.entry for leaf in found] == [one.entry for one in group[250:350]]
    assert [leaf.hash for leaf in found] == [one.hash for one in group[250:350]]
    assert reader.hashes("acme", 0, 690, 20) == [one.hash for one in group[690:]]
    assert reader.entries("acme", 698, 9) == [one.entry for one in group[698:]]
    assert reader.read("acme", 700, 5) == reader.read("omega", 0, 5) == []
    assert (reader.moment("acme", 3), reader.moment("acme", 700)) == (1_000_000, None)


def test_hashes_are_checked_against_the_entries_across_groups_and_bundles(
    kind: Kind, journal: Journal
) -> None:
    group = many("acme", 600)
    journal.append(group[:300])
    journal.append(group[300:])
    found = kind.read().checked("acme", 200, 1000)
    assert found == [one.hash for one in group[200:]]


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_tag_is_looked_up_by_itself_however_little_is_known_of_the_table(
    engine: Engine, journal: Journal
) -> None:
    group = many("acme", 1000)
    journal.append(group)
    plan = f"EXPLAIN (ANALYZE, COSTS OFF) {KNOWN}"
    with writing(engine) as db:
        (lines,) = answers(db, (plan, ([one.tag for one in group[:50]], "acme")))
    told = "\n".join(str(line) for (line,) in lines)
    assert "loops=50" in told, told
    assert "Filter" not in told, told


def test_disclosures_are_read_by_their_leaf(kind: Kind, journal: Journal) -> None:
    journal.append([prepared("acme", "a"), prepared("acme", "b", sealed=3)])
    reader = kind.read()
    assert reader.disclosures("acme", 0) == []
    found = reader.disclosures("acme", 1)
    assert [one.path for one in found] == ["/payload/0", "/payload/1", "/payload/2"]
    assert {(one.data_key, one.sealed) for one in found} == {("key", b"b")}


def test_a_tag_is_used_once_for_ever(kind: Kind, journal: Journal) -> None:
    first = prepared("acme", "a", digest=b"d" * 16)
    again = journal.append([first, prepared("acme", "b"), first])
    assert [one.index for one in again] == [0, 1, 0]
    assert [one.known for one in again] == [None, None, Known(0, b"d" * 16)]
    journal.close()
    with closing(kind.open()) as reopened:
        (found,) = reopened.append([first])
        assert (found.index, found.known) == (0, Known(0, b"d" * 16))
        assert reopened.known("acme", [first.tag, b"n" * 32]) == {first.tag: Known(0, b"d" * 16)}
        assert reopened.known("zeta", [first.tag]) == {}
    assert kind.read().size("acme") == 2


def test_of_two_openers_no_two_give_one_index(kind: Kind, journal: Journal) -> None:
    journal.append(many("acme", 5))
    try:
        other = kind.open()
    except Unavailable:
        assert kind.exclusive
    else:
        assert not kind.exclusive
        drafts = [many("acme", 40, first) for first in (100, 200, 300, 400)]
        with ThreadPoolExecutor(4) as pool:
            appends = zip([journal, other, journal, other], drafts, strict=True)
            found = list(pool.map(lambda one: one[0].append(one[1]), appends))
        assert sorted(one.index for of in found for one in of) == list(range(5, 165))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # PostgreSQL's is held by nobody
def test_who_closed_it_appends_no_more(kind: Kind, journal: Journal) -> None:
    journal.close()
    with closing(kind.open()) as other:
        other.append(many("acme", 2))
        with pytest.raises(Unavailable):
            journal.append(many("acme", 1, 50))
        assert kind.read().size("acme") == 2


@given(
    groups=st.lists(
        st.lists(st.tuples(st.sampled_from("az"), st.integers(0, 12)), min_size=1, max_size=6),
        max_size=8,
    ),
    reopen=st.integers(0, 7),
)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_groups_make_the_log_that_a_list_and_a_dict_make(
    groups: list[list[tuple[str, int]]], reopen: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    kind = of_files(folder, file_bytes=600)
    model: dict[str, list[Prepared]] = {"a": [], "z": []}
    journal = kind.open()
    for number, group in enumerate(groups):
        if number == reopen:
            journal.close()
            journal = kind.open()
        drafts = [prepared(log, str(name)) for log, name in group]
        for one, found in zip(drafts, journal.append(drafts), strict=True):
            with suppress(ValueError):
                assert found.index == model[one.log].index(one)
                continue
            assert (found.index, found.known) == (len(model[one.log]), None)
            model[one.log].append(one)
    journal.close()
    reader = kind.read()
    for log, of in model.items():
        assert reader.entries(log, 0, 100) == [one.entry for one in of]
    reader.close()
