"""A real server and the command line that asks it."""

import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from fastapi import FastAPI
from typer.testing import CliRunner

from api.conftest import Headers, ada, app, database, issue, runtime, settings
from api.serving import served
from quarterdeck.cli.main import build_cli
from quarterdeck.runtime import Runtime

__all__ = ["ada", "app", "database", "issue", "runtime", "settings"]

Run = Callable[..., tuple[int, str, str]]
"""``run(line, token)``: exit code, data, words."""


@pytest.fixture(autouse=True, scope="module")
def silent_logs() -> Iterator[None]:
    """The server runs in this process: its lines would stand among the command's own."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture
def run(app: FastAPI, runtime: Runtime, ada: Headers) -> Iterator[Run]:
    """Runs a command line as Ada, or with another token."""
    own = ada["Authorization"].removeprefix("Bearer ")

    def ran(line: str, token: str = own, given: str = "") -> tuple[int, str, str]:
        environment = {"QUARTERDECK_URL": server.url, "QUARTERDECK_TOKEN": token}
        result = CliRunner().invoke(build_cli(_nothing), line.split(), env=environment, input=given)
        return result.exit_code, result.stdout.strip(), result.stderr.strip()

    with served(app, runtime) as server:
        yield ran


def _nothing() -> None:
    """Stands for what starts an installation."""
