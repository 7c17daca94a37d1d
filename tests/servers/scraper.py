"""Debian's Prometheus, for the tests that are scraped by it, or written to."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waiting import until

PROGRAM = "prometheus"
LISTENS = re.compile(r'msg="Listening on" address=(\S+)')


def missing() -> str:
    """Why there can be no server; empty: there can."""
    return "" if shutil.which(PROGRAM) else f"no {PROGRAM}: apt install {PROGRAM}"


@contextmanager
def server(folder: Path, configuration: str) -> Iterator[str]:
    """The URL of a server with ``configuration`` until the block ends; its files in ``folder``."""
    folder.mkdir()
    (folder / "prometheus.yml").write_text(configuration)
    log = folder / "log"
    line = [
        PROGRAM,
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        "--web.listen-address=127.0.0.1:0",
    ]
    with log.open("w") as out, subprocess.Popen(line, stdout=out, stderr=out) as process:
        try:
            found = until(lambda: LISTENS.search(log.read_text()), what="a Prometheus server")
            assert found
            url = f"http://{found[1]}"
            until(lambda: "Server is ready" in log.read_text(), what="a ready Prometheus")
            yield url
        finally:
            process.terminate()
            process.wait(10)
