"""Answers over HTTP at 100,000 resources: pages, and sign-ins while a bulk sync writes."""

import os
import socket
import subprocess
from contextlib import suppress
from statistics import quantiles
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import perf_counter, sleep

import httpx2

from demonstration import PROGRAM

RESOURCES = 100_000
TURNS = 300
UNLIMITED = {"QUARTERDECK_RATE_LIMIT_PER_S": "10000", "QUARTERDECK_RATE_LIMIT_BURST": "100000"}
PAGES = ("", "?type=microsoft.compute/virtualmachines", "?location=westeurope", "?text=vm")


def main() -> None:
    """Print a table of measured values beside their bars."""
    port = _free_port()
    with TemporaryDirectory() as folder:
        command = ["demo", "--port", str(port), "--resources", str(RESOURCES), "--interval", "3600"]
        said = os.environ | UNLIMITED | {"TMPDIR": folder}
        with subprocess.Popen([PROGRAM, *command], stderr=subprocess.DEVNULL, env=said) as demo:
            try:
                _measure(f"http://127.0.0.1:{port}")
            finally:
                demo.terminate()


def _measure(url: str) -> None:
    with httpx2.Client(base_url=url, timeout=30) as client:
        secret = _token(client)
        signing = _timed_while_syncing(client, secret)
        _show(f"sign-in while {RESOURCES:,} arrive, p99", _percentile(signing, 99), 200)
        for page in PAGES:
            times = [_timed(client, f"/api/v1/resources{page}") for _ in range(TURNS)]
            _show(f"GET resources{page}, p95", _percentile(times, 95), 20)


def _timed_while_syncing(client: httpx2.Client, secret: str) -> list[float]:
    done, times = Event(), list[float]()

    def sign_in() -> None:
        with httpx2.Client(base_url=client.base_url, timeout=30) as browser:
            while not done.is_set():
                started = perf_counter()
                answer = browser.post("/sign-in", data={"token": secret})
                times.append(1000 * (perf_counter() - started))
                assert answer.status_code == httpx2.codes.SEE_OTHER, answer.text
                browser.cookies.clear()
                sleep(0.02)  # fifty people a second, and no more

    person, started = Thread(target=sign_in), perf_counter()
    person.start()
    while client.get("/api/v1/resources?limit=1").json()["total_resources"] < RESOURCES:
        sleep(0.5)
    done.set()
    person.join()
    print(f"{RESOURCES:,} resources arrived in {perf_counter() - started:.1f} s")
    return times


def _token(client: httpx2.Client) -> str:
    """A token, as soon as the server answers."""
    while True:
        with suppress(httpx2.TransportError):
            answer = client.post("/api/v1/principals", json={"kind": "program", "name": "bench"})
            if answer.is_success:
                break
        sleep(0.05)
    body = {"name": "bench", "principal": answer.json()["id"]}
    return str(client.post("/api/v1/tokens", json=body).raise_for_status().json()["secret"])


def _timed(client: httpx2.Client, path: str) -> float:
    started = perf_counter()
    client.get(path).raise_for_status()
    return 1000 * (perf_counter() - started)


def _percentile(times: list[float], which: int) -> float:
    return quantiles(times, n=100)[which - 1]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _show(what: str, value: float, bar: float) -> None:
    print(f"{what:<52} {value:>8.1f} of {bar:>5g} ms  {'ok' if value <= bar else 'over'}")


if __name__ == "__main__":
    main()
