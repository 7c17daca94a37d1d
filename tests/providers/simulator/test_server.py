"""The simulated Azure as any client sees it, over real TLS."""

import json
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import httpx2
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential

from providers.rehearsal import Rehearsal, rehearsing
from quarterdeck.kernel.errors import Invalid, Unavailable
from quarterdeck.providers.simulator.options import SimulatorOptions
from quarterdeck.providers.simulator.server import running
from waiting import until

LIST = {"api-version": "2021-04-01"}
EXPAND = {"$expand": "createdTime,changedTime,provisioningState"}


def credential(simulator: Rehearsal, secret: str) -> ClientSecretCredential:
    one = simulator.tenant()
    return ClientSecretCredential(
        one.tenant_id,
        one.client_id,
        secret,
        authority=simulator.running.authority,
        disable_instance_discovery=True,
        connection_verify=simulator.running.ca_file,
        use_env_settings=False,
    )


def test_the_library_of_azure_gets_a_token_that_opens_the_estate(simulator: Rehearsal) -> None:
    with credential(simulator, simulator.tenant().client_secret) as identity:
        token = identity.get_token("https://management.azure.com/.default")
    headers = {"authorization": f"Bearer {token.token}"}
    answer = simulator.http.get("/subscriptions", params=LIST, headers=headers)
    assert answer.status_code == 200
    assert len(answer.json()["value"]) == simulator.tenant().subscriptions


def test_the_library_of_azure_tells_a_wrong_secret(simulator: Rehearsal) -> None:
    with (
        credential(simulator, "wrong") as identity,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        identity.get_token("https://management.azure.com/.default")


@pytest.mark.parametrize(
    ("change", "status", "error", "code"),
    [
        ({"client_secret": "x"}, 401, "invalid_client", 7000215),
        ({"client_secret": ""}, 401, "invalid_client", 7000218),
        ({"client_id": "x"}, 400, "unauthorized_client", 700016),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "openid"}, 400, "invalid_scope", 1002012),
    ],
)
def test_a_refused_token_has_the_body_of_entra(
    simulator: Rehearsal, change: dict[str, str], status: int, error: str, code: int
) -> None:
    one = simulator.tenant()
    form = {
        "grant_type": "client_credentials",
        "client_id": one.client_id,
        "client_secret": one.client_secret,
        "scope": "https://management.azure.com/.default",
    } | change
    answer = simulator.http.post(f"/{one.tenant_id}/oauth2/v2.0/token", data=form)
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [code])
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert UUID(body["trace_id"]).version == 4


def test_credentials_may_stand_in_the_header(simulator: Rehearsal) -> None:
    one = simulator.tenant()
    answer = simulator.http.post(
        f"/{one.tenant_id}/oauth2/v2.0/token",
        data={"grant_type": "client_credentials", "scope": "https://management.azure.com/.default"},
        auth=(one.client_id, one.client_secret),
    )
    assert answer.json()["token_type"] == "Bearer"


def arm(simulator: Rehearsal, path: str, **asked: str) -> httpx2.Response:
    return simulator.http.get(path, params=LIST | asked, headers=simulator.bearer())


@pytest.mark.parametrize(
    ("path", "asked", "status", "code"),
    [
        ("/subscriptions/{0}/resources", {"api-version": ""}, 400, "MissingApiVersionParameter"),
        ("/subscriptions/{0}/resources", {"$top": "0"}, 400, "InvalidTopInQueryString"),
        ("/subscriptions/{0}/resources", {"$top": "x"}, 400, "InvalidTopInQueryString"),
        ("/subscriptions/{0}/resources", {"$skiptoken": "x"}, 400, "InvalidSkipToken"),
        ("/subscriptions/{0}/resources", {"$skiptoken": "é"}, 400, "InvalidSkipToken"),
        ("/subscriptions/{0}/resources", {"$expand": "x"}, 400, "InvalidExpandInQueryString"),
        ("/subscriptions/{0}/resources", {"$filter": "x"}, 400, "InvalidFilterInQueryString"),
        ("/subscriptions/none/resources", {}, 404, "SubscriptionNotFound"),
        ("/subscriptions/{0}/resourceGroups/a/providers/b/c/d", {}, 404, "ResourceNotFound"),
    ],
)
def test_a_refusal_has_the_body_of_azure_resource_manager(
    simulator: Rehearsal, path: str, asked: dict[str, str], status: int, code: str
) -> None:
    answer = arm(simulator, path.format(simulator.subscription()), **asked)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["message"]
    assert UUID(answer.headers["x-ms-request-id"]).version == 4


def test_nothing_is_shown_without_a_token(simulator: Rehearsal) -> None:
    path = f"/subscriptions/{simulator.subscription()}"
    for end in ("", "/resources", "/resourcegroups", "/resourceGroups/a"):
        assert simulator.http.get(path + end, params=LIST).status_code == 401
    assert simulator.http.get("/subscriptions", params=LIST).status_code == 401


def test_a_token_expires(tmp_path: Path) -> None:
    options = SimulatorOptions(folder=tmp_path, tenants=1, resources=1, token_s=1)
    with running(options) as simulator, rehearsing(simulator) as rehearsal:
        headers, begun = rehearsal.bearer(), monotonic()

        def code() -> str:
            answer = rehearsal.http.get("/subscriptions", params=LIST, headers=headers).json()
            return str(answer.get("error", {}).get("code", ""))

        assert until(code, 5) == "ExpiredAuthenticationToken"
    assert monotonic() - begun >= 0.9


def test_pages_are_linked_by_addresses_of_the_simulator_itself(simulator: Rehearsal) -> None:
    first = arm(simulator, f"/subscriptions/{simulator.subscription()}/resources", **{"$top": "7"})
    link = first.json()["nextLink"]
    assert link.startswith(simulator.running.url + "/subscriptions/")
    second = simulator.http.get(link, headers=simulator.bearer())
    ids = [item["id"] for page in (first, second) for item in page.json()["value"]]
    assert len(ids) == len(set(ids)) == 14


def test_times_are_shown_only_when_they_are_asked_for(simulator: Rehearsal) -> None:
    path = f"/subscriptions/{simulator.subscription()}/resources"
    plain = arm(simulator, path).json()["value"][0]
    some = arm(simulator, path, **{"$expand": "createdTime"}).json()["value"][0]
    whole = arm(simulator, path, **EXPAND).json()["value"][0]
    assert not {"createdTime", "changedTime", "provisioningState"} & plain.keys()
    assert some.keys() - plain.keys() == {"createdTime"}
    assert whole.keys() - plain.keys() == {"createdTime", "changedTime", "provisioningState"}


def test_groups_and_single_resources_can_be_read(simulator: Rehearsal) -> None:
    path = f"/subscriptions/{simulator.subscription()}"
    groups = {one["id"].lower() for one in arm(simulator, f"{path}/resourcegroups").json()["value"]}
    item = arm(simulator, f"{path}/resources", **EXPAND).json()["value"][0]
    assert item["id"].lower().partition("/providers/")[0] in groups
    assert arm(simulator, item["id"]).json() == item
    assert arm(simulator, path).json()["tenantId"] == simulator.tenant().tenant_id


def test_reads_that_are_left_are_told(simulator: Rehearsal) -> None:
    path = f"/subscriptions/{simulator.subscription()}/resources"
    header = "x-ms-ratelimit-remaining-subscription-reads"
    left = [int(arm(simulator, path).headers[header]) for _ in range(2)]
    assert left[0] - left[1] == 1


def test_the_estate_can_be_changed_while_it_is_watched(simulator: Rehearsal) -> None:
    subscription = simulator.subscription()
    item: dict[str, Any] = {
        "id": f"/subscriptions/{subscription}/resourceGroups/g/providers/A.B/c/new",
        "name": "new",
        "type": "A.B/c",
    }
    before = simulator.estate()[0]["subscriptions"][0]["resources"]
    assert simulator.http.put("/_simulator/resources", json=item).status_code == 200
    assert simulator.estate()[0]["subscriptions"][0]["resources"] == before + 1
    change = {"id": item["id"].upper().replace("/SUBSCRIPTIONS/", "/subscriptions/"), "tags": {}}
    simulator.http.patch("/_simulator/resources", json=change)
    assert arm(simulator, item["id"]).json()["tags"] == {}
    gone = simulator.http.delete("/_simulator/resources", params={"id": item["id"]})
    assert gone.status_code == 204
    assert arm(simulator, item["id"]).status_code == 404
    assert simulator.estate()[0]["subscriptions"][0]["resources"] == before


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "/_simulator/faults", b'{"kind":"mood"}', "InvalidFault"),
        ("POST", "/_simulator/faults", b'{"kind":"slow","seconds":-1}', "InvalidFault"),
        ("POST", "/_simulator/faults", b'{"kind":"slow","colour":"red"}', "InvalidFault"),
        ("PUT", "/_simulator/resources", b"[]", "InvalidResource"),
        ("PUT", "/_simulator/resources", b'{"name":"x"}', "InvalidResource"),
        ("PUT", "/_simulator/resources", b'{"id":"/x"}', "InvalidId"),
        ("DELETE", "/_simulator/resources?id=/x", b"", "InvalidId"),
    ],
)
def test_a_lever_that_cannot_be_pulled_says_why(
    simulator: Rehearsal, method: str, path: str, body: bytes, code: str
) -> None:
    answer = simulator.http.request(method, path, content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_changing_or_deleting_what_is_not_there_is_told(simulator: Rehearsal) -> None:
    absent = {"id": f"/subscriptions/{simulator.subscription()}/none"}
    assert simulator.http.patch("/_simulator/resources", json=absent).status_code == 404
    assert simulator.http.delete("/_simulator/resources", params=absent).status_code == 404


def test_answers_are_held_back_as_long_as_was_asked(tmp_path: Path) -> None:
    options = SimulatorOptions(folder=tmp_path, tenants=1, resources=1, latency_s=0.2)
    with running(options) as simulator, rehearsing(simulator) as rehearsal:
        begun = monotonic()
        rehearsal.estate()
        assert monotonic() - begun >= 0.2


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(Unavailable, match=f"port {port} is in use"),
            running(SimulatorOptions(folder=tmp_path, port=port, tenants=1, resources=1)),
        ):
            pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(Invalid, match=r"ca\.pem cannot be written"),
        running(SimulatorOptions(folder=tmp_path / "file", tenants=1, resources=1)),
    ):
        pass


def test_no_private_key_is_left_behind(simulator: Rehearsal) -> None:
    folder = Path(simulator.running.ca_file).parent
    assert [file.name for file in folder.iterdir()] == ["ca.pem"]
    assert b"PRIVATE" not in Path(simulator.running.ca_file).read_bytes()


def test_it_ends_although_a_client_keeps_its_connection_open(tmp_path: Path) -> None:
    with running(SimulatorOptions(folder=tmp_path, tenants=1, resources=1)) as simulator:
        trust = ssl.create_default_context(cafile=simulator.ca_file)
        idle = httpx2.Client(verify=trust, trust_env=False)
        idle.get(f"{simulator.url}/_simulator/estate")
        begun = monotonic()
    assert monotonic() - begun < 10
    idle.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_how_to_connect_and_ends_in_order(
    tmp_path: Path, number: signal.Signals
) -> None:
    asked = ["--port", "0", "--tenants", "2", "--resources", "40", "--seed", "3"]
    command = [sys.executable, "-m", "quarterdeck", "simulate", "azure", *asked]
    with subprocess.Popen(
        [*command, "--data", str(tmp_path / "sim")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            trust = ssl.create_default_context(cafile=said["ca_file"])
            with httpx2.Client(verify=trust, trust_env=False) as http:
                estate = http.get(f"{said['url']}/_simulator/estate").json()
        finally:
            process.send_signal(number)
        _, words = process.communicate(timeout=20)
    assert process.returncode == 0, words
    assert [one["tenant_id"] for one in estate] == [one["tenant_id"] for one in said["tenants"]]
    assert sum(one["resources"] for one in said["tenants"]) == 40
    assert {"tenant_id", "client_id", "client_secret"} <= said["tenants"][0].keys()
    assert "stopped" in words


def test_the_command_ends_with_code_4_where_its_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "quarterdeck", "simulate", "azure", "--port", port]
        ended = subprocess.run(
            [*command, "--data", str(tmp_path)], capture_output=True, text=True, check=False
        )
    assert ended.returncode == 4
    assert f"port {port} is in use" in ended.stderr
    assert "Traceback" not in ended.stderr
