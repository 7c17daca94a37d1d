"""Which census rows the tests of a run hold: ``@pytest.mark.census("AG-001")``.

``--census FOLDER`` writes what became of every marked test to ``FOLDER/tests.json``, for
``scripts/conformance.py``. A marker that names an unknown row fails the run.
"""

import csv
import json
from pathlib import Path

import pytest

ROWS = Path(__file__).parents[1] / "conformance" / "census.csv"
PROPERTY = "census"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--census``."""
    parser.addoption("--census", metavar="FOLDER", help="write the outcome of marked tests here")


def pytest_configure(config: pytest.Config) -> None:
    """Record outcomes where the run ends up: in xdist's controller, or the only process."""
    folder = config.getoption("--census")
    if folder and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(config.rootpath / folder), "census-recorder")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hand each marked test its rows.

    Raises:
        pytest.UsageError: a marker names a row that the census does not have.
    """
    known = _known()
    for item in items:
        rows = [row for mark in item.iter_markers("census") for row in mark.args]
        if unknown := sorted(set(rows) - known):
            raise pytest.UsageError(f"{item.nodeid}: no such census row: {', '.join(unknown)}")
        item.user_properties.extend((PROPERTY, row) for row in rows)


class Recorder:
    """Collects outcomes: a test passed if its set-up, its call and its end did."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, list[str]] = {}
        self.outcomes: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        rows = [str(value) for name, value in report.user_properties if name == PROPERTY]
        if not rows:
            return
        self.rows[report.nodeid] = rows
        if report.outcome != "passed":
            self.outcomes[report.nodeid] = report.outcome
        elif hasattr(report, "wasxfail"):
            self.outcomes[report.nodeid] = "xpassed"
        self.outcomes.setdefault(report.nodeid, "passed")

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        tests = [
            {"test": test, "outcome": self.outcomes[test], "rows": rows}
            for test, rows in sorted(self.rows.items())
        ]
        self.folder.mkdir(parents=True, exist_ok=True)
        found = {"partial": _why_partial(session, exitstatus), "tests": tests}
        (self.folder / "tests.json").write_text(json.dumps(found, indent=1) + "\n")


def _why_partial(session: pytest.Session, exitstatus: int) -> str:
    """Why tests may be missing from the results; "" if the run was whole.

    A row is held when all its tests passed: one that never ran must not go unnoticed.
    """
    config = session.config
    if exitstatus not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        return f"the run broke off, exit status {int(exitstatus)}"
    if session.shouldfail or session.shouldstop:
        return "the run was stopped at a failure"
    whole = {config.rootpath, *(config.rootpath / path for path in config.getini("testpaths"))}
    chosen = {(config.invocation_params.dir / argument).resolve() for argument in config.args}
    if not chosen & whole or config.getoption("keyword") or config.getoption("markexpr"):
        return "the run was of some tests only"
    return ""


def _known() -> set[str]:
    with ROWS.open(newline="") as file:
        return {row["id"] for row in csv.DictReader(file)}
