"""On-call over HTTP: schedules, who is on call, shifts, overrides, swaps, calendars, load."""

from datetime import datetime, timedelta

import pytest
from starlette.testclient import TestClient

from api.conftest import Headers, Issue
from operations.oncall.stage import OFFICE, PRIMARY
from quarterdeck.runtime import Runtime

HERE = "/api/v1/oncall"
ONE = f"{HERE}/schedules/acme/primary"
ADA, BOB = "ada@example.com", "bob@example.com"


def week(runtime: Runtime) -> datetime:
    """The next Monday at noon, and so the turn of somebody."""
    now = runtime.clock().replace(hour=12, minute=0, second=0, microsecond=0)
    return now + timedelta(days=7 - now.weekday())


@pytest.mark.census("ATP-031")
def test_the_three_schedules_of_the_runbook_say_who_is_on_call(
    client: TestClient, ada: Headers
) -> None:
    for name in ("atp-primary", "atp-secondary", "atp-manager"):
        path = f"{HERE}/schedules/acme/{name}"
        done = client.put(path, json={"text": PRIMARY, "expected_version": 0}, headers=ada)
        assert (done.status_code, done.json()["changed"]) == (200, True)
    found = client.get(HERE, headers=ada).json()["schedules"]
    assert [one["schedule"] for one in found] == ["atp-manager", "atp-primary", "atp-secondary"]
    assert all(one["person"]["person"] in (ADA, BOB) for one in found)
    assert all(one["until"] and one["following"]["person"] in (ADA, BOB) for one in found)
    page = client.get(f"{HERE}/schedules?limit=2", headers=ada)
    rest = client.get(page.links["next"]["url"], headers=ada).json()["schedules"]
    assert [one["name"] for one in rest] == ["atp-secondary"]


def test_a_schedule_is_written_looked_at_put_back_and_deleted(
    client: TestClient, ada: Headers
) -> None:
    done = client.put(ONE, json={"text": PRIMARY}, headers=ada).json()
    assert done["notes"] == [f"{ADA} is not known", f"{BOB} is not known"]
    again = client.put(ONE, json={"text": done["schedule"]["text"]}, headers=ada).json()
    assert (again["changed"], again["schedule"]["version"]) == (False, 1)
    other = {"text": PRIMARY.replace("first", "last"), "expected_version": 1, "why": "words"}
    assert client.put(ONE, json=other, headers=ada).json()["schedule"]["version"] == 2
    stale = client.put(ONE, json=other | {"text": PRIMARY}, headers=ada)
    assert (stale.status_code, "at version 2" in stale.json()["detail"]) == (409, True)
    back = client.post(f"{ONE}/rollback", json={"version": 1}, headers=ada).json()
    assert (back["version"], back["description"]) == (3, "Who answers first")
    assert client.delete(ONE, headers=ada).status_code == 204
    assert client.get(ONE, headers=ada).status_code == 404
    versions = client.get(f"{ONE}/versions", headers=ada).json()["versions"]
    assert [one["how"] for one in versions] == ["deleted", "put back to 1", "applied", "applied"]


def test_what_cannot_be_is_refused_with_its_place(client: TestClient, ada: Headers) -> None:
    for text, why in (
        (PRIMARY.replace("Berlin", "Berlitz"), "expected a time zone"),
        (PRIMARY.replace("start: 2026-01-05", "start: 9999-12-31"), "layers[0].start"),
        (PRIMARY + "zone: UTC\n", "'zone' stands there twice"),
        ("layers: []", "a schedule has 1 to 20 layers"),
        (PRIMARY.replace(ADA, '"a\\0b"'), "no NUL and no lone surrogate"),
    ):
        refusal = client.put(ONE, json={"text": text}, headers=ada)
        assert refusal.status_code == 422
        assert why in refusal.json()["detail"], refusal.text
        assert refusal.json()["errors"][0]["pointer"] == "#/text"
    assert client.put(ONE, json={"text": "a\0b"}, headers=ada).status_code == 422
    client.put(ONE, json={"text": PRIMARY}, headers=ada)
    for query in (
        "from=9999-12-31T23:59:59Z",
        "from=0001-01-01T00:00:00Z",
        "from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z",
        "from=2026-01-01T00:00:00",
    ):
        assert client.get(f"{ONE}/shifts?{query}", headers=ada).status_code == 422, query
    for query in ("at=9999-12-31T00:00:00Z", "days=0", "days=367"):
        assert client.get(f"{HERE}/who-is-woken?{query}", headers=ada).status_code == 422, query


def test_shifts_change_hands_by_override_and_by_swap(
    client: TestClient, runtime: Runtime, ada: Headers
) -> None:
    client.put(ONE, json={"text": PRIMARY}, headers=ada)
    monday = week(runtime)

    def shifts(since: datetime, days: int = 1) -> list[tuple[str, str]]:
        query = {"from": since.isoformat(), "to": (since + timedelta(days=days)).isoformat()}
        found = client.get(f"{ONE}/shifts", params=query, headers=ada).json()["shifts"]
        return [(one["person"]["person"], one["source"]) for one in found]

    [(mine, _)] = shifts(monday)
    other = BOB if mine == ADA else ADA
    span = {"start": monday.isoformat(), "end": (monday + timedelta(hours=12)).isoformat()}
    put = client.post(f"{ONE}/overrides", json={"person": other, **span}, headers=ada)
    assert put.status_code == 201
    assert shifts(monday) == [(other, "override"), (mine, "layer")]
    path = f"{ONE}/overrides/{put.json()['overrides'][0]['id']}"
    assert client.delete(path, headers=ada).json()["overrides"] == []
    assert client.delete(path, headers=ada).status_code == 404
    later = monday + timedelta(days=7)
    takes = {"start": later.isoformat(), "end": (later + timedelta(hours=1)).isoformat()}
    wanted = {"person": mine, "gives": span, "other": other, "takes": takes}
    for answer, state in (("refuse", "refused"), ("accept", "accepted")):
        asked = client.post(f"{ONE}/swaps", json=wanted, headers=ada).json()["swaps"][-1]
        done = client.post(f"{ONE}/swaps/{asked['id']}/{answer}", headers=ada)
        assert done.json()["swaps"][-1]["state"] == state
        assert client.post(f"{ONE}/swaps/{asked['id']}/accept", headers=ada).status_code == 409
    assert shifts(monday)[0] == (other, "override")
    assert shifts(later)[0] == (mine, "override")


def test_who_is_woken_finds_holes_and_people_whom_nothing_wakes(
    client: TestClient, ada: Headers
) -> None:
    assert client.get(f"{HERE}/who-is-woken", headers=ada).json()["sound"] is False  # none at all
    client.put(f"{HERE}/schedules/acme/office", json={"text": OFFICE}, headers=ada)
    found = client.get(f"{HERE}/who-is-woken?tenant=acme&days=14", headers=ada).json()
    [office] = found["schedules"]
    assert (found["sound"], len(office["holes"]) >= 14) == (False, True)
    assert office["strangers"][0]["known"] == "not known"
    assert client.get(f"{HERE}/who-is-woken?schedule=none", headers=ada).status_code == 404
    loads = client.get(f"{HERE}/load?tenant=acme", headers=ada).json()["loads"]
    assert sum(one["hours"] for one in loads) == pytest.approx(28 * 24)
    assert {one["person"]["person"] for one in loads} == {"", ADA}


def test_a_calendar_is_fetched(client: TestClient, ada: Headers) -> None:
    client.put(ONE, json={"text": PRIMARY}, headers=ada)
    for path in (f"{ONE}/calendar.ics", f"{HERE}/calendar.ics?person={ADA}"):
        answer = client.get(path, headers=ada)
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        assert answer.text.startswith("BEGIN:VCALENDAR\r\n")
        assert answer.text.count("BEGIN:VEVENT") >= 8


def test_only_who_plans_writes(client: TestClient, issue: Issue, ada: Headers) -> None:
    client.put(ONE, json={"text": PRIMARY}, headers=ada)
    reader = issue("auditor", "acme")
    assert client.get(ONE, headers=reader).status_code == 200
    assert client.put(ONE, json={"text": PRIMARY}, headers=reader).status_code == 403
    stranger = issue("auditor", "other")
    assert client.get(ONE, headers=stranger).status_code == 404
    span = {"start": "2099-01-05T12:00:00Z", "end": "2099-01-05T13:00:00Z"}
    taken = {"person": BOB, **span}
    mine = client.post(f"{ONE}/overrides", json=taken, headers=issue("on-call", "acme"))
    assert (mine.status_code, "only your own shifts" in mine.text) == (403, True)
    planned = client.post(f"{ONE}/overrides", json=taken, headers=issue("sre", "acme"))
    assert planned.status_code == 201
