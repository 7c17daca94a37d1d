"""An installation in one process, and who asks it.

``ada`` is the admin; ``nobody`` has a credential and no right at all; ``eve`` is an admin of
tenant ``other`` alone. Each is the headers of a request. The tenant ``acme`` is there.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.testclient import TestClient
from structlog.typing import Processor

from quarterdeck.access.authentication.service import Authenticator
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Kind, Scope, installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tokens import service as tokens
from quarterdeck.access.tokens.model import Wanted
from quarterdeck.api.app import build_app
from quarterdeck.kernel.checks import database_check
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.health import Entry, Health
from quarterdeck.kernel.settings import Settings
from quarterdeck.kernel.work import begin
from quarterdeck.operations.metrics.opening import open_metrics
from quarterdeck.providers.webhook.sender import HttpSender
from quarterdeck.runtime import Runtime
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.log.opening import open_trail
from quarterdeck.trail.projections.service.fields import Fields
from quarterdeck.trail.query.explorer import open_explorer
from quarterdeck.wiring.telling import outlet
from servers import databases

SECRET = "of-the-tests-and-32-bytes-or-longer"
BASE = "http://127.0.0.1:8080"

Headers = dict[str, str]
"""Of a request: who asks."""


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """Logs as JSON lines on standard output; drawing a trace in colours takes seconds."""
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]
    structlog.configure(processors=processors, cache_logger_on_first_use=False)
    yield
    structlog.reset_defaults()


@pytest.fixture
def settings() -> Settings:
    """Production's, but for what would make tests wait."""
    return Settings(
        secret=SECRET, heartbeat_s=0.3, rate_limit_per_s=10_000, rate_limit_burst=100_000
    )


@pytest.fixture
def database(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """SQLite: what HTTP promises does not depend on the database; ``engine`` gives both."""
    template = tmp_path_factory.getbasetemp() / "tables.db"
    with databases.opened(databases.sqlite(template, tmp_path)) as opened:
        yield opened


@pytest.fixture
def runtime(settings: Settings, database: Engine, tmp_path: Path) -> Iterator[Runtime]:
    """An installation with tenants ``acme`` and ``other``."""
    with begin(database, installation(), utc_now) as work:
        tenants.create(work, "acme", "Acme")
        tenants.create(work, "other", "Other")
    with closing(open_trail(database, tmp_path / "trail", lasting=True)) as trail:
        keys = KeyStore(tmp_path / "keys")
        fields = Fields(database, keys, trail.reader)
        near = replace(settings, webhook_networks="127.0.0.0/8")
        sender = HttpSender(near.webhook_networks)
        yield Runtime(
            settings=settings,
            engine=database,
            clock=utc_now,
            access=Authenticator(database, utc_now),
            keys=keys,
            reader=trail.reader,
            removal=trail.removal,
            sequencer=trail.sequencer,
            explorer=open_explorer(database, tmp_path / "read", fields, search=True),
            metrics=open_metrics(database, tmp_path / "series"),
            checks={"database": database_check(database), "scheduler": idle},
            exports=tmp_path / "exports",
            outlet=outlet(near, keys, sender),
        )
        sender.close()


@pytest.fixture
def app(runtime: Runtime) -> FastAPI:
    """The API as it is served."""
    return build_app(runtime)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Asks from another machine: no loopback trust."""
    with TestClient(
        app,
        base_url=BASE,
        raise_server_exceptions=False,
        follow_redirects=False,
        client=("192.0.2.7", 50000),
    ) as opened:
        yield opened


Issue = Callable[..., Headers]
"""``issue(role, tenant)``: the headers of a new program that holds a role; none if ""."""


@pytest.fixture
def issue(runtime: Runtime) -> Issue:
    """Makes programs with tokens."""

    def made(role: str = "", tenant: str = "_platform", home: str = "_platform") -> Headers:
        with begin(runtime.engine, installation(), utc_now) as work:
            program = principals.create(work, Kind.PROGRAM, role or "nobody", home=home)
            if role:
                principals.grant(work, program.id, role, tenant)
            wanted = Wanted(
                principal=program.id,
                name="tests",
                expires_at=work.now + timedelta(hours=1),
                scope=Scope(),
            )
            issued = tokens.create(work, wanted)
        return {"Authorization": f"Bearer {issued.secret}"}

    return made


@pytest.fixture
def ada(issue: Issue) -> Headers:
    return issue("admin")


@pytest.fixture
def nobody(issue: Issue) -> Headers:
    return issue()


@pytest.fixture
def eve(issue: Issue) -> Headers:
    return issue("tenant-admin", "other", home="other")


def idle() -> Entry:
    """A scheduler that is well."""
    return Entry(status=Health.HEALTHY, description="0 jobs due")
