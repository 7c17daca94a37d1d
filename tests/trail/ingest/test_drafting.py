"""An event's leaf: byte for byte what the record's own way makes, and nothing secret in it."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.kernel.clock import instant, micros
from quarterdeck.trail.ingest.drafting import Moment, Place, draft, prepared
from quarterdeck.trail.ingest.refusal import EventRefused
from quarterdeck.trail.ingest.wire import event_of
from quarterdeck.trail.keys.seal import Sealer, Tagger, new_key, tag, unseal
from quarterdeck.trail.log.canonical import canonical
from quarterdeck.trail.log.disclosure import Disclosure, base64url
from quarterdeck.trail.log.record import (
    Class,
    Correlation,
    Decision,
    Outcome,
    Party,
    Record,
    stamp,
)
from quarterdeck.trail.policy.compiled import MAX_PATH, Classifier
from quarterdeck.trail.policy.model import Classification, Rule

KEY = new_key()
AT = instant(1_772_280_000_123_456)
NOW = Moment.of(AT)
ID = "01a1effd-c11f-7972-beed-8fe9aadfdd01"
RULES = Classification(rules=(Rule(path="/payload/open*", cls="public"),))
LONG_S = 60.0  # what is tried here is no race with a loaded machine
PLACE = Place(
    tenant="acme",
    origin="qd/acme",
    tagger=Tagger(b"s" * 32),
    classifier=Classifier(RULES, budget_s=LONG_S),
)

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
short = words.map(lambda text: text[:50])
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | short
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(short, inner, max_size=3)
)
# In a path a character takes up to twelve; a path of more than MAX_PATH is no rule's.
brief = words.map(lambda text: text[: (MAX_PATH - len("/payload/open")) // 12])
names = brief | brief.map(lambda text: f"open{text}")
payloads = st.dictionaries(names, values, max_size=5)


def sent(payload: object, **said: object) -> dict[str, Any]:
    return {
        "occurred_at": "2026-02-28T13:00:00.5+01:00",
        "actor": {"type": "user", "id": "u-1"},
        "action": "orders:create",
        "resource": {"type": "order", "id": "o-1"},
        "payload": payload,
    } | said


@given(payloads, short, short, st.none() | st.builds(dict, trace=short))
def test_the_entry_is_the_records_own(
    payload: dict[str, Any], actor: str, action: str, correlation: dict[str, str] | None
) -> None:
    said = sent(payload, actor={"type": "user", "id": actor}, action=action, decision="deny")
    if correlation:
        said["correlation"] = correlation
    raw = msgspec.json.encode(said)
    made = draft(PLACE, "p-1", event_of(raw), raw, "k", AT)
    ready = prepared(PLACE, "p-1", made, ID, NOW, lambda _: ("key-1", Sealer(KEY)))
    entry = json.loads(ready.entry)
    expected = Record(
        id=ID,
        tenant="acme",
        source="p-1",
        source_seq=0,
        occurred_at=micros(event_of(raw).occurred_at),
        received_at=NOW.at,
        actor=Party("user", actor),
        action=action,
        resource=Party("order", "o-1"),
        outcome=Outcome.SUCCESS,
        decision=Decision.DENY,
        correlation=Correlation(**(correlation or {})),
        classification={path: Class(c) for path, c in entry["classification"].items()},
        policy=RULES.digest,
        idempotency=urlsafe_b64encode(ready.tag).rstrip(b"=").decode(),
        sd=tuple(entry["sd"]),
        payload=entry["payload"],
    )
    assert ready.entry == expected.encode()


@given(payloads)
def test_what_is_clear_and_what_is_committed_make_the_payload(payload: dict[str, Any]) -> None:
    raw = msgspec.json.encode(sent(payload))
    made = draft(PLACE, "p-1", event_of(raw), raw, "k", AT)
    ready = prepared(PLACE, "p-1", made, ID, NOW, lambda _: ("key-1", Sealer(KEY)))
    entry = json.loads(ready.entry)
    clear = json.loads(entry["payload"])
    assert clear == {name: value for name, value in payload.items() if name.startswith("open")}
    opened = [
        Disclosure.parse(unseal(KEY, s.sealed, "acme", "qd/acme", ID, s.path).decode())
        for s in ready.disclosures
    ]
    hidden = [value for name, value in payload.items() if not name.startswith("open")]
    assert [one.value for one in opened] == hidden
    assert sorted(one.digest for one in opened) == entry["sd"]
    assert all(one.path == s.path for one, s in zip(opened, ready.disclosures, strict=True))


@pytest.mark.parametrize(
    ("came", "stands"),
    [
        (b'{"open": 1.50, "open2":"a"}', b'{"open": 1.50, "open2":"a"}'),
        (b'{"open":1,"open":2}', b'{"open":2}'),
        (b'{"open" :1,"open":2}', b'{"open":2}'),
        (b'{"open":1,"\\u006fpen":2}', b'{"open":2}'),
    ],
)
def test_a_payload_stands_as_it_came_unless_a_name_came_twice(came: bytes, stands: bytes) -> None:
    raw = msgspec.json.encode(sent(msgspec.Raw(came)))
    assert draft(PLACE, "p-1", event_of(raw), raw, "k", AT).fields.payload == stands


def test_a_secret_field_is_sealed_for_whom_the_rule_names() -> None:
    rules = Classification(
        rules=(
            Rule(path="/payload/email", cls="secret.pi", subject="/payload/customer"),
            Rule(path="/payload/note", cls="restricted", subject="resource"),
            Rule(path="/payload/customer", cls="public"),
        )
    )
    place = Place(
        tenant="a",
        origin="o",
        tagger=Tagger(b"s" * 32),
        classifier=Classifier(rules, budget_s=LONG_S),
    )
    raw = msgspec.json.encode(sent({"email": "a@b", "note": "n", "customer": 7, "other": 1}))
    made = draft(place, "p", event_of(raw), raw, None, AT)
    assert {one.path: one.subject for one in made.fields.hidden} == {
        "/payload/email": "customer:7",
        "/payload/note": "order:o-1",
        "/payload/other": "user:u-1",
    }


def test_changes_are_judged_field_by_field() -> None:
    rules = Classification(rules=(Rule(path="/changes/*/state", cls="public"),))
    place = Place(
        tenant="a",
        origin="o",
        tagger=Tagger(b"s" * 32),
        classifier=Classifier(rules, budget_s=LONG_S),
    )
    changes = {"before": None, "after": {"state": "open", "owner": "ada"}}
    raw = msgspec.json.encode(sent({}, changes=changes))
    made = draft(place, "p", event_of(raw), raw, None, AT)
    assert json.loads(made.fields.changes or b"") == {"before": None, "after": {"state": "open"}}
    assert [one.path for one in made.fields.hidden] == ["/changes/after/owner"]


@pytest.mark.parametrize("at", ["2026-02-28T13:00:00+01:00", "2026-02-28T12:00:00.000001Z"])
def test_words_that_entries_share_are_written_as_they_are(at: str) -> None:
    said = sent({"open": "%d"}, action='a%b"\u20ac', occurred_at=at, source_seq=7)
    said["actor"] = {"type": "us%er", "id": "%s"}
    raw = msgspec.json.encode(said)
    for _ in range(2):  # the second is written by what the first left
        made = draft(PLACE, "p%1", event_of(raw), raw, "k", AT)
        entry = prepared(PLACE, "p%1", made, ID, NOW, lambda _: ("key-1", Sealer(KEY))).entry
        assert entry == canonical(json.loads(entry))
        told = json.loads(entry)
        assert (told["action"], told["source"]) == ('a%b"\u20ac', "p%1")
        assert told["actor"] == {"type": "us%er", "id": "%s"}
        assert told["occurred_at"] == stamp(micros(event_of(raw).occurred_at))
        assert (told["source_seq"], told["received_at"]) == (7, stamp(micros(AT)))


@given(st.binary(max_size=200), st.lists(st.text(max_size=5), min_size=1, max_size=3))
def test_a_tag_is_the_hmac_of_its_words(key: bytes, said: list[str]) -> None:
    assert base64url(Tagger(key).tag(*said)) == tag(key, *said)


@pytest.mark.parametrize(
    "twice",
    [
        b'{"actor" :{"type":"u","id":"1"},',
        b'{"actor"\n:{"type":"u","id":"1"},',
        b'{"\\u0061ctor":{"type":"u","id":"1"},',
        b'{"correlation":{"trace":"a","trace":"b"},',
        b'{"payload":{},"payload" :{"a":1},',
    ],
)
def test_a_name_that_stands_twice_is_refused_however_it_is_written(twice: bytes) -> None:
    raw = msgspec.json.encode(sent({"open": 1}))
    with pytest.raises(EventRefused, match="stands twice"):
        event_of(twice + raw[1:])


FLAT = (
    b'"schema_version":1,"timestamp":"2026-02-28T12:00:00Z","actor_id":"u-1","action":"a:b",'
    b'"resource_type":"order","resource_id":"o-1"'
)


@pytest.mark.parametrize("times", range(1, 7))
def test_names_of_the_flat_form_that_stand_twice_are_refused_however_many(times: int) -> None:
    assert event_of(b"{" + FLAT + b"}").actor.id == "u-1"
    twice = b",".join(FLAT.split(b",")[-times:])
    with pytest.raises(EventRefused, match="stands twice"):
        event_of(b"{" + FLAT + b"," + twice + b"}")


@pytest.mark.parametrize("spaced", [(", ", ": "), (",", ":"), (" ,\n", "\t:\r\n")])
def test_white_space_changes_nothing(spaced: tuple[str, str]) -> None:
    said = sent({"open": 'a": "b'}, correlation={"trace": "t", "request": None}, decision=None)
    event = event_of(json.dumps(said, separators=spaced).encode())
    assert (event.actor.id, event.correlation and event.correlation.trace) == ("u-1", "t")
