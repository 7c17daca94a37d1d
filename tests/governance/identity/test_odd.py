"""One item of an odd form is a gap of one: it fails no run, and nothing is guessed from it."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from governance.estate import Estate
from governance.identity.directory import GLOBAL_ADMIN, everyone_mfa, item, user
from governance.identity.test_reading import people, settled, summary, sync
from quarterdeck.governance.identity import service as identity
from quarterdeck.governance.identity.model.items import Kind, parsed
from quarterdeck.governance.identity.model.reading import READERS, legible
from quarterdeck.governance.identity.model.shape import UnreadableIdentity
from quarterdeck.governance.identity.model.verdict import Verdict
from quarterdeck.governance.identity.store.tables import items

DEEP = '{"id": "deep", "more": ' + '{"a":' * 100_000 + "1" + "}" * 100_001


def secret(**fields: object) -> bytes:
    return item(id="odd", passwordCredentials=[{"keyId": "k9"} | fields])


ODD_USERS = {
    "no instant": user("odd", createdDateTime="soon"),
    "no zone": user("odd", createdDateTime="2020-01-01T00:00:00"),
    "false": user("odd", createdDateTime=False),
    "activity as text": user("odd", signInActivity="yesterday"),
    "activity as nothing": user("odd", signInActivity=""),
    "odd sign-in": user("odd", signInActivity={"lastSignInDateTime": "late"}),
    "half a character": user("odd", displayName="\ud83d"),
    "NUL": user("odd", displayName="a\0b"),
    "enabled as text": user("odd", accountEnabled="False"),
    "deep": DEEP.encode(),
    "no UTF-8": b'{"id": "\xed\xa0\x80"}',
}
ODD_APPLICATIONS = {
    "no end": secret(endDateTime="soon"),
    "no zone": secret(endDateTime="2027-01-01T00:00:00"),
    "false": secret(endDateTime=False),
    "a text": item(id="odd", passwordCredentials="none"),
    "a list of texts": item(id="odd", keyCredentials=["k1"]),
}


@pytest.mark.parametrize("odd", ODD_USERS.values(), ids=ODD_USERS.keys())
def test_an_odd_user_is_one_unread_and_never_one_who_never_signed_in(
    estate: Estate, odd: bytes
) -> None:
    cloud = settled(estate)
    cloud.said["users",] = [*cloud.said["users",], [odd]]
    run = sync(estate)
    assert (run.whole, run.counts.unread, run.counts.quarantined) == (True, 1, 1)
    assert set(people(estate)) == {"ada", "bob", "eve"}
    assert [(gap.what, "1 items" in gap.missing) for gap in summary(estate).gaps] == [
        ("users", True)
    ]


@pytest.mark.parametrize("odd", ODD_APPLICATIONS.values(), ids=ODD_APPLICATIONS.keys())
def test_an_odd_credential_is_one_unread_and_never_one_that_never_ends(
    estate: Estate, odd: bytes
) -> None:
    cloud = settled(estate)
    cloud.said["applications",] = [*cloud.said["applications",], [odd]]
    run = sync(estate)
    assert (run.whole, run.counts.unread) == (True, 1)
    with estate.look() as work:
        assert [one.credential.id for one in identity.expiring(work)] == ["k1"]
    assert [gap.what for gap in summary(estate).gaps] == ["applications"]


@pytest.mark.parametrize(
    "odd",
    [
        item(id="r9", roleTemplateId=GLOBAL_ADMIN, members=[{"displayName": "who"}]),
        item(id="r9", roleTemplateId=GLOBAL_ADMIN, members="everybody"),
        item(id="r9", roleDefinitionId=GLOBAL_ADMIN, principalId=None),
    ],
)
def test_of_a_role_with_an_odd_member_nobody_knows_who_does_not_hold_it(
    estate: Estate, odd: bytes
) -> None:
    cloud = settled(estate)
    cloud.said["directory_roles",] = [*cloud.said["directory_roles",], [odd]]
    run = sync(estate)
    assert (run.whole, run.counts.unread) == (True, 1)
    found = {one.id: one.privileged for one in people(estate).values()}
    assert found == {"ada": Verdict.YES, "bob": Verdict.YES, "eve": Verdict.NOT_KNOWN}


def kept_earlier(estate: Estate, kind: Kind, one: str, body: bytes) -> None:
    """As a release kept it that only looked for an id."""
    with estate.work() as work:
        mine = (items.c.kind == kind.value, items.c.id == one)
        assert work.db.execute(update(items).where(*mine).values(body=body.decode())).rowcount == 1


EARLIER = {
    Kind.USERS: ("bob", user("bob", signInActivity="yesterday")),
    Kind.APPLICATIONS: ("o1", secret(endDateTime="soon")),
    Kind.POLICIES: ("All users", everyone_mfa(conditions="none")),
    Kind.DIRECTORY_ROLES: ("r1", item(id="r1", members=[{}])),
    Kind.REGISTRATIONS: ("bob", item(id="bob", isMfaRegistered="yes")),
    Kind.MEMBERS: ("ada", b"{}"),
    Kind.GROUPS: ("admins", b"[]"),
}
ASKED = {
    Kind.USERS: "users",
    Kind.APPLICATIONS: "applications",
    Kind.POLICIES: "conditional_access",
    Kind.DIRECTORY_ROLES: "directory_roles",
    Kind.REGISTRATIONS: "registrations",
    Kind.GROUPS: "groups",
}


def concluded(estate: Estate, kind: Kind) -> None:
    """A run in which an odd item of ``kind``, held from earlier, is not sent again."""
    cloud = settled(estate)
    sync(estate)
    one, body = EARLIER[kind]
    kept_earlier(estate, kind, one, body)
    key = (ASKED[kind],) if kind in ASKED else ("group_members", "admins")
    cloud.said[key] = [[b"{}"]]
    assert sync(estate).whole


@pytest.mark.parametrize("kind", [kind for kind in EARLIER if kind is not Kind.GROUPS])
def test_what_is_held_and_cannot_be_read_is_left_out_and_said_to_be(
    estate: Estate, kind: Kind
) -> None:
    concluded(estate, kind)
    told = {gap.what: gap.missing for gap in summary(estate).gaps}
    assert told["assessment"].endswith(f"cannot be read: 1 of {kind}")


def test_what_decides_with_others_and_cannot_be_read_makes_them_not_known(estate: Estate) -> None:
    concluded(estate, Kind.POLICIES)
    assert {one.enforced for one in people(estate).values()} == {Verdict.NOT_KNOWN}


def test_a_group_that_is_held_and_cannot_be_read_fails_no_run(estate: Estate) -> None:
    concluded(estate, Kind.GROUPS)
    assert set(people(estate)) == {"ada", "bob", "eve"}


def test_a_user_that_is_held_and_cannot_be_read_is_nobody_who_never_signed_in(
    estate: Estate,
) -> None:
    concluded(estate, Kind.USERS)
    assert set(people(estate)) == {"ada", "eve"}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda some: (
        st.lists(some, max_size=2) | st.dictionaries(st.text(max_size=3), some, max_size=2)
    ),
    max_leaves=4,
)
WHOLE: dict[Kind, bytes] = {
    Kind.USERS: user("ada"),
    Kind.POLICIES: everyone_mfa(
        grantControls={"operator": "OR", "authenticationStrength": {"requirementsSatisfied": "mfa"}}
    ),
    Kind.APPLICATIONS: secret(endDateTime="2027-01-01T00:00:00Z", displayName="ci"),
    Kind.PRINCIPALS: item(id="sp", keyCredentials=[{"endDateTime": "2027-01-01T00:00:00Z"}]),
    Kind.DIRECTORY_ROLES: item(id="r", roleTemplateId="t", members=[{"id": "ada"}]),
    Kind.ASSIGNMENTS: item(id="a", properties={"roleDefinitionId": "/x/y", "principalId": "p"}),
    Kind.REGISTRATIONS: item(id="ada", isMfaRegistered=True),
    Kind.GROUPS: item(id="g"),
    Kind.MEMBERS: item(id="m"),
}


def places(whole: Any, to: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401  any JSON
    """Every place in a document."""
    if not isinstance(whole, dict | list):
        return [to]
    steps = whole.items() if isinstance(whole, dict) else enumerate(whole)
    below = [place for step, value in steps for place in places(value, (*to, step))]
    return [*([to] if to else []), *below]


@given(st.data())
def test_a_reader_of_anything_reads_it_or_says_that_it_cannot(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(WHOLE)))
    whole = json.loads(WHOLE[kind])
    *way, last = data.draw(st.sampled_from(places(whole)))
    at = whole
    for step in way:
        at = at[step]
    at[last] = data.draw(ANYTHING)
    with suppress(UnreadableIdentity):
        legible(kind, json.dumps(whole).encode())


def test_every_kind_that_is_listed_has_its_reader() -> None:
    assert READERS.keys() == WHOLE.keys() == set(Kind) - {Kind.ASSESSMENT}
    for kind, body in WHOLE.items():
        assert legible(kind, body).id == parsed(body)["id"]
