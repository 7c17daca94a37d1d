"""Who we are without a client secret of our own: vaults, certificates, federation, machines."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from starlette.types import Receive, Scope, Send

from providers.rehearsal import Rehearsal, cloud_of, clouds, connection, options_for
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.kernel.clock import utc_now
from quarterdeck.providers.azure.client import Client, manners
from quarterdeck.providers.azure.options import AzureOptions, Patience
from quarterdeck.providers.azure.transport import Transport
from quarterdeck.providers.azure.vault import address, fetch
from quarterdeck.providers.simulator.recorded import FixedToken
from quarterdeck.providers.simulator.serving import ca_file, serving
from quarterdeck.providers.simulator.tls import loopback_tls


class Authority:
    """Issues a token to whoever asks, and keeps how it was asked; holds one vault's secret."""

    def __init__(self, status: int = 200) -> None:
        self.forms: list[Mapping[str, list[str]]] = []
        self.paths: list[str] = []
        self.status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while (message := await receive()).get("more_body"):
            body += message["body"]
        body += message.get("body", b"")
        self.paths.append(f"{scope['path']}?{scope['query_string'].decode()}")
        await asyncio.sleep(0)
        base = f"https://{dict(scope['headers'])[b'host'].decode()}"
        answer, status = self.answer(base, scope["path"], body)
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def answer(self, base: str, path: str, body: bytes) -> tuple[object, int]:
        if path.startswith("/secrets/"):
            return {"value": "from-the-vault", "id": path}, self.status
        if path.endswith("openid-configuration"):
            tenant = f"{base}/{path.split('/')[1]}"
            return {
                "issuer": f"{tenant}/v2.0",
                "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
                "token_endpoint": f"{tenant}/oauth2/v2.0/token",
            }, 200
        if path.endswith("/token"):
            self.forms.append(parse_qs(body.decode()))
            return {"access_token": "T", "expires_in": 3_600, "token_type": "Bearer"}, 200
        return {"value": []}, 200


@contextmanager
def authority(folder: Path, status: int = 200) -> Iterator[tuple[Authority, AzureOptions]]:
    tls = loopback_tls(utc_now())
    app = Authority(status)
    with serving(app, tls.context) as url:
        yield (
            app,
            AzureOptions(
                endpoint=url,
                authority=url,
                graph=url,
                vault_endpoint=url,
                ca_file=ca_file(folder, tls.ca_pem),
                client="platform",
                secret="platform's own",
                directory="home",
                patience=Patience(attempts=1),
            ),
        )


def opened_as(
    simulator: Rehearsal, options: AzureOptions, reference: str, environ: Mapping[str, str]
) -> None:
    with clouds(options, environ) as opened:
        cloud = opened.open(connection(simulator.tenant(), reference))
        assert list(cloud.subscriptions()) == []


def test_a_secret_in_a_vault_is_read_as_the_platform_and_used_as_the_connection(
    simulator: Rehearsal, tmp_path: Path
) -> None:
    with authority(tmp_path) as (app, options):
        reference = f"{options.vault_endpoint}/secrets/cloud-reader"
        opened_as(simulator, options, reference, {})
    own, ours = app.forms
    assert (own["client_secret"], own["scope"]) == (
        ["platform's own"],
        ["https://vault.azure.net/.default"],
    )
    assert ours["client_secret"] == ["from-the-vault"]
    assert ours["client_id"] == [simulator.tenant().client_id]
    assert "/secrets/cloud-reader?api-version=7.4" in app.paths


def test_a_vault_that_refuses_says_which_role_would_do(tmp_path: Path) -> None:
    with authority(tmp_path, status=403) as (_, options):
        transport = Transport(options)
        client = Client(transport, FixedToken(), manners(Patience(attempts=1)), utc_now)
        with pytest.raises(CloudFailure, match="Key Vault Secrets User") as failed:
            fetch(client, f"{options.vault_endpoint}/secrets/x", options)
        transport.close()
    assert failed.value.kind is FailureClass.AUTHENTICATION


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("corp-kv/reader", "https://corp-kv.vault.azure.net/secrets/reader"),
        (
            "corp-kv/reader/0123456789abcdef0123456789abcdef",
            "https://corp-kv.vault.azure.net/secrets/reader/0123456789abcdef0123456789abcdef",
        ),
        (
            "https://corp-kv.vault.azure.net/secrets/reader/",
            "https://corp-kv.vault.azure.net/secrets/reader",
        ),
    ],
)
def test_a_secret_in_a_vault_is_named_in_two_ways(reference: str, expected: str) -> None:
    assert address(reference, AzureOptions()) == expected


@pytest.mark.parametrize(
    "reference",
    [
        "https://evil.example/secrets/reader",
        "https://vault.azure.net.evil.example/secrets/reader",
        "https://evil.example@corp-kv.vault.azure.net/secrets/reader",
        "https://corp-kv.vault.azure.net/keys/reader",
        "http://corp-kv.vault.azure.net/secrets/reader",
        "corp-kv",
        "../x/reader",
    ],
)
def test_a_token_for_vaults_goes_to_no_other_host(reference: str) -> None:
    with pytest.raises(CloudFailure, match="must be https://VAULT") as failed:
        address(reference, AzureOptions())
    assert failed.value.kind is FailureClass.AUTHENTICATION


def test_the_runbooks_plain_words_are_kept_and_fail_with_the_forms_that_are_known(
    simulator: Rehearsal,
) -> None:
    with clouds(options_for(simulator.running)) as opened:
        plain = connection(simulator.tenant(), "key-vault-secret-reference")
        with pytest.raises(CloudFailure, match=r"keyvault:VAULT/NAME.*managed-identity") as failed:
            opened.open(plain)
    assert failed.value.kind is FailureClass.AUTHENTICATION


def test_a_certificate_signs_who_we_are(simulator: Rehearsal, tmp_path: Path) -> None:
    file = tmp_path / "reader.pem"
    file.write_bytes(certificate())
    with authority(tmp_path) as (app, options):
        opened_as(simulator, options, f"certificate:{file}", {})
    assert app.forms[0]["client_assertion"][0].count(".") == 2
    assert "client_secret" not in app.forms[0]


def certificate() -> bytes:
    """A key, and the certificate of the simulated authority's kind over another."""
    tls = loopback_tls(utc_now())
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem + tls.ca_pem


def test_a_certificate_without_its_key_is_refused_by_name(
    simulator: Rehearsal, tmp_path: Path
) -> None:
    file = tmp_path / "reader.pem"
    file.write_bytes(loopback_tls(utc_now()).ca_pem)
    with clouds(options_for(simulator.running)) as opened:
        cloud = opened.open(connection(simulator.tenant(), f"certificate:{file}"))
        with pytest.raises(CloudFailure) as failed:
            cloud.check()
    assert failed.value.kind is FailureClass.AUTHENTICATION


def test_a_federated_token_is_read_from_its_file_each_time(
    simulator: Rehearsal, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("first.from.issuer\n")
    with authority(tmp_path) as (app, options):
        opened_as(simulator, options, f"federated:{file}", {})
        file.write_text("second.from.issuer\n")
        opened_as(simulator, options, f"federated:{file}", {})
    assert [form["client_assertion"] for form in app.forms] == [
        ["first.from.issuer"],
        ["second.from.issuer"],
    ]


def test_a_federated_token_that_is_not_there_is_named(simulator: Rehearsal) -> None:
    with cloud_of(simulator) as _, clouds(options_for(simulator.running)) as opened:
        cloud = opened.open(connection(simulator.tenant(), "federated:/no/such/token"))
        with pytest.raises(CloudFailure, match="federated:/no/such/token points to nothing"):
            cloud.check()


async def machine(scope: Scope, _receive: Receive, send: Send) -> None:
    """The endpoint of managed identities on App Service."""
    query = parse_qs(scope["query_string"].decode())
    token = f"{query['resource'][0]} as {query.get('client_id', ['itself'])[0]}"
    body = {"access_token": token, "expires_on": "4102444800", "resource": "r", "token_type": "B"}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


@pytest.mark.parametrize(
    ("reference", "expected"), [("managed-identity", "itself"), ("managed-identity:abc", "abc")]
)
def test_a_machine_is_itself(
    simulator: Rehearsal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    reference: str,
    expected: str,
) -> None:
    tls = loopback_tls(utc_now())
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if b"x-identity-header" in headers:
            await machine(scope, receive, send)
            return
        seen.append(headers[b"authorization"].decode())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"value":[]}'})

    with serving(app, tls.context) as url:
        monkeypatch.setenv("IDENTITY_ENDPOINT", url)
        monkeypatch.setenv("IDENTITY_HEADER", "h")
        options = AzureOptions(endpoint=url, ca_file=ca_file(tmp_path, tls.ca_pem))
        with clouds(options) as opened:
            list(opened.open(connection(simulator.tenant(), reference, client="")).subscriptions())
    assert seen == [f"Bearer https://management.azure.com as {expected}"]
