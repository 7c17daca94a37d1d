"""Runbook 004, pasted: its own atp-admin lines from its own text, in bash, against a server."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from api.conftest import Headers, ada, database, issue, runtime, settings
from api.serving import served
from cli.access.conftest import silent_logs
from quarterdeck.api.app import build_app
from quarterdeck.kernel.clock import utc_now
from quarterdeck.providers.sandbox.client import Sandbox
from quarterdeck.runtime import Runtime
from quarterdeck.trail.deliveries.local import LocalTopic
from quarterdeck.trail.deliveries.model import Limits
from quarterdeck.trail.log.opening import open_trail
from quarterdeck.trail.segments.model import Sealing
from quarterdeck.trail.segments.sealing import Sealer
from quarterdeck.trail.segments.storage.files import FileSegments
from trail.deliveries.line import Line, Rows
from trail.installation import Installation

__all__ = ["ada", "database", "issue", "runtime", "settings", "silent_logs"]

Run = Callable[[str], tuple[int, str]]
LINE = re.compile(r"atp-admin .*?(?= # | atp-admin |$)", re.MULTILINE)
SEGMENT = "acme-000000"


@pytest.fixture(scope="module")
def lines(shared_data: Path) -> list[str]:
    """Every line that starts with ``atp-admin``, as it was before the text was flattened."""
    (file,) = (shared_data / "spec" / "runbooks").glob("004*")
    found = LINE.findall(file.read_text())
    return [re.sub(r" \\ ", " \\\\\n  ", one).removesuffix(" -").strip() for one in found]


@pytest.fixture
def line(runtime: Runtime, tmp_path: Path) -> Iterator[Line]:
    """A consumer that could not read 30 records, and is mended; 300 records are sealed."""
    rows = Rows()
    trail = open_trail(runtime.engine, tmp_path / "trail", lasting=False)
    here = Installation(runtime.engine, runtime.keys, tmp_path, trail, now=utc_now())
    here.grow(300)
    store = FileSegments(tmp_path / "worm")
    Sealer(
        engine=runtime.engine,
        keys=runtime.keys,
        reader=runtime.reader,
        store=store,
        clock=here.clock,
        sealing=Sealing(most=300),
    ).beat()
    line = Line(here, rows, LocalTopic(here.reader), limits=Limits(deliveries=1))
    here.deliver()
    line.turn()
    rows.refuse = _bug
    line.append(30)
    line.turn()
    rows.refuse = lambda _batch: None
    here.later(timedelta(seconds=1))
    yield line
    trail.close()


@pytest.fixture
def bash(line: Line, runtime: Runtime, ada: Headers, tmp_path: Path) -> Iterator[Run]:
    """Pastes a line into bash, in a folder of its own; a worker runs beside."""
    token = ada["Authorization"].removeprefix("Bearer ")
    sandboxes: dict[str, Any] = {}
    store = FileSegments(tmp_path / "worm")
    ours = replace(runtime, consumers=[line.consumer], sandboxes=sandboxes, worm=store)
    stopping = Event()
    worker = Thread(target=_work, args=[line, stopping])
    (tmp_path / "desk").mkdir()
    with served(build_app(ours), ours) as server:
        sandboxes["dev"] = Sandbox("dev", server.url, token)
        environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "QUARTERDECK_URL": server.url,
            "QUARTERDECK_TOKEN": token,
        }

        def pasted(text: str) -> tuple[int, str]:
            done = subprocess.run(
                ["/bin/bash", "-o", "pipefail", "-c", text],
                env=environment,
                cwd=tmp_path / "desk",
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            return done.returncode, done.stdout + done.stderr

        worker.start()
        yield pasted
        stopping.set()
        worker.join(10)


@pytest.mark.census("ATP-270", "ATP-271", "ATP-278", "ATP-279", "ATP-280", "ATP-396", "ATP-397")
def test_each_line_does_what_the_runbook_says(
    lines: list[str], bash: Run, line: Line, tmp_path: Path
) -> None:
    assert len(lines) == 7
    told = {"<id>": line.record(303), "<segment-id>": SEGMENT}
    for text, (pattern, expected) in zip(lines, EXPECTED, strict=True):
        assert re.search(pattern, text, re.DOTALL), text
        for placeholder, value in told.items():
            text = text.replace(placeholder, value)  # noqa: PLW2901  what a person fills in
        code, said = bash(text)
        assert code == 0, (text, said)
        assert re.search(expected, said, re.DOTALL), (text, said)
    (evidence,) = (tmp_path / "desk").glob("tamper-evidence-*-*.json")
    key = line.installation.vkey
    assert bash(f"atp-admin integrity verify --bundle {evidence.name} --key '{key}'")[0] == 0
    assert json.loads(evidence.read_text())["segment"] == SEGMENT


def test_without_a_confirmation_nothing_is_replayed_and_a_wrong_id_says_so(
    lines: list[str], bash: Run
) -> None:
    (small,) = [text for text in lines if "--max-count 10 " in text]
    code, said = bash(small.replace("--confirm", ""))
    assert (code, "--dry-run" in said) == (2, True)
    code, said = bash("atp-admin integrity verify --segment-id acme-000009")
    assert (code, "has no segment 9" in said) == (2, True)


EXPECTED = [
    (r"dlq list .*--limit 50$", r"id\treason\ttime\tdelivery count.*DeliveryCountExceeded"),
    (r"dlq inspect .*--message-id", r'ValueError: a bug.*"body"|"body".*ValueError: a bug'),
    (r"dlq replay .*--dry-run$", r"dry run in dev: 1 match, 1 would be replayed"),
    (r"--max-count 10 .*--confirm$", r"replayed 10: 10 succeeded, 0 failed, 0 new dead letters"),
    (r"--max-count 1000 .*--confirm$", r"replayed 20: 20 succeeded"),
    (r"integrity freeze --reason", r"frozen: investigation "),
    (r"integrity verify .*--include-proof", r"(chain|tree|signature): right.*written to tamper-"),
]
"""Each line, in the order of the text, and what it must say."""


def _bug(_batch: object) -> None:
    raise ValueError("a bug")


def _work(line: Line, stopping: Event) -> None:
    while not stopping.wait(0.02):
        line.installation.now = utc_now()
        line.turn()
