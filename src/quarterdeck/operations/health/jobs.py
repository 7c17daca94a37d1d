"""The job of health: the daily check of one environment, or of our own roles."""

from collections.abc import Mapping
from functools import partial
from time import perf_counter

from quarterdeck.kernel.health import Check
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.work import read
from quarterdeck.operations.health import checkup
from quarterdeck.operations.health.model.registry import INSTALLATION
from quarterdeck.operations.health.probing.looking import Means
from quarterdeck.operations.health.service import checking, registry


def kinds(means: Means, roles: Mapping[str, Mapping[str, Check]]) -> list[JobKind]:
    """What a worker needs to run the jobs of health."""
    return [JobKind(name=registry.CHECK, run=partial(_check, means, roles))]


def _check(means: Means, roles: Mapping[str, Mapping[str, Check]], run: Run) -> None:
    environment = run.body["environment"]
    began = perf_counter()
    if environment == INSTALLATION:
        found = checkup.of_roles(roles)
    else:
        with read(run.engine, run.actor, run.clock) as work:
            services = checking.services_of(work, run.tenants, environment)
        found = checkup.of_services(services, means)
    took_ms = (perf_counter() - began) * 1000
    with run.work() as work:
        checking.keep(work, run.tenant, environment, found, took_ms)
