"""What changed in a directory, as the client follows it through Microsoft Graph."""

from collections.abc import Iterator

import pytest

from providers.rehearsal import Rehearsal, clouds, options_for
from quarterdeck.governance.cloud.ports import Cloud, CloudFailure, Outdated, Tracked
from quarterdeck.governance.connections.model import Connection
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.ids import ConnectionId, TenantId
from quarterdeck.providers.azure import delta, graph
from quarterdeck.providers.azure.transport import Answer


def connection(simulator: Rehearsal) -> Connection:
    access = simulator.tenant()
    return Connection(
        id=ConnectionId("c"),
        tenant=TenantId("t"),
        directory=access.tenant_id,
        name="One",
        client=access.client_id,
        secret="env:S",
        created_at=utc_now(),
    )


@pytest.fixture
def cloud(simulator: Rehearsal) -> Iterator[Cloud]:
    environ = {"S": simulator.tenant().client_secret}
    with clouds(options_for(simulator.running), environ) as opened:
        yield opened.open(connection(simulator))


def followed(cloud: Cloud, listing: Tracked, mark: str) -> tuple[list[bytes], list[str]]:
    pages = list(cloud.changes(listing, mark))
    return [item for page, _ in pages for item in page.items], [mark for _, mark in pages]


def change(simulator: Rehearsal, id_: str, **more: object) -> None:
    said = {"tenant": simulator.tenant().tenant_id, "collection": "users", "id": id_}
    simulator.lever("directory", "PUT", **said, **more)


@pytest.mark.parametrize("listing", Tracked)
def test_from_a_mark_on_comes_what_changed_and_the_next_mark(
    simulator: Rehearsal, cloud: Cloud, listing: Tracked
) -> None:
    mark = cloud.mark(listing)
    items, [later] = followed(cloud, listing, mark)
    assert items == []
    for number in range(150):
        change(simulator, f"new-{number}", fields={"displayName": f"New {number}"})
    items, marks = followed(cloud, listing, later)
    assert len(items) == (150 if listing is Tracked.USERS else 0)
    assert [bool(one) for one in marks] == [False] * (len(marks) - 1) + [True]
    assert len(marks) == (2 if listing is Tracked.USERS else 1)
    assert followed(cloud, listing, marks[-1])[0] == []


def test_a_mark_that_the_cloud_forgot_is_outdated_and_a_denied_one_is_none(
    simulator: Rehearsal, cloud: Cloud
) -> None:
    mark = cloud.mark(Tracked.USERS)
    simulator.http.delete("/_simulator/deltas")
    with pytest.raises(Outdated, match="410"):
        followed(cloud, Tracked.USERS, mark)
    simulator.lever("lacks", permission="User.Read.All")
    assert cloud.mark(Tracked.USERS) == ""


def test_a_mark_that_is_older_than_seven_days_is_outdated_though_it_is_a_400(
    simulator: Rehearsal, cloud: Cloud
) -> None:
    mark = cloud.mark(Tracked.USERS)
    now = simulator.http.get("/_simulator/clock").json()["now"]
    simulator.lever("clock", seconds=7 * 86_400 + 60)
    with pytest.raises(Outdated, match="400"):
        followed(cloud, Tracked.USERS, mark)
    simulator.lever("clock", "PUT", now=now)


def test_a_mark_of_another_place_or_another_question_is_not_followed(cloud: Cloud) -> None:
    digest, _, link = cloud.mark(Tracked.USERS).partition(" ")
    for mark in (
        f"{digest} https://elsewhere.invalid/v1.0/users/delta?$deltatoken=x",
        f"{'0' * 16} {link}",
        cloud.mark(Tracked.GROUPS),
        "",
    ):
        with pytest.raises(Outdated):
            followed(cloud, Tracked.USERS, mark)


@pytest.mark.parametrize("body", [b'{"value": []}', b'{"value": 3}', b'{"items": []}'])
def test_an_answer_that_leads_nowhere_is_cut_short(body: bytes) -> None:
    answer = Answer(url="https://g/v1.0/users/delta", status=200, headers={}, body=body,
                    request_id="r")  # fmt: skip
    with pytest.raises(CloudFailure, match=r"expected either|not a listing"):
        delta.understand(answer)


def test_the_same_fields_are_chosen_as_in_the_listing_but_sign_ins() -> None:
    for listing in Tracked:
        fields = graph.delta("https://g", listing).url.split("$select=")[1].split("&")[0]
        listed = graph.listing("https://g", listing.value).url
        chosen = listed.split("$select=")[1].split("&")[0]
        assert set(fields.split(",")) - {"members"} == set(chosen.split(",")) - {"signInActivity"}
