"""Debian's Prometheus and Alertmanager, for the tests that talk to them or compare with them."""

import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from waiting import until

PROMETHEUS, ALERTMANAGER, AMTOOL = "prometheus", "prometheus-alertmanager", "amtool"
LISTENING = re.compile(r'msg="Listening on" address=(\S+)')
READY = "Server is ready to receive web requests."
END_S = 10


def missing(*programs: str) -> str:
    """Why they cannot run; empty: they can."""
    away = [one for one in programs if shutil.which(one) is None]
    return f"no {away[0]}: apt install prometheus prometheus-alertmanager" if away else ""


@contextmanager
def alertmanager(folder: Path, config: str) -> Iterator[str]:
    """The URL of an Alertmanager with this configuration, alone in its cluster."""
    folder.mkdir(exist_ok=True)
    (folder / "alertmanager.yml").write_text(config)
    line = [
        ALERTMANAGER,
        f"--config.file={folder}/alertmanager.yml",
        f"--storage.path={folder}",
        "--web.listen-address=127.0.0.1:0",
        "--cluster.listen-address=",
    ]
    with _running(line, folder) as (log, _):
        found = until(lambda: LISTENING.search(log.read_text()), what="Alertmanager")
        assert found
        yield f"http://{found[1]}"


@contextmanager
def prometheus(folder: Path, config: str, rules: str) -> Iterator[Callable[[str], None]]:
    """A Prometheus with this configuration; what is yielded gives it other rules."""
    folder.mkdir(exist_ok=True)
    (folder / "prometheus.yml").write_text(config)
    (folder / "rules.yml").write_text(rules)
    line = [
        PROMETHEUS,
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        "--web.listen-address=127.0.0.1:0",
        "--rules.alert.resend-delay=100ms",
    ]
    with _running(line, folder) as (_, process):

        def changed(rules: str) -> None:
            (folder / "rules.yml").write_text(rules)
            process.send_signal(signal.SIGHUP)

        yield changed


@contextmanager
def filled(folder: Path, exposition: str) -> Iterator[str]:
    """The URL of a Prometheus that has the samples of a text in the OpenMetrics form."""
    folder.mkdir(exist_ok=True)
    (folder / "prometheus.yml").write_text("{}\n")
    (folder / "samples").write_text(exposition)
    made = ["promtool", "tsdb", "create-blocks-from", "openmetrics"]
    subprocess.run([*made, folder / "samples", folder / "data"], check=True, capture_output=True)
    line = [
        PROMETHEUS,
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        "--storage.tsdb.retention.time=100y",
        "--web.listen-address=127.0.0.1:0",
    ]
    with _running(line, folder) as (log, _):
        until(lambda: READY in log.read_text(), what="Prometheus")  # else it may answer 503
        found = LISTENING.search(log.read_text())
        assert found
        yield f"http://{found[1]}"


@contextmanager
def _running(line: list[str], folder: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    log = folder / "log"
    with log.open("wb") as into, subprocess.Popen(line, stdout=into, stderr=into) as process:
        try:
            yield log, process
        finally:
            process.terminate()
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
