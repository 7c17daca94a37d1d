"""The levers of the simulated cloud: time, rights, proofs, delegation, trouble."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientAssertionCredential
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc import jwt
from joserfc.jwk import RSAKey

from providers.rehearsal import Rehearsal, rehearsing
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.errors import Invalid
from quarterdeck.providers.simulator.options import SimulatorOptions
from quarterdeck.providers.simulator.server import running

SCOPE = "https://management.azure.com/.default"
START = datetime(2026, 5, 20, 9, tzinfo=UTC)
EXPAND = {"$expand": "createdTime,changedTime"}


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Rehearsal]:
    """A cloud of its own, whose clock stands at START."""
    options = SimulatorOptions(folder=tmp_path, tenants=2, resources=600, now=START)
    with running(options) as simulator, rehearsing(simulator) as rehearsal:
        yield rehearsal


def resources(simulator: Rehearsal, subscription: str) -> dict[str, Any]:
    found = simulator.get(f"/subscriptions/{subscription}/resources", **EXPAND).json()["value"]
    return {one["id"]: one for one in found}


def test_the_clock_is_set_and_runs_on(fresh: Rehearsal) -> None:
    told = [datetime.fromisoformat(fresh.http.get("/_simulator/clock").json()["now"])]
    told.append(datetime.fromisoformat(fresh.lever("clock", seconds=3_600)["now"]))
    assert START <= told[0] < START + timedelta(minutes=1)
    assert timedelta(hours=1) <= told[1] - told[0] < timedelta(hours=1, minutes=1)
    assert fresh.get("/subscriptions").status_code == 200, "tokens go by the machine's clock"


def test_as_days_pass_resources_come_go_move_and_change(fresh: Rehearsal) -> None:
    held = fresh.subscription()
    before = resources(fresh, held)
    fresh.lever("clock", seconds=30 * 86_400)
    after = resources(fresh, held)
    gone, come = before.keys() - after.keys(), after.keys() - before.keys()
    names = {before[one]["name"] for one in gone} & {after[one]["name"] for one in come}
    assert names, "some have moved: another id, the same name"
    assert len(gone) > len(names), "some are deleted"
    assert len(come) > len(names), "some are made"
    assert any("reviewed" in one.get("tags", {}) for one in after.values())
    made = [one["createdTime"] for one in after.values() if one["name"] not in names]
    assert max(made) > "2026-05-20"


def test_the_same_days_bring_the_same_changes(tmp_path: Path) -> None:
    found = []
    for number in range(2):
        options = SimulatorOptions(
            folder=tmp_path / str(number), tenants=1, resources=400, now=START
        )
        with running(options) as simulator, rehearsing(simulator) as rehearsal:
            for _ in range(10 if number else 1):
                rehearsal.lever("clock", seconds=(2 if number else 20) * 86_400)
            held = [one["id"] for one in rehearsal.estate()[0]["subscriptions"]]
            found.append([sorted(resources(rehearsal, one)) for one in held])
    assert found[0] == found[1]


def test_a_directory_without_a_reader_sees_nothing_and_is_told_nothing(
    simulator: Rehearsal,
) -> None:
    simulator.lever("lacks", permission="Reader", tenant=simulator.tenant().tenant_id)
    answer = simulator.get("/subscriptions")
    assert (answer.status_code, answer.json()["value"]) == (200, [])
    assert len(simulator.get("/subscriptions", 1).json()["value"]) > 0


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("Reader", "resources"),
        ("Reader", "resourcegroups"),
        ("Reader", "providers/Microsoft.Advisor/recommendations"),
        ("Reader", "providers/Microsoft.Authorization/roleAssignments"),
        ("Cost Management Reader", "providers/Microsoft.Consumption/budgets"),
        ("Security Reader", "providers/Microsoft.Security/secureScores"),
        ("Microsoft.Security/*/read", "providers/Microsoft.Security/secureScoreControls"),
    ],
)
def test_each_missing_role_closes_what_it_alone_opens(
    simulator: Rehearsal, role: str, path: str
) -> None:
    whole = f"/subscriptions/{simulator.subscription()}/{path}"
    assert simulator.get(whole).status_code == 200
    simulator.lever("lacks", permission=role)
    answer = simulator.get(whole)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AuthorizationFailed")
    assert "does not have authorization to perform action 'Microsoft." in answer.text
    simulator.http.delete("/_simulator/lacks")
    assert simulator.get(whole).status_code == 200


def test_a_managing_directory_reads_what_is_delegated_to_it(simulator: Rehearsal) -> None:
    own, other = simulator.tenant(0).tenant_id, simulator.tenant(1).tenant_id
    held = simulator.subscription(0, 1)
    path = f"/subscriptions/{held}/resources"
    assert simulator.get(path).status_code == 401
    simulator.lever("delegations", managing=own, managed=other, subscriptions=[held])
    assert simulator.get(path).status_code == 200
    listed = {one["subscriptionId"]: one for one in simulator.get("/subscriptions").json()["value"]}
    assert listed[held]["tenantId"] == other
    assert listed[held]["managedByTenants"] == [{"tenantId": own}]
    assert len(listed) == simulator.tenant(0).subscriptions + 1
    graph = {"query": "Resources | where subscriptionId == '" + held + "' | count"}
    counted = simulator.post("/providers/Microsoft.ResourceGraph/resources", graph).json()["data"]
    assert counted[0]["Count"] > 0
    simulator.lever("lacks", permission="Reader", tenant=other)
    assert simulator.get(path).status_code == 403, "the rights are those of its own directory"


def test_all_may_be_delegated_and_something_lacking_from_the_start(tmp_path: Path) -> None:
    options = SimulatorOptions(
        folder=tmp_path, resources=60, lighthouse=True, without=["2:Security Reader"], quotas=True
    )
    with running(options) as simulator, rehearsing(simulator) as rehearsal:
        all_ = sum(len(one["subscriptions"]) for one in rehearsal.estate())
        assert len(rehearsal.get("/subscriptions").json()["value"]) == all_
        codes = []
        for number in range(2):
            held = rehearsal.subscription(0, number)
            path = f"/subscriptions/{held}/providers/Microsoft.Security/secureScores"
            codes.append(rehearsal.get(path).status_code)
        assert codes == [200, 403]


def test_a_directory_that_is_not_there_cannot_lack_anything(tmp_path: Path) -> None:
    options = SimulatorOptions(folder=tmp_path, tenants=2, without=["3:Reader"])
    with pytest.raises(Invalid, match="expected 1 to 2"), running(options):
        pass


@pytest.fixture(scope="module")
def keys() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """A key and a certificate that signs itself."""
    key = rsa.generate_private_key(65_537, 2_048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "quarterdeck")])
    now = utc_now()
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    dated = built.not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return key, dated.sign(key, SHA256())


def test_a_certificate_proves_an_application_once_it_is_registered(
    simulator: Rehearsal, keys: tuple[rsa.RSAPrivateKey, x509.Certificate]
) -> None:
    key, certificate = keys
    one = simulator.tenant()
    pem = certificate.public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with CertificateCredential(
        one.tenant_id,
        one.client_id,
        certificate_data=pem + private,
        authority=simulator.running.authority,
        disable_instance_discovery=True,
        connection_verify=simulator.running.ca_file,
    ) as credential:
        with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
            credential.get_token(SCOPE)
        simulator.lever("credentials", tenant=one.tenant_id, pem=pem.decode())
        token = credential.get_token(SCOPE)
    headers = {"authorization": f"Bearer {token.token}"}
    assert simulator.http.get("/subscriptions?api-version=1", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, ""),
        ({"sub": "another"}, "AADSTS7000212"),
        ({"iss": "https://another.example"}, "AADSTS7000212"),
        ({"aud": "api://another"}, "AADSTS7000212"),
        ({"exp": 1}, "AADSTS700024"),
    ],
)
def test_a_token_of_a_trusted_issuer_proves_an_application(
    simulator: Rehearsal,
    keys: tuple[rsa.RSAPrivateKey, x509.Certificate],
    change: dict[str, object],
    code: str,
) -> None:
    key, _ = keys
    one = simulator.tenant()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    trusted = {"issuer": "https://issuer.example", "subject": "repo:harbor:main"}
    simulator.lever("credentials", tenant=one.tenant_id, pem=public.decode(), **trusted)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    claims = {
        "iss": trusted["issuer"],
        "sub": trusted["subject"],
        "aud": "api://AzureADTokenExchange",
        "exp": int((utc_now() + timedelta(minutes=5)).timestamp()),
    } | change
    assertion = jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(private))
    with ClientAssertionCredential(
        one.tenant_id,
        one.client_id,
        lambda: assertion,
        authority=simulator.running.authority,
        disable_instance_discovery=True,
        connection_verify=simulator.running.ca_file,
    ) as credential:
        if code:
            with pytest.raises(ClientAuthenticationError, match=code):
                credential.get_token(SCOPE)
        else:
            assert credential.get_token(SCOPE).token.count(".") == 2


def test_a_machine_gets_a_token_for_its_own_identity(simulator: Rehearsal) -> None:
    one = simulator.tenant()
    path = f"/{one.tenant_id}/msi/token"
    asked = {"api-version": "2019-08-01", "resource": "https://management.azure.com"}
    good = {"x-identity-header": one.client_secret}
    told = simulator.http.get(path, params=asked, headers=good).json()
    headers = {"authorization": f"Bearer {told['access_token']}"}
    assert simulator.http.get("/subscriptions?api-version=1", headers=headers).status_code == 200
    assert simulator.http.get(path, params=asked).status_code == 401
    wrong = {**asked, "resource": "https://elsewhere.example"}
    assert simulator.http.get(path, params=wrong, headers=good).status_code == 400


def test_a_token_tells_whose_it_is_to_who_reads_it(simulator: Rehearsal) -> None:
    token = simulator.bearer()["authorization"].removeprefix("Bearer ")
    middle = token.split(".")[1]
    claims = json.loads(urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    assert claims["tid"] == simulator.tenant().tenant_id
    assert claims["appid"] == simulator.tenant().client_id
    assert claims["aud"] == "https://management.azure.com"


def test_the_status_page_tells_of_trouble_while_there_is_any(simulator: Rehearsal) -> None:
    assert b"<item>" not in simulator.http.get("/status/feed").content
    simulator.lever("incidents", title="Storage & more: West Europe", description="Under <review>")
    feed = simulator.http.get("/en-us/status/feed/")
    assert feed.headers["content-type"].startswith("application/rss+xml")
    assert "<title>Storage &amp; more: West Europe</title>" in feed.text
    simulator.http.delete("/_simulator/incidents")
    assert b"<item>" not in simulator.http.get("/status/feed").content
    simulator.fault("unavailable", on="status")
    assert simulator.http.get("/status/feed").status_code == 503


@pytest.mark.parametrize(
    ("method", "lever", "body", "status"),
    [
        ("PUT", "clock", {"now": "2026-01-01T00:00:00"}, 400),
        ("PUT", "clock", {"now": "soon"}, 400),
        ("POST", "clock", {"seconds": -1}, 400),
        ("POST", "lacks", {"right": "x"}, 400),
        ("PUT", "quotas", {"binding": "yes"}, 400),
        ("POST", "restatements", {"subscription": "x", "first": "2026-01-01"}, 400),
        (
            "POST",
            "restatements",
            {"subscription": "x", "first": "2026-01-01", "last": "2026-01-02", "permille": 1},
            404,
        ),
        ("POST", "delegations", {"managing": "x", "managed": "y"}, 404),
        ("POST", "credentials", {"tenant": "x", "pem": "y"}, 404),
        ("POST", "incidents", {}, 400),
        ("PUT", "directory", {"tenant": "x", "collection": "users", "id": "1"}, 404),
    ],
)
def test_a_lever_that_cannot_be_pulled_says_so(
    simulator: Rehearsal, method: str, lever: str, body: dict[str, object], status: int
) -> None:
    answer = simulator.http.request(method, f"/_simulator/{lever}", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_a_proof_that_is_no_key_is_refused(simulator: Rehearsal) -> None:
    body = {"tenant": simulator.tenant().tenant_id, "pem": "not a key"}
    answer = simulator.http.post("/_simulator/credentials", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidCredential")
