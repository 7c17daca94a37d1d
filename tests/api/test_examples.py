"""Each operation of the document has an example of its request, and the example works."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.conftest import BASE, Headers
from api.test_assembled import bearer
from console.stage import KNOWN, Stage, resource
from kernel.jobs.test_service import asking
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Kind, Scope, installation
from quarterdeck.access.tokens import service as tokens
from quarterdeck.access.tokens.model import Wanted
from quarterdeck.api.examples import BUNDLE, PARAMETERS
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.kernel.work import begin
from servers import databases

ENDLESS = "stream"
LAST = ("remove_connection", "archive_tenant")
ORDER = ("get", "post", "put", "patch", "delete")

Operation = dict[str, Any]


class Seeded:
    """An installation that has what the examples name: each time it is asked, a fresh one."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        stage.connect("contoso", "Contoso", resource("web-1"))
        stage.sync()
        self.client = TestClient(stage.app(), base_url=BASE, client=("192.0.2.7", 50000))
        self.ada: Headers = bearer(stage, "admin")

    def rows(self, path: str, name: str, **query: str) -> list[dict[str, Any]]:
        answer = self.client.get(f"/api/v1/{path}", params=query, headers=self.ada).json()
        found: list[dict[str, Any]] = answer[name] if name else answer
        return found

    def program(self) -> str:
        with begin(self.stage.engine, installation(), self.stage.clock) as work:
            made = principals.create(work, Kind.PROGRAM, "a program")
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

    def waiting(self) -> str:
        """A job of a sync that no worker has taken."""
        with begin(self.stage.engine, installation(), self.stage.clock) as work:
            return str(request_sync(work, KNOWN, "resources")[0])

    def values(self, operation: str) -> dict[str, object]:
        """What stands for each example here."""
        program, size = self.program(), self.rows("trail/logs", "logs")[0]["size"]
        job = asking(self.stage.engine) if operation == "decide_job" else self.waiting()
        runs = self.rows("sync/runs", "runs")
        here = {
            "principal": program,
            "token": self.token(program),
            "session": self.session(),
            "grant": self.rows("grants", "grants", principal=program)[0]["id"],
            "connection": self.rows("tenants/contoso/connections", "")[0]["id"],
            "resource": self.rows("resources", "resources")[0]["id"],
            "run": job if operation == "cancel_sync_run" else runs[0]["id"],
            "job": job,
        }
        found: dict[str, object] = {PARAMETERS[name]: value for name, value in here.items()}
        return found | {BUNDLE: f"000.p/{size}"}


@pytest.fixture
def seeded(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    template = tmp_path_factory.getbasetemp() / "tables.db"
    with databases.opened(databases.sqlite(template, tmp_path)) as engine:
        yield Seeded(Stage(engine, tmp_path))


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
        if "example" not in part
    ]
    assert without == []


def test_every_example_works(seeded: Seeded) -> None:
    failed: dict[str, str] = {}
    tried = operations(seeded.client)
    for method, path, operation in tried:
        name = operation["operationId"]
        if name == ENDLESS:
            continue  # tests/api/test_stream.py watches it
        answer = send(seeded, method, path, operation)
        if not answer.is_success:
            failed[name] = f"{answer.status_code}: {answer.text}"
        assert str(answer.status_code) in operation["responses"] | {"default": None}, name
    assert failed == {}
    assert len(tried) > 60


def send(seeded: Seeded, method: str, path: str, operation: Operation) -> Any:  # noqa: ANN401  a client's answer
    values = seeded.values(operation["operationId"])
    query: dict[str, Any] = {}
    for parameter in (p for p in operation.get("parameters", ()) if p["required"]):
        value = values.get(parameter["example"], parameter["example"])
        path = path.replace(f"{{{parameter['name']}}}", str(value))
        if parameter["in"] == "query":
            query[parameter["name"]] = value
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    example = body.get("example")
    if example is not None:
        example = {k: values.get(v, v) if isinstance(v, str) else v for k, v in example.items()}
    return seeded.client.request(method, path, params=query, json=example, headers=seeded.ada)
