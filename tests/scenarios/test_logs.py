"""What the processes of an installation write to their logs, when asked for all of it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from scenarios.installation import Program, get, program
from waiting import until

AZURE_SECRET = "of-the-platform-and-never-to-be-seen"
REQUEST = "the-request-of-this-test.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Talkative:
    """A demo that logs everything."""

    program: Program
    url: str
    data: Path

    @property
    def words(self) -> str:
        return "".join(self.program.said)

    def lines(self) -> list[dict[str, Any]]:
        """The lines of all its processes that are JSON."""
        return [json.loads(line) for line in self.words.splitlines() if line.startswith("{")]

    def lines_of(self, request: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line.get("request_id") == request]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talkative]:
    home = str(tmp_path_factory.mktemp("home"))
    told = {"LOG_LEVEL": "DEBUG", "AZURE_CLIENT_SECRET": AZURE_SECRET}
    with program("demo", "--port", "0", "--resources", "30", TMPDIR=home, HOME=home, **told) as run:
        words = run.await_words("Ctrl-C ends the demo")
        found = dict(re.findall(r"^  (Console|Data)\s+(\S+)$", words, re.MULTILINE))
        yield Talkative(program=run, url=found["Console"], data=Path(found["Data"]))


@pytest.mark.census("AG-121")
def test_debug_lines_of_ours_and_of_libraries_appear(demo: Talkative) -> None:
    levels = {line["level"] for line in demo.lines()}
    assert {"debug", "info"} <= levels


def test_a_request_is_found_again_in_the_log_and_in_its_leaf(demo: Talkative) -> None:
    tenant = get(f"{demo.url}/api/v1/tenants")[0]["tenant_id"]
    renamed = httpx2.patch(
        f"{demo.url}/api/v1/tenants/{tenant}",
        json={"name": "Renamed"},
        headers={"X-Request-Id": REQUEST},
    )
    assert renamed.status_code == 200, renamed.text
    assert renamed.headers["x-request-id"] == REQUEST
    line = until(lambda: demo.lines_of(REQUEST), 10, "the line of the request")[0]
    assert (line["event"], line["method"], line["status"]) == ("request", "PATCH", 200)

    def leaves() -> list[dict[str, Any]]:
        records = get(f"{demo.url}/api/v1/trail/logs/{tenant}/records")["records"]
        bodies = [found["record"] for found in records]
        return [body for body in bodies if body["correlation"]["request"] == REQUEST]

    (leaf,) = until(leaves, 10, "the leaf of the request")
    assert leaf["resource"]["id"] == tenant


def test_no_secret_stands_in_any_log(demo: Talkative) -> None:
    me = {"name": "a program", "kind": "program", "home": "_platform"}
    principal = httpx2.post(f"{demo.url}/api/v1/principals", json=me).json()
    wanted = {"name": "t", "principal": principal["id"]}
    issued = httpx2.post(f"{demo.url}/api/v1/tokens", json=wanted)
    first = (demo.data / "first-token").read_text().strip()
    signed_in = httpx2.post(f"{demo.url}/sign-in", data={"token": first})
    assert (issued.status_code, signed_in.status_code) == (201, 303), issued.text
    token, (cookie,) = issued.json()["secret"], signed_in.cookies.values()
    headers = {"Authorization": f"Bearer {token}", "X-Request-Id": "last"}
    httpx2.get(f"{demo.url}/api/v1/roles?token={token}", headers=headers)
    until(lambda: demo.lines_of("last"), 10, "the line of the last request")

    clouds = [file.read_text().strip() for file in demo.data.glob("simulator/*.secret")]
    assert len(clouds) == 3
    keys = [
        found
        for file in (demo.data / "keys").glob("*.key.json")
        for found in json.loads(file.read_text()).values()
        if isinstance(found, str) and len(found) > 40
    ]
    secrets = {
        "first token": first,
        "token": token,
        "session": cookie,
        "secret": (demo.data / "keys" / "secret").read_text().strip(),
        "platform": AZURE_SECRET,
        **{f"cloud {n}": text for n, text in enumerate(clouds)},
        **{f"key {n}": text for n, text in enumerate(keys)},
    }
    words = demo.words
    assert [name for name, secret in secrets.items() if secret in words] == []
    assert re.findall(r"Bearer [\w-]{8,}|eyJ[\w-]{20,}|simulated\.[\w-]{20,}", words) == []
