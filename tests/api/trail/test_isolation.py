"""No answer for one tenant ever holds a row of another: whatever is asked, and however."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.conftest import Headers, Issue
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.work import begin
from quarterdeck.runtime import Runtime
from quarterdeck.trail.log.opening import open_trail
from quarterdeck.trail.log.record import Class, Party
from trail.installation import Installation
from trail.logs import Logs, record

TENANTS = ("acme", "other")
OPEN = ("checkpoint", "tile/0", "cosigned", "/keys")  # say nothing of what stands in a log


def marker(tenant: str) -> str:
    """What stands in everything that is a tenant's."""
    return f"only-of-{tenant}"


@pytest.fixture
def logs(runtime: Runtime, tmp_path: Path) -> Iterator[Logs]:
    """Records of two tenants that are alike, but for their marks."""
    trail = open_trail(runtime.engine, tmp_path / "trail", lasting=False)
    found = Logs(
        Installation(runtime.engine, runtime.keys, tmp_path, trail), shared=runtime.explorer
    )
    for tenant in TENANTS:
        mark = marker(tenant)
        found.append(
            *(
                record(
                    n,
                    tenant,
                    id=f"r{n}-{mark}",
                    actor=Party("user", f"u{n % 2}-{mark}"),
                    resource=Party("order", f"o{n % 2}-{mark}"),
                    payload=f'{{"note":"box {n} {mark}"}}',
                    classification={"/payload/note": Class.PUBLIC},
                )
                for n in range(12)
            )
        )
    found.sign()
    found.project()
    yield found
    trail.close()


@pytest.fixture
def things(logs: Logs, client: TestClient, ada: Headers) -> dict[str, list[str]]:  # noqa: ARG001
    """What each tenant has besides: the ids of it, and cursors into it, by tenant."""
    found: dict[str, list[str]] = {}
    for tenant in TENANTS:
        mark = marker(tenant)
        bodies = {
            "/trail/holds": {"tenant": tenant, "covers": "tenant", "reason": mark},
            "/trail/exports": {"tenant": tenant, "format": "ndjson"},
            "/trail/integrity/freeze": {"tenant": tenant, "reason": mark},
            "/trail/webhooks": {
                "tenant": tenant,
                "name": mark,
                "url": f"https://hooks.example/{mark}",
            },
        }
        ids = []
        for path, body in bodies.items():
            answer = client.post(f"/api/v1{path}", json=body, headers=ada)
            if answer.status_code in (201, 202):
                ids.append(str(answer.json().get("id", "")))
        page = client.get(
            "/api/v1/audit/events", params={"tenant": tenant, "limit": 2}, headers=ada
        )
        assert mark in page.text
        rest = page.links["next"]["url"].partition("cursor=")[2].partition("&")[0]
        found[tenant] = [*filter(None, ids), rest]
    assert all(len(of) >= 4 for of in found.values()), found
    return found


@pytest.fixture
def eve(runtime: Runtime, issue: Issue) -> Headers:
    """Whoever may see everything of ``other``, and nothing of ``acme``."""
    headers = issue("auditor", "other", home="other")
    with begin(runtime.engine, installation(), utc_now) as work:
        (mine,) = [one for one in principals.visible(work) if one.name == "auditor"]
        for role in ("tenant-admin", "compliance", "security", "sre"):
            principals.grant(work, mine.id, role, "other")
    return headers


def asked(
    app: FastAPI, things: dict[str, list[str]]
) -> st.SearchStrategy[tuple[str, dict[str, str]]]:
    """Any GET of the trail, about anything that either tenant has."""
    documents: dict[str, Any] = app.openapi()["paths"]
    paths = [
        path
        for path, verbs in documents.items()
        if "get" in verbs and ("/trail/" in path or "/audit/" in path)
    ]
    assert len(paths) > 25
    ours = [*TENANTS, *(one for of in things.values() for one in of)]
    ids = st.sampled_from([*ours, "0", "3", "acme-000000", "tile/entries/000.p/12", "000.p/12"])
    names = ["tenant", "log", "actor", "resource", "resource_type", "cursor", "q", "proof", "limit"]
    words = st.sampled_from([*ours, "order", "u0-only-of-acme", "o1-only-of-acme", "box", "1", "2"])
    params = st.dictionaries(st.sampled_from(names), words, max_size=3)

    @st.composite
    def one(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
        path = draw(st.sampled_from(paths))
        while "{" in path:
            head, _, rest = path.partition("{")
            path = head + draw(ids) + rest.partition("}")[2]
        return path, draw(params)

    return one()


@pytest.mark.census("ATP-506", "ATP-003")
def test_no_answer_for_one_tenant_holds_a_row_of_another(
    app: FastAPI, client: TestClient, things: dict[str, list[str]], eve: Headers
) -> None:
    answered: set[int] = set()

    @given(asked(app, things))
    @settings(
        max_examples=250,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    def ask(question: tuple[str, dict[str, str]]) -> None:
        path, params = question
        answer = client.get(path, params=params, headers=eve)
        answered.add(answer.status_code)
        said = answer.text.replace(str(answer.request.url), "")
        for word in params.values():  # a refusal may repeat what was asked
            said = said.replace(word, "")
        assert marker("acme") not in said, (path, params)
        assert answer.status_code < 500 or answer.status_code == 503, (path, params, said)

    ask()
    assert {200, 404} <= answered


def test_each_thing_of_another_tenant_is_not_found_by_its_own_address(
    client: TestClient, things: dict[str, list[str]], eve: Headers
) -> None:
    hold, export, *_ = things["acme"]
    for path in (
        f"/trail/holds/{hold}",
        f"/trail/exports/{export}",
        f"/trail/exports/{export}/file",
        "/trail/logs/acme/records",
        "/trail/logs/acme/records/0",
        "/trail/logs/acme/tile/entries/000.p/12",
        "/trail/segments/acme-000000",
    ):
        assert client.get(f"/api/v1{path}", headers=eve).status_code == 404, path


def test_a_cursor_into_anothers_log_is_refused(
    client: TestClient, things: dict[str, list[str]], eve: Headers
) -> None:
    cursor = things["acme"][-1]
    for tenant in TENANTS:
        answer = client.get(
            f"/api/v1/audit/events?tenant={tenant}&limit=2&cursor={cursor}", headers=eve
        )
        assert answer.status_code in (400, 404, 422), answer.text
