"""Skips fail the run where nothing may be skipped: ``QUARTERDECK_NO_SKIPS=1``, as CI sets."""

import os

import pytest


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn a green run with skips into a failed one."""
    if _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name what was skipped, and that it may not be."""
    if not (skipped := _skipped(config)):
        return
    terminalreporter.section("skipped where nothing may be", red=True)
    for report in skipped:
        terminalreporter.line(f"{report.nodeid}: {_reason(report)}")


def _skipped(config: pytest.Config) -> list[pytest.TestReport]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("QUARTERDECK_NO_SKIPS") or reporter is None:
        return []
    reports: list[pytest.TestReport] = reporter.stats.get("skipped", [])
    return reports


def _reason(report: pytest.TestReport) -> str:
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
