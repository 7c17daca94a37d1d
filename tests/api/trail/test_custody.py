"""/api/v1/trail/keystore: who wraps the keys of all logs."""

from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from api.conftest import BASE, Headers, Issue
from quarterdeck.api.app import build_app
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.outbox import outbox
from quarterdeck.runtime import Runtime
from quarterdeck.trail.keys.keyfile import KeyFile
from quarterdeck.trail.keys.keystore import KeyStore
from trail.keys.kms import folder_digest, key_file, rotate

HERE = "/api/v1/trail/keystore"


@pytest.fixture
def kms(tmp_path: Path) -> KeyFile:
    return key_file(tmp_path / "kek")


@pytest.fixture
def keys(runtime: Runtime) -> KeyStore:
    for tenant in ("acme", "other"):
        runtime.keys.begin(tenant)
    return runtime.keys


@pytest.fixture
def app(runtime: Runtime, kms: KeyFile, keys: KeyStore) -> FastAPI:
    assert keys is runtime.keys
    return build_app(replace(runtime, settings=replace(runtime.settings, kms=kms.name)))


@pytest.fixture
def sara(issue: Issue) -> Headers:
    """Of security."""
    return issue("security")


def leaves(runtime: Runtime) -> list[str]:
    with reading(runtime.engine) as db:
        return [
            name
            for name in db.scalars(select(outbox.c.name).order_by(outbox.c.sequence))
            if name.startswith("Keys")
        ]


def test_keys_are_wrapped_wrapped_anew_and_freed_again(
    client: TestClient, sara: Headers, runtime: Runtime, kms: KeyFile
) -> None:
    open_ = client.get(HERE, headers=sara).json()
    assert open_ == {
        "kms": None,
        "version": None,
        "algorithm": None,
        "wrapped_at": None,
        "sealed": 0,
        "plain": 2,
        "whole": True,
    }
    wrapped = client.post(f"{HERE}/wrap", headers=sara).json()
    assert (wrapped["kms"], wrapped["sealed"], wrapped["plain"]) == (kms.name, 2, 0)
    assert client.get(HERE, headers=sara).json() == wrapped
    rotate(kms.path)
    again = client.post(f"{HERE}/rewrap", headers=sara).json()
    assert again["version"] != wrapped["version"]
    assert client.post(f"{HERE}/unwrap", headers=sara).json() == open_
    assert leaves(runtime) == ["KeysWrapped", "KeysRewrapped", "KeysUnwrapped"]


def test_only_security_changes_it_and_nobody_else_learns_of_it(
    client: TestClient, issue: Issue, ada: Headers
) -> None:
    for role in ("operator", "auditor", "compliance"):
        assert client.get(HERE, headers=issue(role)).status_code == 200
        for verb in ("wrap", "rewrap", "unwrap"):
            assert client.post(f"{HERE}/{verb}", headers=issue(role)).status_code == 403
    of_a_tenant = issue("security", "acme")
    assert client.get(HERE, headers=of_a_tenant).status_code == 403
    assert client.post(f"{HERE}/wrap", headers=of_a_tenant).status_code == 403
    assert client.get(HERE, headers=ada).json()["sealed"] == 0


def test_without_the_kms_the_answer_names_it_and_nothing_is_changed(
    client: TestClient, sara: Headers, runtime: Runtime, kms: KeyFile, tmp_path: Path
) -> None:
    kms.path.unlink()
    before = folder_digest(tmp_path / "keys")
    refused = client.post(f"{HERE}/wrap", headers=sara)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (503, "KmsFailed")
    assert str(kms.path) in refused.json()["detail"]
    assert folder_digest(tmp_path / "keys") == before
    assert leaves(runtime) == []


def test_a_repeated_request_gets_the_first_answer_and_asks_nobody(
    client: TestClient, sara: Headers, runtime: Runtime, kms: KeyFile
) -> None:
    named = sara | {"Idempotency-Key": "once"}
    first = client.post(f"{HERE}/wrap", headers=named)
    kms.path.unlink()
    second = client.post(f"{HERE}/wrap", headers=named)
    assert (second.status_code, second.json()) == (200, first.json())
    assert leaves(runtime) == ["KeysWrapped"]


def test_what_is_not_wrapped_cannot_be_wrapped_anew_or_freed(
    client: TestClient, sara: Headers
) -> None:
    for verb in ("rewrap", "unwrap"):
        refused = client.post(f"{HERE}/{verb}", headers=sara)
        assert refused.status_code == 409
        assert "quarterdeck keys wrap" in refused.json()["detail"]


def test_without_a_setting_it_says_which(runtime: Runtime, sara: Headers) -> None:
    with TestClient(build_app(runtime), base_url=BASE, client=("192.0.2.7", 50000)) as client:
        refused = client.post(f"{HERE}/wrap", headers=sara)
    assert refused.status_code == 422
    assert "QUARTERDECK_KMS" in refused.json()["detail"]
