"""The application as it is served, console and all: no route opens to who may not come in.

What is asked for is really there: a job, a run, a resource, a token of tenant acme. ``eve``
holds every right there is, on tenant beta alone.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.conftest import BASE, Headers
from api.numbers import sampled
from api.routes import Asked, requests
from api.test_routes import OPEN as OPEN_OF_THE_API
from console.stage import KNOWN, Stage, resource
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Kind, Scope, installation
from quarterdeck.access.roles.model import PERMISSIONS, ROLES
from quarterdeck.access.tokens import service as tokens
from quarterdeck.access.tokens.model import Wanted
from quarterdeck.api.examples import BODIES
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.kernel.jobs.table import jobs
from quarterdeck.kernel.work import begin
from quarterdeck.trail.deliveries.replay import Order
from quarterdeck.trail.deliveries.service.replaying import begin_replay
from servers import databases
from trail.deliveries.letters import NAME, QUEUE, put_dead

OPEN = OPEN_OF_THE_API | {
    "/static/{version}/{name}",  # the page to sign in needs them
    "/preferences",  # a cookie of one's own browser
    "/sign-in",
    "/sign-in/oidc",
    "/sign-in/callback",
    "/status",  # what customers see of how things are
    "/status/{slug}",
    "/status/{slug}/posts/{post_id}",
    "/status/{slug}/subscribe",
    "/status/{slug}/confirm/{token}",  # whoever was mailed has one
    "/status/{slug}/unsubscribe/{token}",
    "/p/{secret}",  # whoever was told has one, once
    "/sign-out",  # a credential, but no right: tried below
}
"""Routes that need no credential."""

LIVE = "/api/v1/stream"
ALERT = "CheckoutOfAcmeIsSlow"
PROMISE = "what-acme-promised"
OURS = {"sheet", "asset", "domain", "consumer", "queue", "topic"}
OURS |= {"role", "number", "regulator", "impact", "urgency"}
"""Parameters that name a thing of the installation, not of a tenant."""


@pytest.fixture
def stage(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Tenants acme and beta, synced and signed; something of everything in acme."""
    template = tmp_path_factory.getbasetemp() / "tables.db"
    with databases.opened(databases.sqlite(template, tmp_path)) as engine:
        stage = Stage(engine, tmp_path)
        stage.connect("acme-directory", "Acme Holding", resource("acme-web"))
        stage.connect("beta-directory", "Beta", resource("beta-web"))
        stage.sync()
        yield stage
        stage.trail.close()


@pytest.fixture
def client(stage: Stage) -> Iterator[TestClient]:
    """Asks from another machine, and keeps no cookie."""
    with TestClient(
        stage.app(),
        base_url=BASE,
        raise_server_exceptions=False,
        follow_redirects=False,
        client=("192.0.2.7", 50000),
    ) as opened:
        yield opened


def bearer(
    stage: Stage, role: str = "", tenant: str = "_platform", scope: Scope | None = None
) -> Headers:
    """The headers of a new program that holds ``role`` on a tenant, where it is also at home."""
    with begin(stage.engine, installation(), stage.clock) as work:
        program = principals.create(work, Kind.PROGRAM, f"the {role}", home=tenant)
        if role:
            principals.grant(work, program.id, role, tenant)
        wanted = Wanted(
            principal=program.id,
            name=f"of the {role}",
            expires_at=work.now + timedelta(hours=20),
            scope=scope or Scope(),
        )
        return {"Authorization": f"Bearer {tokens.create(work, wanted).secret}"}


@pytest.fixture
def ada(stage: Stage) -> Headers:
    return bearer(stage, "admin")


@pytest.fixture
def tenants(client: TestClient, ada: Headers) -> dict[str, str]:
    """Ids of tenants by their names."""
    return {t["name"]: t["id"] for t in client.get("/api/v1/tenants", headers=ada).json()}


@pytest.fixture
def eve(stage: Stage, tenants: dict[str, str]) -> Headers:
    return bearer(stage, "admin", tenants["Beta"])


@pytest.fixture
def known(
    stage: Stage, client: TestClient, ada: Headers, tenants: dict[str, str]
) -> dict[str, str]:
    """The id of something of each kind in acme, by the name that routes give it."""
    acme = tenants["Acme Holding"]
    stage.classify(acme)
    client.post("/sign-in", data={"token": stage.token("sre", acme, home=acme)})
    client.cookies.clear()
    with begin(stage.engine, installation(), stage.clock) as work:
        request_sync(work, KNOWN, "resources")

    def rows(path: str, name: str, **query: str) -> list[dict[str, str]]:
        answer = client.get(f"/api/v1/{path}", params=query, headers=ada).json()
        found: list[dict[str, str]] = answer[name] if name else answer
        return found

    def first(path: str, name: str, **query: str) -> str:
        return rows(path, name, **query)[0]["id"]

    principals_of_acme = [p for p in rows("principals", "principals") if p["home"] == acme]
    person = next(p["id"] for p in principals_of_acme if p["kind"] == "person")
    export, file = stage.export(acme)
    view = {"page": "/resources", "name": "all"}
    alert, silence = _watched(client, ada, acme)
    path = f"/api/v1/alert-rules/{acme}/acme-cpu-usage"
    for severity in ("warning", "critical"):  # a rule of two versions
        ruled = {"rule": BODIES["apply_alert_rule"]["rule"] | {"severity": severity}}
        assert client.put(path, json=ruled, headers=ada).is_success
    period = sampled(client, ada, acme, stage.clock())
    assert client.put(f"{path}/baseline", json=period, headers=ada).is_success
    return {
        "alert": alert,
        "silence": silence,
        "rule": "acme-cpu-usage",
        "slo": PROMISE,
        **_on_call(client, ada, acme),
        "contact": _contact(client, ada, acme),
        "audience": _audience(client, ada, acme),
        "card": _card(client, ada, acme),
        **_paged(client, ada, acme),
        "incident": _incident(client, ada, acme),
        **_status_page(client, ada, acme),
        "role": "ic",
        "number": "1",
        "regulator": "GDPR",
        "impact": "many",
        "urgency": "high",
        **_told(client, ada, acme),
        "of": acme,
        "export": export,
        "file": file,
        "trail_export": _exported(stage, client, ada, acme),
        "view": client.post("/api/v1/views", json=view, headers=ada).json()["id"],
        "tenant": acme,
        "principal": person,
        "token": first("tokens", "tokens", principal=person),
        "session": first("sessions", "sessions", principal=person),
        "grant": first("grants", "grants", tenant=acme),
        "connection": first(f"tenants/{acme}/connections", ""),
        "resource": first("resources", "resources", tenant_ids=acme),
        "run": next(r["id"] for r in rows("sync/runs", "runs") if r["tenant"] == acme),
        "job": _job(stage, acme),
        "index": "0",
        "consumer": NAME,
        "queue": QUEUE,
        "topic": "audit.appended.v1",
        "sheet": "live",
        "message": put_dead(stage.engine, acme),
        "replay": _replay(stage, acme),
        "asset": "start.js",
        "domain": "resources",
        "policy_kind": "classification",
    }


def _watched(client: TestClient, ada: Headers, tenant: str) -> tuple[str, str]:
    """An alert that fires and a silence; who is told of alerts; an SLO."""
    theirs, pushed = f"/t/{tenant}/api/v2", [{"labels": {"alertname": ALERT}}]
    assert client.post(f"{theirs}/alerts", json=pushed, headers=ada).is_success
    told = client.put(f"/api/v1/routing/{tenant}", json=BODIES["apply_routing"], headers=ada)
    assert told.is_success
    text = BODIES["apply_slo_objects"]["text"].replace("name: availability", f"name: {PROMISE}")
    promised = client.put(f"/api/v1/slo-objects/{tenant}", json={"text": text}, headers=ada)
    assert promised.is_success
    wanted = BODIES["post_silences"]
    silence = client.post(f"{theirs}/silences", json=wanted, headers=ada).json()["silenceID"]
    found = client.get("/api/v1/alerts", params={"tenant": tenant}, headers=ada).json()["alerts"]
    return str(found[0]["id"]), silence


def _told(client: TestClient, ada: Headers, tenant: str) -> dict[str, str]:
    """A channel, how somebody is reached, and what came of a test."""
    for path, name in (("channels", "acme-incidents"), ("people", "ada@acme.example/methods")):
        said = BODIES["put_channel" if path == "channels" else "put_methods"]
        there = f"/api/v1/{path}/{tenant}/{name}"
        assert client.put(there, json=said, headers=ada).is_success
    assert client.post(f"/api/v1/channels/{tenant}/acme-incidents/test", headers=ada).is_success
    [message] = client.get("/api/v1/messages", headers=ada).json()["messages"]
    return {
        "channel": "acme-incidents",
        "message_id": str(message["id"]),
        "person": "ada@acme.example",
    }


def _contact(client: TestClient, ada: Headers, tenant: str) -> str:
    path = f"/api/v1/contacts/{tenant}/acme-database"
    assert client.put(path, json=BODIES["put_contact"], headers=ada).is_success
    return "acme-database"


def _audience(client: TestClient, ada: Headers, tenant: str) -> str:
    path = f"/api/v1/audiences/{tenant}/acme-engineering"
    assert client.put(path, json=BODIES["put_audience"], headers=ada).is_success
    return "acme-engineering"


def _card(client: TestClient, ada: Headers, tenant: str) -> str:
    path = f"/api/v1/cards/{tenant}/acme-critical"
    assert client.put(path, json=BODIES["put_card"], headers=ada).is_success
    return "acme-critical"


def _paged(client: TestClient, ada: Headers, tenant: str) -> dict[str, str]:
    """A policy of two versions, and a page that is open."""
    path = f"/api/v1/escalation/policies/{tenant}/acme-incidents"
    body = BODIES["apply_escalation_policy"]
    for text in (body["text"].replace("4h", "2h"), body["text"]):
        assert client.put(path, json=body | {"text": text}, headers=ada).is_success
    said = BODIES["open_page"] | {"tenant": tenant, "policy": "acme-incidents"}
    page = client.post("/api/v1/pages", json=said, headers=ada)
    return {"policy": "acme-incidents", "page": page.json()["id"]}


def _incident(client: TestClient, ada: Headers, tenant: str) -> str:
    said = BODIES["declare_incident"] | {"tenant": tenant, "tenants": [tenant]}
    # The id of the first stands as an example on a page.
    made = [client.post("/api/v1/incidents", json=said, headers=ada) for _ in range(2)]
    assert all(one.is_success for one in made), made[1].text
    return str(made[1].json()["id"])


def _status_page(client: TestClient, ada: Headers, tenant: str) -> dict[str, str]:
    """A status page that is published, with a component and a post."""
    here = f"/api/v1/status-page/{tenant}"
    asked = [
        client.put(here, json=BODIES["put_status_page"] | {"slug": "acme-shop"}, headers=ada),
        client.put(f"{here}/published", json={"published": True}, headers=ada),
        client.put(
            f"{here}/components/acme-checkout", json=BODIES["put_status_component"], headers=ada
        ),
        client.post(f"{here}/posts", json=BODIES["post_status"] | {"affected": {}}, headers=ada),
    ]
    assert all(one.is_success for one in asked), asked[-1].text
    return {
        "slug": "acme-shop",
        "component": "acme-checkout",
        "post_id": str(asked[-1].json()["post"]["id"]),
    }


def _on_call(client: TestClient, ada: Headers, tenant: str) -> dict[str, str]:
    """A schedule of two versions and more, an override and a swap."""
    path = f"/api/v1/oncall/schedules/{tenant}/acme-primary"
    text = BODIES["apply_oncall_schedule"]
    assert client.put(path, json=text, headers=ada).is_success
    swap = client.post(f"{path}/swaps", json=BODIES["ask_oncall_swap"], headers=ada)
    put = client.post(f"{path}/overrides", json=BODIES["add_oncall_override"], headers=ada).json()
    left = client.put(f"{path}/handoff", json=BODIES["leave_oncall_handoff"], headers=ada)
    return {
        "schedule": "acme-primary",
        "handoff": left.json()["id"],
        "override": put["overrides"][0]["id"],
        "swap": swap.json()["swaps"][0]["id"],
    }


def _exported(stage: Stage, client: TestClient, ada: Headers, tenant: str) -> str:
    """An export of records that is done."""
    stage.settle()
    made = client.post("/api/v1/trail/exports", json={"tenant": tenant}, headers=ada)
    assert made.is_success, made.text
    stage.work()
    return str(made.json()["id"])


def _replay(stage: Stage, tenant: str) -> str:
    for _ in range(5):  # what is replayed and received: the oldest
        put_dead(stage.engine, tenant, at=stage.clock() - timedelta(days=5))
    order = Order(consumer=NAME, message=put_dead(stage.engine, tenant), confirm=True)
    with begin(stage.engine, installation(), stage.clock) as work:
        return begin_replay(work, order)


@pytest.fixture
def guarded(client: TestClient, known: dict[str, str]) -> list[Asked]:
    """A request to each route that is not open."""
    found = requests(client.app, known=known)  # type: ignore[arg-type]  # starlette: any ASGI
    return [_of_the_trail(asked, known) for asked in found if asked.template not in OPEN]


def _of_the_trail(asked: Asked, known: dict[str, str]) -> Asked:
    """An export of records where one is named: others have the name of the parameter too."""
    if not asked.template.startswith("/api/v1/trail/exports/"):
        return asked
    return replace(asked, path=asked.path.replace(known["export"], known["trail_export"]))


def answers(
    client: TestClient, asked: list[Asked], headers: Headers, accept: str = "*/*"
) -> dict[str, int]:
    """The status of each request, by what was asked."""
    found = {}
    for one in asked:
        answer = client.request(**one.request, headers=headers | {"Accept": accept})
        found[f"{one.method} {one.template}"] = answer.status_code
    return found


def serving(permission: str) -> set[str]:
    """The rights that open what ``permission`` opens: one's own also by the right to others'."""
    noun, _, verb = permission.partition(":")
    return {p for p in PERMISSIONS if p == permission or (verb == "own" and p.startswith(noun))}


def names_what_is_acmes(asked: Asked) -> bool:
    ids = set(re.findall(r"{(\w+)}", asked.template)) - OURS
    body = asked.body if isinstance(asked.body, dict) else {}
    form = asked.form if asked.template != "/views" else {}  # a view is one's own, of no tenant
    return bool(ids or form) or "tenant" in asked.params or "tenant" in body


def test_the_open_list_names_routes_that_are_there(client: TestClient) -> None:
    assert {asked.template for asked in requests(client.app)} >= OPEN  # type: ignore[arg-type]


def test_every_route_that_is_not_open_states_a_permission(guarded: list[Asked]) -> None:
    wrong = {f"{a.method} {a.template}": a.permission for a in guarded}
    assert {k: v for k, v in wrong.items() if v not in PERMISSIONS} == {}
    assert {"GET /", "GET /metrics", "GET /swagger", f"GET {LIVE}"} <= wrong.keys()


def test_who_may_do_everything_finds_all_that_is_asked_for(
    client: TestClient,
    guarded: list[Asked],
    ada: Headers,
    stage: Stage,
    known: dict[str, str],
) -> None:
    gets = [a for a in guarded if a.method == "GET" and a.template != LIVE]
    reads = [a for a in gets if stands(a, known)]
    # Alertmanager's paths name no tenant: who has many is told to, who has one is answered.
    theirs = [a for a in reads if a.template.startswith("/api/v2/")]
    assert {*answers(client, theirs, ada).values()} == {400}
    found = answers(client, [a for a in reads if a not in theirs], ada)
    found |= answers(client, theirs, bearer(stage, "admin", known["tenant"]))
    entries = "GET /api/v1/trail/logs/{tenant}/tile/entries/{index}"
    assert {k: v for k, v in found.items() if v != 200 and k != entries} == {}


def test_no_credential_opens_no_route(client: TestClient, guarded: list[Asked]) -> None:
    found = answers(client, guarded, {})
    assert {k: v for k, v in found.items() if v != 401} == {}


def test_a_wrong_credential_opens_no_route(client: TestClient, guarded: list[Asked]) -> None:
    found = answers(client, guarded, {"Authorization": "Bearer qd_0_wrong"})
    assert {k: v for k, v in found.items() if v != 401} == {}


def test_nobody_is_signed_out_who_is_not_signed_in(client: TestClient) -> None:
    assert client.post("/sign-out").status_code == 401


def test_a_browser_without_a_session_is_sent_to_sign_in_and_shown_nothing(
    client: TestClient, guarded: list[Asked]
) -> None:
    pages = [a for a in guarded if a.method == "GET"]
    for page in pages:
        answer = client.get(page.path, params=page.params, headers={"Accept": "text/html"})
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/sign-in?then=")
            assert answer.content == b""
        else:
            assert answer.status_code == 401, page.template


def test_a_credential_with_no_right_opens_no_route(
    client: TestClient, guarded: list[Asked], stage: Stage
) -> None:
    nobody = bearer(stage)
    hidden = [a for a in guarded if names_what_is_acmes(a)]
    plain = [a for a in guarded if not names_what_is_acmes(a)]
    assert {k: v for k, v in answers(client, plain, nobody).items() if v != 403} == {}
    found = answers(client, hidden, nobody)
    assert {k: v for k, v in found.items() if v not in (403, 404)} == {}


def test_every_right_but_the_one_that_is_needed_opens_no_route(
    client: TestClient, guarded: list[Asked], stage: Stage, known: dict[str, str]
) -> None:
    found: dict[str, int] = {}
    for asked in (one for one in guarded if stands(one, known)):
        others = Scope(permissions=frozenset(PERMISSIONS) - serving(asked.permission))
        found |= answers(client, [asked], bearer(stage, "admin", scope=others))
    assert {k: v for k, v in found.items() if v != 403} == {}


def test_a_role_without_the_right_opens_no_route(
    client: TestClient, guarded: list[Asked], stage: Stage, known: dict[str, str]
) -> None:
    holders = {role: bearer(stage, role, known["tenant"]) for role in ROLES}
    wrong: dict[str, int] = {}
    for role, headers in holders.items():
        asked = [a for a in guarded if a.permission not in ROLES[role].permissions]
        found = answers(client, [a for a in asked if stands(a, known)], headers)
        wrong |= {f"{role}: {k}": v for k, v in found.items() if v != 403}
        found = answers(client, [a for a in asked if not stands(a, known)], headers)
        wrong |= {f"{role}: {k}": v for k, v in found.items() if v not in (403, 404)}
    assert wrong == {}


def test_what_is_anothers_is_not_there(
    client: TestClient, guarded: list[Asked], eve: Headers
) -> None:
    asked = [a for a in guarded if names_what_is_acmes(a)]
    assert len(asked) > 30
    found = answers(client, asked, eve)
    ours = "POST /sync/{domain}/policy"  # of a domain, which is nobody's
    assert {k: v for k, v in found.items() if v != 404 and k != ours} == {}


UNMADE = {
    "/exports",
    "/api/v1/sync/runs/{run}/report",
}
"""What they name takes a failure that is not here."""


def stands(asked: Asked, known: dict[str, str]) -> bool:
    """Whether what it names is there; of what is not, 404 says as little as 403."""
    if asked.template in UNMADE:
        return False
    return set(re.findall(r"{(\w+)", asked.template)) <= known.keys() | OURS


def test_no_answer_holds_a_word_of_anothers(
    client: TestClient, guarded: list[Asked], eve: Headers, known: dict[str, str]
) -> None:
    words = {*known.values()} - {known[name] for name in ("alert", "index", "policy_kind", *OURS)}
    words |= {ALERT, "Acme Holding", "acme-web", "acme-directory"}
    for asked in guarded:
        if asked.method == "GET" and "{" not in asked.template and asked.template != LIVE:
            told = client.get(asked.path, headers=eve).text
            assert {word for word in words if word in told} == set(), asked.template


def _job(stage: Stage, tenant: str) -> str:
    with stage.engine.connect() as db:
        return str(db.scalars(select(jobs.c.id).where(jobs.c.tenant == tenant)).first())
