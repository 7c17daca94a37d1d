"""Erasure: what a subject's keys sealed cannot be read any more, and every proof holds."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, insert

from quarterdeck.events.access import PrincipalCreated
from quarterdeck.kernel.db import writing
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs.table import jobs
from quarterdeck.kernel.work import Actor, begin, read
from quarterdeck.trail.erasure.model import (
    AnotherMustApprove,
    Erasure,
    ErasureDecided,
    ErasureInvalid,
    State,
    SubjectUnknown,
)
from quarterdeck.trail.erasure.service import asking
from quarterdeck.trail.holds.model import OnHold
from quarterdeck.trail.integrity.service import verify
from quarterdeck.trail.keys.note import Verifier
from quarterdeck.trail.log import service as log
from quarterdeck.trail.policy.model import Kind
from quarterdeck.trail.projections.tables import fields
from trail.committing import found, rows
from trail.installation import Installation
from trail.keeping import CARLA, CONRAD, Kept

SUBJECT = "principals:p1"


@pytest.fixture
def kept(installation: Installation) -> Iterator[Kept]:
    opened = Kept(installation)
    installation.happen(PrincipalCreated(tenant="acme", principal="p1", kind="person", name="Ada"))
    installation.happen(PrincipalCreated(tenant="acme", principal="p2", kind="person", name="Bob"))
    installation.deliver()
    installation.integrate()
    yield opened
    opened.logs.close()


def request(kept: Kept, by: Actor = CARLA, subject: str = SUBJECT) -> Erasure:
    with begin(kept.engine, by, kept.installation.clock) as work:
        return asking.request(work, kept.installation.keys, "acme", subject, "asked by letter")


def approve(kept: Kept, erasure: Erasure, by: Actor = CONRAD) -> JobId:
    with begin(kept.engine, by, kept.installation.clock) as work:
        asking.approve(work, erasure.id)
        return JobId(work.db.execute(jobs.select()).all()[-1].id)


def look(kept: Kept, erasure: Erasure) -> Erasure:
    with read(kept.engine, CARLA, kept.installation.clock) as work:
        return asking.erasure_of(work, erasure.id)


def disclosed(kept: Kept, name: str) -> bool:
    """Whether a committed name can still be read in some record."""
    found: list[object] = []
    for index in range(kept.installation.reader.size("acme")):
        with begin(kept.engine, CARLA, kept.installation.clock) as work:
            installation = kept.installation
            view = log.disclose(work, installation.reader, installation.keys, "acme", index)
            found += view.disclosed.values()
    return name in found


@pytest.mark.census("ATP-423")
def test_an_erased_subject_cannot_be_read_and_the_log_still_verifies(kept: Kept) -> None:
    assert disclosed(kept, "Ada")
    asked = request(kept)
    assert kept.run(approve(kept, asked)) == "done"
    assert not disclosed(kept, "Ada")
    assert disclosed(kept, "Bob")
    kept.installation.deliver()
    kept.installation.integrate()
    key = Verifier.parse(kept.installation.vkey)
    assert verify(kept.installation.serve, key, None).intact


def test_the_certificate_is_signed_by_the_log_and_says_what_it_cannot_reach(kept: Kept) -> None:
    asked = request(kept)
    kept.run(approve(kept, asked))
    done = look(kept, asked)
    assert Verifier.parse(kept.installation.vkey).signed(done.certificate.encode())
    said = json.loads(done.certificate.splitlines()[1])
    assert said["records"] == 1
    assert [one["until"] for one in said["not_reached"]][:2] == [None, None]
    assert said["not_reached"][2]["until"].startswith("2026-04-04")
    assert SUBJECT not in done.certificate


def test_the_certificate_stands_in_a_record_of_the_log(kept: Kept) -> None:
    asked = request(kept)
    kept.run(approve(kept, asked))
    kept.installation.deliver()
    size = kept.installation.reader.size("acme")
    entries = [json.loads(e) for e in kept.installation.reader.entries("acme", 0, size)]
    (leaf,) = [one for one in entries if one["action"] == "erasure:complete"]
    assert json.loads(leaf["payload"])["certificate"] == look(kept, asked).certificate


def test_nothing_names_the_subject_afterwards(kept: Kept) -> None:
    asked = request(kept)
    kept.run(approve(kept, asked))
    assert look(kept, asked).subject == ""
    with pytest.raises(SubjectUnknown):
        request(kept)


def test_whoever_asks_cannot_approve(kept: Kept) -> None:
    asked = request(kept)
    with pytest.raises(AnotherMustApprove):
        approve(kept, asked, CARLA)


def test_policy_may_let_one_person_do_both(kept: Kept) -> None:
    kept.set(Kind.APPROVALS, erasure=False)
    asked = request(kept)
    assert kept.run(approve(kept, asked, CARLA)) == "done"
    assert look(kept, asked).state is State.DONE


def test_an_erasure_is_approved_once(kept: Kept) -> None:
    asked = request(kept)
    approve(kept, asked)
    with pytest.raises(ErasureDecided):
        approve(kept, asked)


@pytest.mark.parametrize(
    ("covers", "value"), [("tenant", ""), ("subject", SUBJECT), ("resource", SUBJECT)]
)
def test_a_held_subject_is_refused_with_the_hold(kept: Kept, covers: str, value: str) -> None:
    hold = kept.place(covers, value)
    with pytest.raises(OnHold, match=hold.id):
        request(kept)


def test_a_hold_on_a_range_refuses_when_the_subjects_records_lie_in_it(kept: Kept) -> None:
    asked = request(kept)
    hold = kept.place("range", since=0)
    kept.run(approve(kept, asked))
    ended = look(kept, asked)
    assert ended.state is State.REFUSED
    assert hold.id in ended.detail
    assert disclosed(kept, "Ada")


def test_a_job_that_is_run_again_after_it_erased_changes_nothing(kept: Kept) -> None:
    asked = request(kept)
    job = approve(kept, asked)
    kept.run(job)
    before = look(kept, asked)
    kept.run_again(job)
    assert look(kept, asked) == before


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # PostgreSQL's files are its own
def test_the_wrapped_key_is_gone_from_the_files_of_the_database(kept: Kept) -> None:
    wrapped = wrapped_keys(kept.engine)
    asked = request(kept)
    kept.run(approve(kept, asked))
    (gone,) = wrapped - wrapped_keys(kept.engine)
    path = str(kept.engine.url.database)
    for name in (path, f"{path}-wal"):
        try:
            with open(name, "rb") as file:  # noqa: PTH123  the database's own name
                assert gone not in file.read()
        except FileNotFoundError:
            continue


def test_an_erased_subject_is_found_by_nothing_and_its_rows_are_gone(kept: Kept) -> None:
    kept.logs.project()
    assert len(found(kept.logs, ("/payload/name", "Ada"))) == 1
    before = len(rows(kept.logs))
    asked = request(kept)
    kept.run(approve(kept, asked))
    assert found(kept.logs, ("/payload/name", "Ada")) == []
    assert len(rows(kept.logs)) == before - 1
    assert len(found(kept.logs, ("/payload/name", "Bob"))) == 1


def test_a_job_that_died_between_the_keys_and_the_rows_takes_the_rows_when_it_is_run_again(
    kept: Kept,
) -> None:
    kept.logs.project()
    before = rows(kept.logs)
    asked = request(kept)
    job = approve(kept, asked)
    kept.run(job)
    left = rows(kept.logs)
    with writing(kept.logs.read) as db:
        db.execute(
            insert(fields),
            [dict(zip(fields.c.keys(), row, strict=True)) for row in before if row not in left],
        )
    kept.run_again(job)
    assert rows(kept.logs) == left


def test_a_subject_nobody_knows_is_refused(kept: Kept) -> None:
    with pytest.raises(SubjectUnknown):
        request(kept, subject="user:nobody")


def test_a_subject_must_be_named_as_it_is_sealed(kept: Kept) -> None:
    with pytest.raises(ErasureInvalid, match="type:id"):
        request(kept, subject="Ada Lovelace")


def wrapped_keys(engine: Engine) -> set[bytes]:
    with engine.connect() as db:
        found = db.exec_driver_sql("SELECT wrapped FROM trail_data_key")
        return {row[0] for row in found if row[0]}
