"""A NATS server with JetStream, for the tests that publish to one."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waiting import until

PROGRAM = "nats-server"


def missing() -> str:
    """Why there can be no server; empty: there can."""
    return "" if shutil.which(PROGRAM) else f"no {PROGRAM}: apt install {PROGRAM}"


@contextmanager
def server(folder: Path, port: int = -1) -> Iterator[str]:
    """The URL of a server that keeps its streams in ``folder`` until the block ends."""
    line = [PROGRAM, "-js", "-sd", str(folder), "-a", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(
        [*line, "--ports_file_dir", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            ports = folder / f"{PROGRAM}_{process.pid}.ports"
            said = until(lambda: ports.exists() and ports.read_text(), what="a NATS server")
            yield str(json.loads(str(said))["nats"][0])
        finally:
            process.terminate()
            process.wait(10)
