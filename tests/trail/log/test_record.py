"""The record, schema version 1. Its bytes never change: a leaf is for ever."""

from dataclasses import replace
from typing import Any

import pytest
import rfc8785

from quarterdeck.events import EVENTS
from quarterdeck.events.access import PrincipalCreated
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import begin
from quarterdeck.trail.ingest.model import draft_of, policy_of
from quarterdeck.trail.log import service
from quarterdeck.trail.log.appender import open_log, prepare_all
from quarterdeck.trail.log.disclosure import Disclosure, Malformed, path_of
from quarterdeck.trail.log.model import Draft
from quarterdeck.trail.log.record import (
    Class,
    Correlation,
    Decision,
    Outcome,
    Party,
    Record,
    RecordInvalid,
    RecordTooLarge,
    RecordUnreadable,
    members,
    stamp,
)
from quarterdeck.trail.proof.tree import leaf_hash
from trail.installation import ADA, NOON, Installation

NAME = Disclosure.make("/payload/name", "Ada Lovelace", bytes(range(16)))

WHOLE = Record(
    id="019c3f1e-7a00-7000-8000-000000000001",
    tenant="acme",
    source="quarterdeck",
    source_seq=7,
    occurred_at=micros(NOON),
    received_at=micros(NOON) + 1,
    actor=Party("principal", "p0"),
    action="principals:create",
    resource=Party("principals", "p1"),
    outcome=Outcome.SUCCESS,
    decision=Decision.PERMIT,
    correlation=Correlation(request="r1"),
    classification={"/payload/name": Class.RESTRICTED},
    policy="A" * 43,
    idempotency="B" * 43,
    sd=(NAME.digest,),
    payload='{"kind":"person","principal":"p1"}',
)

# Frozen. If this test fails, the code is wrong: never change what stands here.
ENTRY = (
    b'{"action":"principals:create","actor":{"id":"p0","type":"principal"},"changes":null,'
    b'"classification":{"/payload/name":"restricted"},'
    b'"correlation":{"causation":null,"request":"r1","trace":null},"decision":"permit",'
    b'"id":"019c3f1e-7a00-7000-8000-000000000001",'
    b'"idempotency":"BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",'
    b'"occurred_at":"2026-02-28T12:00:00.000000Z","outcome":"success",'
    b'"payload":"{\\"kind\\":\\"person\\",\\"principal\\":\\"p1\\"}",'
    b'"policy":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",'
    b'"received_at":"2026-02-28T12:00:00.000001Z","resource":{"id":"p1","type":"principals"},'
    b'"schema":1,"sd":["lyXy8FdcprbkbhF0vvcnfTjQt3tlH81dmV81rKVOm0Q"],"source":"quarterdeck",'
    b'"source_seq":7,"tenant":"acme"}'
)
DIGEST = "lyXy8FdcprbkbhF0vvcnfTjQt3tlH81dmV81rKVOm0Q"
LEAF = "8fff62bfb11b3c551555b9f3b05fbf2dd1e89bcf6fcd94d533f5e1978b18e80a"


def test_the_bytes_of_schema_1_stand_for_ever() -> None:
    entry = WHOLE.encode()
    assert entry == ENTRY
    assert NAME.digest == DIGEST
    assert leaf_hash(entry).hex() == LEAF


def test_its_bytes_are_canonical_json_and_come_back() -> None:
    assert rfc8785.dumps(members(WHOLE.encode())) == WHOLE.encode()


def test_times_are_always_to_the_microsecond() -> None:
    assert stamp(0) == "1970-01-01T00:00:00.000000Z"
    assert stamp(micros(NOON) + 5) == "2026-02-28T12:00:00.000005Z"


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""},
        {"source_seq": -1},
        {"source_seq": 2**53},
        {"policy": "short"},
        {"sd": ("b" * 43, "a" * 43)},
        {"sd": ("a" * 43, "a" * 43)},
        {"actor": Party("principal", "")},
        {"resource": Party("", "x")},
    ],
)
def test_what_breaks_the_schema_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RecordInvalid):
        replace(WHOLE, **wrong)


def test_a_leaf_holds_one_byte_less_than_64_kib() -> None:
    room = 65_535 - len(replace(WHOLE, payload="").encode())
    assert len(replace(WHOLE, payload="x" * room).encode()) == 65_535
    with pytest.raises(RecordTooLarge):
        replace(WHOLE, payload="x" * (room + 1)).encode()


@pytest.mark.parametrize("entry", [b"", b"[]", b"{}", b'{"schema":2}', b"\xff"])
def test_what_is_no_record_cannot_be_read(entry: bytes) -> None:
    with pytest.raises(RecordUnreadable):
        members(entry)


def test_a_disclosure_is_that_of_rfc_9901() -> None:
    """The example of RFC 9901, section 4.2.1 and 4.2.3."""
    text = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    found = Disclosure.parse(text)
    assert (found.path, found.value) == ("family_name", "Möbius")
    assert found.digest == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"


def test_a_disclosure_comes_back_as_it_went_in() -> None:
    assert Disclosure.parse(NAME.text) == NAME
    for junk in ("", "!", "W10", "bnVsbA"):
        with pytest.raises(Malformed):
            Disclosure.parse(junk)


def test_the_same_value_with_another_salt_has_another_digest() -> None:
    assert Disclosure.make("/payload/name", "Ada Lovelace", bytes(16)).digest != NAME.digest


@pytest.mark.parametrize(
    ("names", "path"),
    [
        (("payload", "name"), "/payload/name"),
        (("payload", "a/b", "c~d"), "/payload/a~1b/c~0d"),
        (("changes", 0, "größe"), "/changes/0/gr%C3%B6%C3%9Fe"),
        (("payload", "50%"), "/payload/50%25"),
        (("payload", ""), "/payload/"),
    ],
)
def test_a_path_is_an_ascii_json_pointer(names: tuple[str | int, ...], path: str) -> None:
    assert path_of(*names) == path


def test_what_an_event_is_about_may_be_seen() -> None:
    wrong = [
        name
        for name, kind in EVENTS.items()
        if kind.leaf and kind.about not in kind.public | {"tenant"}
    ]
    assert wrong == []


def test_the_policy_changes_when_what_is_public_changes() -> None:
    assert policy_of(EVENTS) == policy_of(dict(reversed(EVENTS.items())))
    assert policy_of(EVENTS) != policy_of({"PrincipalCreated": PrincipalCreated})


def test_a_field_that_is_not_public_is_committed_to_its_principal() -> None:
    draft = draft_of(
        fact(name="Ada"), PrincipalCreated, received_at=0, policy="A" * 43, idempotency="B" * 43
    )
    (committed,) = draft.committed
    assert (committed.path, committed.value) == ("/payload/name", "Ada")
    assert committed.subject == "principals:p1"
    assert draft.record.payload == '{"kind":"person","principal":"p1"}'


def fact(**payload: object) -> Fact:
    return Fact(
        id="019c3f1e-7a00-7000-8000-000000000001",
        tenant="acme",
        sequence=1,
        actor="ada",
        request="r",
        moment=micros(NOON),
        name="PrincipalCreated",
        payload={"tenant": "acme", "principal": "p1", "kind": "person", **payload},
    )


def test_a_payload_too_large_for_a_leaf_is_committed_whole(installation: Installation) -> None:
    draft = Draft(record=replace(WHOLE, sd=(), payload=f'"{"x" * 70_000}"'), subject="s:1")
    with begin(installation.engine, ADA, installation.clock) as work:
        open_log(work.db, installation.keys, "acme")
        ready = prepare_all(work.db, installation.keys, [draft], work.now)
    installation.trail.sequencer.append(ready)
    installation.integrate()
    with begin(installation.engine, ADA, installation.clock) as work:
        view = service.disclose(work, installation.reader, installation.keys, "acme", 0)
    assert view.record["payload"] is None
    assert view.disclosed == {"/payload": "x" * 70_000}
    assert len(view.record["sd"]) == 1
