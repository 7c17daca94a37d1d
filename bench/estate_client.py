"""The client against the simulator: a quota that binds, and a hundred tenants at once.

Bars: one principal over 200 subscriptions with Resource Graph's 15 requests in 5 s binding,
<= 1.2 x the quota's time; 100 tenants x 1,000 resources at 50 ms latency, read but not
stored, within the 20 s of a full sync.
"""

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import httpx2

from providers.rehearsal import connection
from quarterdeck.kernel.clock import utc_now
from quarterdeck.providers.azure.cloud import AzureCloud
from quarterdeck.providers.azure.clouds import AzureClouds
from quarterdeck.providers.azure.options import AzureOptions
from quarterdeck.providers.simulator.server import Access

THREADS = 8
SUBSCRIPTIONS, WINDOW, WINDOW_S = 200, 15, 5.0
QUOTA_S = (SUBSCRIPTIONS / WINDOW - 1) * WINDOW_S


def main() -> None:
    """Print both."""
    with simulator("--quotas", "--tenants", "70", "--resources", "7000") as said:
        _one_principal(said)
    with simulator("--tenants", "100", "--resources", "100000") as said:
        for graph in (False, True):
            _hundred_tenants(said, graph=graph)


@contextmanager
def simulator(*flags: str) -> Iterator[dict[str, Any]]:
    """A simulated cloud in a process of its own, 50 ms away; what it says of itself."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "quarterdeck", "simulate", "azure", "--data", folder]
        command += ["--latency-ms", "50", *flags]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            yield json.loads(process.stdout.readline())
            process.terminate()


def _one_principal(said: dict[str, Any]) -> None:
    tenants = [Access(**one) for one in said["tenants"]]
    with httpx2.Client(base_url=said["url"], verify=_trust(said), trust_env=False) as http:
        for one in tenants[1:]:
            body = {"managing": tenants[0].tenant_id, "managed": one.tenant_id}
            http.post("/_simulator/delegations", json=body).raise_for_status()
    with _clouds(said, graph=True) as clouds:
        cloud = _open(clouds, tenants[0])
        listed = [one.id for one in islice(cloud.subscriptions(), SUBSCRIPTIONS)]
        began = perf_counter()
        # Backwards, no query serves two of them: as many requests as subscriptions.
        seen = sum(_count(cloud, one) for one in reversed(listed))
        took = perf_counter() - began
        print(f"{len(listed)} subscriptions, a request each: {took:.1f} s, {seen:,} resources,")
        print(f"  {took / QUOTA_S:.2f} x the quota's {QUOTA_S:.1f} s")
        began = perf_counter()
        seen = sum(_count(cloud, one.id) for one in cloud.subscriptions())
        print(f"  as sync reads them: {perf_counter() - began:.1f} s, {seen:,} resources")


def _hundred_tenants(said: dict[str, Any], *, graph: bool) -> None:
    tenants = [Access(**one) for one in said["tenants"]]
    with _clouds(said, graph=graph) as clouds, ThreadPoolExecutor(THREADS) as pool:
        began = perf_counter()
        seen = sum(pool.map(lambda one: _all(_open(clouds, one)), tenants))
        name = "Resource Graph" if graph else "Resource Manager"
        print(f"100 tenants by {name}: {perf_counter() - began:.1f} s, {seen:,} resources")


def _all(cloud: AzureCloud) -> int:
    return sum(_count(cloud, one.id) for one in cloud.subscriptions())


def _count(cloud: AzureCloud, subscription: str) -> int:
    return sum(len(page.items) for page in cloud.resources(subscription))


def _open(clouds: AzureClouds, one: Access) -> AzureCloud:
    return clouds.open(connection(one, f"env:{one.client_id}"))


@contextmanager
def _clouds(said: dict[str, Any], *, graph: bool) -> Iterator[AzureClouds]:
    options = AzureOptions(
        endpoint=said["url"],
        authority=said["authority"],
        graph=said["url"],
        ca_file=Path(said["ca_file"]),
        resource_graph=graph,
    )
    environ = {one["client_id"]: one["client_secret"] for one in said["tenants"]}
    with closing(AzureClouds(options, utc_now, environ)) as clouds:
        yield clouds


def _trust(said: dict[str, Any]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=said["ca_file"])


if __name__ == "__main__":
    main()
