"""The whole OpenAPI document, with whatever schemathesis makes of it: nothing breaks."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from httpx2 import InvalidURL
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode, SerializationContext
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from api.conftest import Headers
from quarterdeck.web.problems import MEDIA_TYPE

JSON = "application/json"
Operation = APIOperation[Any, Any, Any, Any]

ENDLESS = {"/api/v1/stream"}
EXAMPLES = 6  # for each operation
PARTS = 6  # all at once is more than one test may take
CONFORMS = [content_type_conformance, response_schema_conformance, status_code_conformance]

fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def operations(app: FastAPI) -> Iterator[Operation]:
    for found in schemathesis.openapi.from_dict(app.openapi()).get_all_operations():
        operation: Operation = found.ok()  # type: ignore[union-attr]  # an Err has none, and fails here
        if operation.path not in ENDLESS:
            yield operation


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_breaks_the_server(
    app: FastAPI, client: TestClient, ada: Headers, mode: GenerationMode, part: int
) -> None:
    broken: dict[str, str] = {}
    for operation in islice(operations(app), part, None, PARTS):
        cases: st.SearchStrategy[Any] = operation.as_strategy(generation_mode=mode)

        @fuzzed
        @given(case=cases)
        def ask(case: Case[Any]) -> None:
            check(client, case, ada)

        try:
            ask()
        except Unsatisfiable:  # nothing that it takes could be wrong
            assert mode is GenerationMode.NEGATIVE
        except (AssertionError, FailureGroup) as failure:
            if "KeyMissing" not in str(failure):  # a log that has not begun has no key yet
                broken[operation.label] = str(failure)
    assert broken == {}


def check(client: TestClient, case: Case[Any], headers: Headers) -> None:
    asked = case.as_transport_kwargs(base_url=str(client.base_url))
    asked["headers"] = {**asked.get("headers", {}), **headers}
    if isinstance(asked.get("data"), bytes):
        asked["content"] = asked.pop("data")
    asked.pop("cookies", None)
    try:
        answer = client.request(**asked)
    except InvalidURL:  # longer than a client can ask
        return
    assert answer.status_code < 500, f"{case.as_curl_command()}: {answer.text}"
    # Alertmanager's clients read nothing but JSON.
    path = case.operation.path
    refusal = JSON if "/api/v2/" in path and not path.startswith("/status/") else MEDIA_TYPE
    assert answer.status_code < 400 or answer.headers["content-type"] == refusal
    case.validate_response(answer, checks=CONFORMS)


@schemathesis.serializer("application/openmetrics-text", "application/x-protobuf")
def as_it_is(_context: SerializationContext, value: object) -> bytes:
    """Of these forms it makes bytes of any kind; meaning harm, what is no bytes at all."""
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")
