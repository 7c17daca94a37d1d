"""While a loss of data is looked into, nothing is accepted and everything is read."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from api.conftest import Headers

EVENT = {
    "occurred_at": "2026-02-28T12:00:00Z",
    "actor": {"type": "user", "id": "u-1"},
    "action": "orders:create",
    "resource": {"type": "order", "id": "o-1"},
}


def send(client: TestClient, ada: Headers) -> Any:  # noqa: ANN401  a client's answer
    return client.post("/t/acme/api/v1/audit/events", json=EVENT, headers=ada)


@pytest.mark.census("ATP-450")
def test_ingest_is_refused_with_503_while_reads_work(client: TestClient, ada: Headers) -> None:
    assert send(client, ada).status_code == 200
    body = {"reason": "a volume is gone", "tenant": "acme", "suspicion": "data-loss"}
    frozen = client.post("/api/v1/trail/integrity/freeze", json=body, headers=ada)
    assert frozen.status_code == 201
    refused = send(client, ada)
    assert refused.status_code == 503
    assert refused.json()["type"] == "/problems/IngestStopped"
    assert "Retry-After" in refused.headers
    records = client.get("/api/v1/trail/logs/acme/records", headers=ada)
    assert records.status_code == 200
    ended = {"outcome": "false-positive", "root_cause": "it was mounted elsewhere"}
    lifted = client.post("/api/v1/trail/integrity/unfreeze", json=ended, headers=ada)
    assert lifted.status_code == 200
    assert send(client, ada).status_code == 200
