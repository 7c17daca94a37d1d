"""Each operation of the document has an example of its request, and the example works."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from api.conftest import BASE, Headers
from api.numbers import sampled
from api.test_assembled import bearer
from console.stage import KNOWN, Stage, resource
from governance.compliance.said import state
from governance.programmes.test_service import RIVERSIDE
from kernel.jobs.test_service import asking
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Kind, Scope, installation
from quarterdeck.access.tokens import service as tokens
from quarterdeck.access.tokens.model import Wanted
from quarterdeck.api.examples import BODIES, BOUNCE, BUNDLE, PARAMETERS
from quarterdeck.governance.programmes import service as programmes
from quarterdeck.governance.programmes.model import Requirement
from quarterdeck.governance.sync.model import policies
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.ids import TenantId
from quarterdeck.kernel.work import begin
from quarterdeck.operations.health.model.registry import Environment, Service
from quarterdeck.operations.health.service import registry
from quarterdeck.operations.messages.model import Address, Content, Urgency, Where
from quarterdeck.operations.messages.service.posting import post
from quarterdeck.operations.messages.store.table import messages
from quarterdeck.operations.statuspage.model.component import Component
from quarterdeck.operations.statuspage.model.page import StatusPage
from quarterdeck.operations.statuspage.service import composing, keeping, public, subscribing
from quarterdeck.operations.statuspage.service.linking import Links
from quarterdeck.operations.statuspage.store import subscribers
from quarterdeck.trail.deliveries.replay import Order
from quarterdeck.trail.deliveries.service.replaying import begin_replay
from quarterdeck.trail.erasure.service import asking as erasures
from quarterdeck.trail.freeze import service as freezes
from quarterdeck.trail.holds import service as holds
from quarterdeck.trail.holds.model import Covers
from quarterdeck.trail.holds.model import Scope as HoldScope
from quarterdeck.trail.keys import service as data_keys
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.note import Verifier
from quarterdeck.trail.log.storage import leaves
from quarterdeck.trail.witnesses import service as witnesses
from quarterdeck.trail.witnesses.cosignature import Cosigner
from servers import databases
from trail.deliveries.letters import NAME, put_dead
from trail.keys.kms import key_file, wrap

COSIGNER = Cosigner("witness.example/one", b"w" * 32)
ENDLESS, JSON = "stream", "application/json"
PACKED = {"application/x-protobuf": {"Content-Encoding": "snappy"}}
LAST = (
    "remove_service",
    "remove_environment",
    "remove_connection",
    "disable_programme",
    "archive_tenant",
)
TENANT_BY_TOKEN = {"ingest_events", "ingest_logs"}
ALERTING = {"alert", "triggered", "routing"}
"""What names an alert, or a routing that was applied."""
USUAL = "record_alert_rule_baseline"
RULING, PROMISING = {"rule", "rules"}, {"slo", "slos"}
SHORT = {"reason": "r", "duration_minutes": 5}
ONCALL = "/api/v1/oncall/schedules/contoso"
HANDED = {"get_oncall_handoff", "take_oncall_handoff_over"}
OF_ONE_TENANT = {
    "push_alerts",
    "get_alerts",
    "get_alert_groups",
    "alertmanager_status",
    "alertmanager_receivers",
}
OF_ONE_TENANT |= {"get_silence", "get_silences", "post_silences", "delete_silence"}
SIGNED = "add_checkpoint"
"""Takes what another log has signed: no example stays good."""

UNSEEN = {"get_service_health", "get_service_probe", "get_business_service_health"}
"""Nobody looks at the service here, so that its health is not known: 503."""

TROUBLE = UNSEEN | {"get_sync_report", "release_held_sync"}
"""What speaks of something that only trouble brings; here all is well, and they say so."""
ORDER = ("get", "post", "put", "patch", "delete")

Operation = dict[str, Any]

CUSTOMER: dict[str, object] = {
    "title": "Contoso",
    "section": "customer",
    "tenants": ["contoso"],
    "channels": [{"means": "mail", "address": "it@contoso.example"}],
}


class Seeded:
    """An installation that has what the examples name: each time it is asked, a fresh one."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        stage.connect("contoso", "Contoso", resource("web-1"))
        stage.classify("contoso")
        stage.sync()
        riverside(stage)
        watched(stage)
        stage.settle()
        stage.seal()
        witnessed(stage)
        kms = key_file(stage.folder / "kek")
        wrap(KeyStore(stage.folder / "keys"), kms.name)
        stage.kms = kms.name
        self.client = TestClient(stage.app(), base_url=BASE, client=("192.0.2.7", 50000))
        self.ada: Headers = bearer(stage, "admin")
        self.producer: Headers = bearer(stage, "producer", "contoso")
        self.sre: Headers = bearer(stage, "sre", "contoso")

    def rows(self, path: str, name: str, **query: str) -> list[dict[str, Any]]:
        answer = self.client.get(f"/api/v1/{path}", params=query, headers=self.ada).json()
        found: list[dict[str, Any]] = answer[name] if name else answer
        return found

    @cache  # noqa: B019  it lives as long as its test
    def exported(self, operation: str) -> tuple[str, str]:
        """An export of its own, and a file of it."""
        return self.stage.export("contoso", operation)

    def trail_export(self, operation: str) -> str:
        """An export of records: done, or one that no worker has taken."""
        asked = self.client.post(
            "/api/v1/trail/exports", json={"tenant": "contoso"}, headers=self.ada
        )
        assert asked.is_success, asked.text
        if operation != "cancel_trail_export":
            self.stage.work()
        return str(asked.json()["id"])

    def webhook(self) -> str:
        """A webhook of contoso."""
        made = self.client.post(
            "/api/v1/trail/webhooks", json=BODIES["add_webhook"], headers=self.ada
        )
        assert made.is_success, made.text
        return str(made.json()["id"])

    def investigated(self) -> str:
        """An investigation that was confirmed, and holds its evidence."""
        with begin(self.stage.engine, installation(), self.stage.clock) as work:
            opened = freezes.detected(work, "contoso", "entry 1", "altered", 1)
            assert opened is not None
            freezes.unfreeze(work, "confirmed", "an administrator did it", opened.id)
            return opened.id

    @cache  # noqa: B019
    def program(self, operation: str) -> str:
        """A program of its own, with a right."""
        with begin(self.stage.engine, installation(), self.stage.clock) as work:
            made = principals.create(work, Kind.PROGRAM, f"asks to {operation}")
            principals.grant(work, made.id, "auditor", "contoso")
            return str(made.id)

    def token(self, program: str) -> str:
        with begin(self.stage.engine, installation(), self.stage.clock) as work:
            until = work.now + timedelta(hours=20)
            named = {"principal": program, "name": "t", "expires_at": until, "scope": Scope()}
            return str(tokens.create(work, Wanted(**named)).token.id)  # type: ignore[arg-type]

    def session(self) -> str:
        self.client.post("/sign-in", data={"token": self.stage.token()})
        self.client.cookies.clear()
        return str(self.rows("sessions", "sessions", principal="all")[-1]["id"])

    def replay(self) -> str:
        """A replay of a dead letter of its own."""
        order = Order(consumer=NAME, message=put_dead(self.stage.engine, "contoso"), confirm=True)
        with begin(self.stage.engine, installation(), self.stage.clock) as work:
            return begin_replay(work, order)

    def hold(self, *, asked: bool) -> str:
        """A hold; ``asked``: somebody asked for its release."""
        with begin(self.stage.engine, installation(), self.stage.clock) as work:
            scope = HoldScope(covers=Covers.SUBJECT, value="user:of-a-lawsuit")
            placed = holds.place(work, "contoso", scope, "a lawsuit")
            if asked:
                holds.release(work, placed.id, "it ended")
            return placed.id

    def erasure(self) -> str:
        """An erasure that waits for approval."""
        keys = KeyStore(self.stage.folder / "keys")
        with begin(self.stage.engine, installation(), self.stage.clock) as work:
            data_keys.data_key(work.db, keys, "contoso", "user:u-9", work.now)
            return erasures.request(work, keys, "contoso", "user:u-9", "by letter").id

    def waiting(self) -> str:
        """A job of a sync that no worker has taken."""
        with begin(self.stage.engine, installation(), self.stage.clock) as work:
            return str(request_sync(work, KNOWN, "resources")[0])

    def alert(self) -> str:
        """An alert that fires, and the routing by which it is told of."""
        push, routing = BODIES["push_alerts"], BODIES["apply_routing"]
        assert self.client.post("/api/v2/alerts", json=push, headers=self.sre).is_success
        asked = self.client.put("/api/v1/routing/contoso", json=routing, headers=self.ada)
        assert asked.is_success, asked.text
        return str(self.rows("alerts", "alerts")[0]["id"])

    def measured(self) -> str:
        """A metric with a series."""
        name = str(PARAMETERS["metric"])
        said = {"samples": [{"metric": name, "value": 1}]}
        asked = self.client.post("/api/v1/metrics/samples", json=said, headers=self.ada)
        assert asked.is_success, asked.text
        return name

    def consumer(self) -> str:
        """A consumer that has a dead letter."""
        put_dead(self.stage.engine, "contoso")
        return NAME

    def rule(self) -> str:
        """An alert rule with two versions."""
        name = str(PARAMETERS["rule"])
        path = f"/api/v1/alert-rules/contoso/{name}"
        for threshold in (80, 90):
            said = BODIES["apply_alert_rule"]["rule"]
            rule = said | {"threshold": said["threshold"] | {"value": threshold}}
            assert self.client.put(path, json={"rule": rule}, headers=self.ada).is_success
        period = sampled(self.client, self.ada, "contoso", self.stage.clock())
        made = self.client.put(f"{path}/baseline", json=period, headers=self.ada)
        assert made.is_success, made.text
        return name

    def promised(self) -> str:
        """An SLO that is set."""
        body = BODIES["apply_slo_objects"]
        asked = self.client.put("/api/v1/slo-objects/contoso", json=body, headers=self.ada)
        assert asked.is_success, asked.text
        return str(PARAMETERS["slo"])

    def scheduled(self) -> str:
        """An on-call schedule as it is applied first."""
        name = str(PARAMETERS["schedule"])
        path, body = f"{ONCALL}/{name}", BODIES["apply_oncall_schedule"]
        self.client.delete(path, headers=self.ada)
        assert self.client.put(path, json=body, headers=self.ada).is_success
        return name

    @cache  # noqa: B019
    def handed(self) -> tuple[str, str]:
        """A schedule of its own where a note was left, and the note's id."""
        path = f"{ONCALL}/handed"
        applied, left = BODIES["apply_oncall_schedule"], BODIES["leave_oncall_handoff"]
        assert self.client.put(path, json=applied, headers=self.ada).is_success
        note = self.client.put(f"{path}/handoff", json=left, headers=self.ada)
        return "handed", str(note.json()["id"])

    def known(self) -> str:
        """A contact of the directory."""
        path = "/api/v1/contacts/contoso/database"
        other = BODIES["put_contact"] | {"level": 3}
        assert self.client.put(path, json=other, headers=self.ada).is_success
        return "database"

    def worded(self) -> str:
        """An audience, which goes out by a channel that there is."""
        path = "/api/v1/audiences/contoso/engineering"
        other = BODIES["put_audience"] | {"title": "Other"}
        assert self.client.put(path, json=other, headers=self.ada).is_success
        return "engineering"

    def carded(self) -> str:
        """A quick-reference card."""
        path = "/api/v1/cards/contoso/critical-incident"
        other = BODIES["put_card"] | {"use": "other"}
        assert self.client.put(path, json=other, headers=self.ada).is_success
        return "critical-incident"

    def shown(self) -> str:
        """A status page that is published."""
        here = "/api/v1/status-page/contoso"
        said = BODIES["put_status_page"] | {"intro": "other"}
        for path, body in ((here, said), (f"{here}/published", {"published": True})):
            assert self.client.put(path, json=body, headers=self.ada).is_success
        return "contoso-shop"

    def shown_component(self) -> str:
        """A component of that page."""
        self.shown()
        path = "/api/v1/status-page/contoso/components/checkout"
        said = BODIES["put_status_component"] | {"group": "Other"}
        assert self.client.put(path, json=said, headers=self.ada).is_success
        return "checkout"

    def posted(self) -> str:
        """An incident that was posted on it."""
        self.shown_component()
        path, said = "/api/v1/status-page/contoso/posts", BODIES["post_status"]
        return str(self.client.post(path, json=said, headers=self.ada).json()["post"]["id"])

    def subscribed(self) -> str:
        """Somebody who asked to be told by mail, whatever they confirmed."""
        self.shown()
        links = Links(url="https://contoso.example", secret="of-the-tests")
        with begin(self.stage.engine, installation(), self.stage.clock) as work:
            page = public.published(work, "contoso-shop")
            subscribing.ask(work, page, "ada@contoso.example", links)
            own = work.require("statuspage:read", "contoso")
            found = subscribers.of_address(work.db, own, "ada@contoso.example")
        assert found is not None
        return found.id

    def escalating(self) -> str:
        """An escalation policy of two versions."""
        name = str(PARAMETERS["policy"])
        path = f"/api/v1/escalation/policies/contoso/{name}"
        for text in ("# before", ""):
            body = BODIES["apply_escalation_policy"]
            said = body | {"text": body["text"].replace("4h", "2h" if text else "4h")}
            assert self.client.put(path, json=said, headers=self.ada).is_success
        return name

    def paged(self) -> str:
        """A page that is open."""
        self.escalating()
        made = self.client.post("/api/v1/pages", json=BODIES["open_page"], headers=self.ada)
        return str(made.json()["id"])

    def _entered(self, contact: dict[str, object]) -> None:
        path = "/api/v1/contacts/contoso/customer"
        assert self.client.put(path, json=contact, headers=self.ada).is_success

    @cache  # noqa: B019
    def declared(self, operation: str) -> str:
        """An incident of its own, as far as the operation needs it to be."""
        here, said = "/api/v1/incidents", BODIES["declare_incident"]
        made = self.client.post(here, json=said, headers=self.ada).json()["id"]
        steps: list[tuple[str, str, object]] = [
            ("PATCH", "", BODIES["describe_incident"] | {"validated": "by hand"}),
            ("PUT", "/roles/tl", {"person": "ada"}),
            ("POST", "/actions", BODIES["add_incident_action"]),
            ("PUT", "/postmortem", BODIES["write_incident_postmortem"]),
        ]
        if operation in ("close_incident", "sign_incident_postmortem", "reopen_incident"):
            steps.append(("POST", "/advance", {"to": "Resolved"}))
        if operation == "notify_incident_customers":
            self._entered(CUSTOMER)
        if operation in ("post_incident_update", "preview_incident_update"):
            self.worded()
        if operation == "sign_incident_postmortem":
            steps.append(("POST", "/close", None))
        for method, path, body in steps:
            asked = self.client.request(method, f"{here}/{made}{path}", json=body, headers=self.ada)
            assert asked.is_success, asked.text
        return str(made)

    def channel(self) -> str:
        """A channel with its secret, and a person with methods."""
        for path, name, more in (
            ("channels/contoso/shop-incidents", "put_channel", {"note": "other"}),
            ("people/contoso/ada@contoso.example/methods", "put_methods", {"quiet": None}),
        ):
            said = BODIES[name] | more
            assert self.client.put(f"/api/v1/{path}", json=said, headers=self.ada).is_success
        return "shop-incidents"

    def told(self) -> str:
        """A message that nobody took."""
        to = Address(where=Where.MAIL, name="ops@contoso.example")
        with begin(self.stage.engine, installation(), utc_now) as work:
            [posted] = post(
                work,
                "contoso",
                [to],
                Content(title="Disk full"),
                key=work.new_id(),
                about="page/1",
                urgency=Urgency.PROMPT,
            )
            work.db.execute(update(messages).values(state="failed"))
        return posted.message

    def put_over(self, what: str, operation: str) -> str:
        """An override or a swap of that schedule."""
        path = f"{ONCALL}/{self.scheduled()}/{what}"
        made = self.client.post(path, json=BODIES[operation], headers=self.ada)
        return str(made.json()[what][0]["id"])

    def silence(self) -> str:
        """A silence that holds."""
        made = self.client.post("/api/v2/silences", json=BODIES["post_silences"], headers=self.sre)
        return str(made.json()["silenceID"])

    def checked(self) -> str:
        """A compliance check that was kept."""
        asked = {"tenant": "contoso"}
        made = self.client.post("/api/v1/compliance/checks", json=asked, headers=self.ada)
        return str(made.json()["id"])

    def opened(self, path: str, said: dict[str, Any]) -> str:
        """A maintenance window or a freeze: what is made by ``path``, open still."""
        made = self.client.post(f"/api/v1/{path}", json=said, headers=self.ada).json()
        return str(made.get("window", made)["id"])

    def view(self) -> str:
        """A view that is kept; another one only where it was removed."""
        if kept := self.rows("views", "views"):
            return str(kept[0]["id"])
        view = {"page": "/resources", "name": "all"}
        return str(self.client.post("/api/v1/views", json=view, headers=self.ada).json()["id"])

    def made(self, name: str, operation: str) -> object:
        """What stands for the example of a parameter here."""
        of = self.rows
        makers: dict[str, Callable[[], object]] = {
            "principal": lambda: self.program(operation),
            "token": lambda: self.token(self.program(operation)),
            "session": self.session,
            "grant": lambda: of("grants", "grants", principal=self.program(operation))[0]["id"],
            "connection": lambda: of("tenants/contoso/connections", "")[0]["id"],
            "resource": lambda: of("resources", "resources")[0]["id"],
            "run": lambda: self.run(waits=operation == "cancel_sync_run"),
            "job": lambda: self.job(decided=operation == "decide_job"),
            "state": lambda: of("compliance/states", "states")[0]["id"],
            "check": self.checked,
            "view": self.view,
            "silence": self.silence,
            "slo": self.promised,
            "schedule": lambda: self.handed()[0] if operation in HANDED else self.scheduled(),
            "contact": self.known,
            "audience": self.worded,
            "card": self.carded,
            "slug": self.shown,
            "component": self.shown_component,
            "post_id": self.posted,
            "subscriber": self.subscribed,
            "policy": self.escalating,
            "page": self.paged,
            "incident": lambda: self.declared(operation),
            "channel": self.channel,
            "message_id": self.told,
            "override": lambda: self.put_over("overrides", "add_oncall_override"),
            "swap": lambda: self.put_over("swaps", "ask_oncall_swap"),
            "handoff": lambda: self.handed()[1],
            "alert": self.alert,
            "rule": self.rule,
            "metric": self.measured,
            "message": lambda: put_dead(self.stage.engine, "contoso"),
            "consumer": self.consumer,
            "replay": self.replay,
            "hold": lambda: self.hold(asked=operation == "keep_hold"),
            "window": lambda: self.opened("maintenance/enable", SHORT),
            "freeze": lambda: self.opened("freezes", {"reason": "r"}),
            "erasure": self.erasure,
            "export": lambda: (
                self.trail_export(operation)
                if "trail_export" in operation
                else self.exported(operation)[0]
            ),
            "webhook": self.webhook,
            "investigation": self.investigated,
            "file": lambda: self.exported(operation)[1],
        }
        return makers[name]() if name in makers else PARAMETERS[name]

    def run(self, *, waits: bool) -> str:
        """A run of a sync: one that ended, or one that no worker has taken."""
        return self.waiting() if waits else str(self.rows("sync/runs", "runs")[0]["id"])

    def job(self, *, decided: bool) -> str:
        """A job that waits for a worker, or for somebody's decision."""
        return str(asking(self.stage.engine)) if decided else self.waiting()

    def values(
        self, operation: str, places: Sequence[object], body: object
    ) -> dict[object, object]:
        """What stands here for each of the examples that an operation names."""
        for word, make in ((ALERTING, self.alert), (RULING, self.rule), (PROMISING, self.promised)):
            if word & set(operation.split("_")):
                make()
        named = [*places, *words_of(body)]
        found: dict[object, object] = {
            example: self.made(name, operation)
            for name, example in PARAMETERS.items()
            if example in named
        }
        if operation == USUAL:
            period = sampled(self.client, self.ada, "contoso", self.stage.clock())
            found |= {BODIES[USUAL][end]: at for end, at in period.items()}
        if BOUNCE in named:
            found |= {BOUNCE: BOUNCE.replace(PARAMETERS["message_id"], self.told())}
        size = self.rows("trail/logs", "logs")[0]["size"]
        return found | {BUNDLE: f"000.p/{size}"}


@pytest.fixture
def seeded(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    template = tmp_path_factory.getbasetemp() / "tables.db"
    with databases.opened(databases.sqlite(template, tmp_path)) as engine:
        stage = Stage(engine, tmp_path)
        yield Seeded(stage)
        stage.trail.close()


def watched(stage: Stage) -> None:
    """Tenant ``contoso`` has a service in an environment that is described."""
    tenant = TenantId("contoso")
    with begin(stage.engine, installation(), stage.clock) as work:
        web = Service(tenant=tenant, environment="prod", name="web", open=True)
        registry.register(work, web)
        for name in ("prod", "retired"):
            registry.describe(work, Environment(tenant=tenant, name=name))
        keeping.put(work, tenant, StatusPage(slug="contoso-shop", title="Shop"))
        composing.put(work, tenant, Component(name="checkout", title="Checkout"))


@dataclass(frozen=True)
class Beside:
    """A witness on another machine, that knows the keys of this installation's logs."""

    stage: Stage
    vkey: str = COSIGNER.key.vkey
    elsewhere: bool = True

    def add(self, body: bytes) -> str:
        with begin(self.stage.engine, installation(), self.stage.clock) as work:
            keys = [Verifier.parse(log.vkey) for log in leaves.every(work.db)]
            return witnesses.add_checkpoint(work, COSIGNER, {key.name: [key] for key in keys}, body)


def witnessed(stage: Stage) -> None:
    """Have a witness cosign every log."""
    asking_for = witnesses.Asking(
        engine=stage.engine,
        reader=stage.trail.reader,
        clock=stage.clock,
        witnesses=[Beside(stage)],
    )
    assert asking_for.beat()


def riverside(stage: Stage) -> None:
    """Tenant ``contoso`` has a policy state, and takes part in the programme of the examples."""
    stage.clouds["contoso"].said["policy_states", "s1"] = [[state("web-1")]]
    owners = Requirement(id="owners-named", title="Owners", phase="one")
    with begin(stage.engine, installation(), stage.clock) as work:
        request_sync(work, policies(among=["compliance"]), "compliance")
        programmes.define(work, replace(RIVERSIDE, requirements=(owners,)))
        programmes.enable(work, "riverside", "contoso")
    stage.work()


def operations(client: TestClient) -> list[tuple[str, str, Operation]]:
    """Method, path and operation: reads first, what ends things last."""
    document = client.app.openapi()  # type: ignore[attr-defined]  # starlette: any ASGI
    found = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return sorted(found, key=lambda o: (o[2]["operationId"] in LAST, ORDER.index(o[0]), o[1]))


def test_every_operation_has_an_example(seeded: Seeded) -> None:
    without = [
        f"{operation['operationId']}: {part.get('name', 'body')}"
        for _, _, operation in operations(seeded.client)
        for part in [
            *(p for p in operation.get("parameters", ()) if p["required"]),
            *operation.get("requestBody", {}).get("content", {}).values(),
        ]
        if "example" not in part and operation["operationId"] != SIGNED
    ]
    assert without == []


def test_every_example_works(seeded: Seeded) -> None:
    failed: dict[str, str] = {}
    tried = operations(seeded.client)
    for method, path, operation in tried:
        name = operation["operationId"]
        if name in (ENDLESS, SIGNED):
            continue  # tests/api/test_stream.py watches the one, tests/trail/witnesses the other
        answer = send(seeded, method, path, operation)
        if not (answer.is_success or (name in TROUBLE and answer.status_code in (404, 503))):
            failed[name] = f"{answer.status_code}: {answer.text}"
        if name == "pause_sync":  # or nothing that the next examples name would come
            paused = "/api/v1/sync/policies/resources"
            assert seeded.client.post(f"{paused}/resume", headers=seeded.ada).is_success
        assert str(answer.status_code) in operation["responses"] | {"default": None}, name
    assert failed == {}
    assert len(tried) > 60


def send(seeded: Seeded, method: str, path: str, operation: Operation) -> Any:  # noqa: ANN401  a client's answer
    return seeded.client.request(**request_of(seeded, method, path, operation))


def request_of(seeded: Seeded, method: str, path: str, operation: Operation) -> dict[str, Any]:
    """What a client is to send; what its examples name is made first."""
    kind, example = body_of(operation)
    required = [p for p in operation.get("parameters", ()) if p["required"]]
    values = seeded.values(operation["operationId"], [p["example"] for p in required], example)
    query: dict[str, Any] = {}
    for parameter in required:
        value = values.get(parameter["example"], parameter["example"])
        path = path.replace(f"{{{parameter['name']}}}", str(value))
        if parameter["in"] == "query":
            query[parameter["name"]] = value
    # Without a tenant in the path, the token says whose log it is.
    by = seeded.producer if operation["operationId"] in TENANT_BY_TOKEN else seeded.ada
    by = seeded.sre if operation["operationId"] in OF_ONE_TENANT else by
    asked = {"method": method, "url": path, "params": query, "headers": by}
    if kind in ("", JSON):
        return asked | {"json": filled(example, values)}
    headers = {**by, "Content-Type": kind, **PACKED.get(kind, {})}
    return asked | {"content": example, "headers": headers}


def body_of(operation: Operation) -> tuple[str, Any]:
    """The media type of an operation's body and its example: JSON where that may be; or none."""
    content = operation.get("requestBody", {}).get("content", {})
    kind = JSON if JSON in content else next(iter(content), "")
    return kind, content[kind].get("example") if kind else None


def words_of(example: object) -> list[object]:
    """What stands in a body, but not deeper than in a list."""
    parts = list(example.values()) if isinstance(example, dict) else []
    lists = [part for part in parts if isinstance(part, list)]
    return [one for one in [*parts, *chain(*lists)] if isinstance(one, str | int)]


def filled(example: object, values: Mapping[object, object]) -> object:
    """A body with what stands here for its examples."""
    if isinstance(example, dict):
        return {name: filled_in(part, values) for name, part in example.items()}
    return example


def filled_in(part: object, values: Mapping[object, object]) -> object:
    if isinstance(part, list):
        return [filled_in(one, values) for one in part]
    return values.get(part, part) if isinstance(part, str | int) else part
