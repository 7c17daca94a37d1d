"""One section of the OpenAPI document: its operations, what they speak of, and no more."""

import json

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.conftest import Headers
from quarterdeck.api.sections import sections

DOCUMENT = "/api/v1/openapi.json"


def test_every_operation_is_in_one_section_and_each_section_stands_by_itself(
    app: FastAPI, client: TestClient, ada: Headers
) -> None:
    whole, seen = app.openapi(), []
    for name in sections(whole):
        one = client.get(DOCUMENT, params={"section": name}, headers=ada).json()
        operations = [(path, method) for path, some in one["paths"].items() for method in some]
        assert operations
        seen += operations
        text = json.dumps(one)
        assert {
            schema
            for schema in whole["components"]["schemas"]
            if f'"#/components/schemas/{schema}"' in text
        } == set(one["components"]["schemas"])
    assert sorted(seen) == sorted(
        (path, method) for path, some in whole["paths"].items() for method in some
    )


def test_a_section_that_is_none_is_refused_and_says_which_there_are(
    client: TestClient, ada: Headers
) -> None:
    answer = client.get(DOCUMENT, params={"section": "nothing"}, headers=ada)
    assert (answer.status_code, "tenants" in answer.json()["detail"]) == (404, True)


@pytest.mark.parametrize("section", ["", "<b>"])
def test_the_reference_opens_at_its_first_section(
    app: FastAPI, client: TestClient, ada: Headers, section: str
) -> None:
    page = client.get("/swagger", params={"section": section}, headers=ada)
    assert (page.status_code, "<b>" in page.text) == (200, False)
    assert f">{sections(app.openapi())[0]}</a>" in page.text.split("aria-current")[1]
