"""Runbook 000, pasted: its own curl and jq lines against the demo, from its own text."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from scenarios.installation import get, program
from scenarios.runbook import Command, commands, pasted
from waiting import until

SECTIONS = frozenset({1, 2, 3, 4, 5, 6, 9, 10, 11, 12})
ADDING = 5
NEW = "new-tenant-guid-here"
DOMAINS = ["costs", "compliance", "resources", "identity"]
Judge = Callable[[str, Path], None]


@pytest.fixture(scope="module")
def lines(shared_data: Path) -> list[Command]:
    (file,) = (shared_data / "spec" / "runbooks").glob("000*")
    return commands(file.read_text(), SECTIONS)


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demo in which every domain of every tenant has been read once."""
    if missing := [tool for tool in ("curl", "jq", "xargs") if shutil.which(tool) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    home = str(tmp_path_factory.mktemp("home"))
    with program("demo", "--port", "0", "--resources", "600", TMPDIR=home, HOME=home) as running:
        said = running.await_words("Ctrl-C ends the demo")
        found = re.search(r"Console\s+(\S+)", said)
        assert found
        until(lambda: every_domain_came(found[1]), 120, "every domain")
        yield found[1]


def every_domain_came(url: str) -> bool:
    ages = get(f"{url}/api/v1/freshness")["freshness"]
    return all(age["state"] != "never" for age in ages)


def test_no_line_of_the_runbook_is_left_out(lines: list[Command]) -> None:
    assert len(lines) == 60


@pytest.mark.census("AG-003", "AG-004", "AG-018", "AG-023", "AG-049", "AG-050", "AG-051", "AG-058")
@pytest.mark.census("AG-052", "AG-053", "AG-061", "AG-077", "AG-137")
def test_each_line_yields_what_the_runbook_says(
    lines: list[Command], base_url: str, tmp_path: Path
) -> None:
    charge_what_is_exported(base_url)
    for line in lines:
        if line.section > ADDING:
            take_away_what_was_pasted(base_url)
        (judge,) = [judge for pattern, judge in EXPECTED if re.search(pattern, line.text)]
        done = pasted(line, base_url, tmp_path)
        assert done.returncode == 0, (line, done.stderr)
        try:
            judge(done.stdout, tmp_path)
        except (AssertionError, ValueError, KeyError, IndexError) as error:
            raise AssertionError(f"{line}\n{done.stdout}\n{done.stderr}") from error


def charge_what_is_exported(base_url: str) -> None:
    """Section 12 exports the costs of days that no schedule of today reads: a file brings some."""
    tenant = get(f"{base_url}/api/v1/tenants")[0]["tenant_id"]
    head = "BilledCost,BillingCurrency,ChargePeriodStart,ServiceName,SubAccountId"
    text = f"{head}\n12.5,EUR,2025-02-01T00:00:00Z,Storage,by-hand\n"
    url = f"{base_url}/api/v1/costs/imports?tenant={tenant}"
    httpx2.post(url, content=text, headers={"Content-Type": "text/csv"}).raise_for_status()


def take_away_what_was_pasted(base_url: str) -> None:
    """Section 5 adds a tenant whose every value is a placeholder; its credential is none."""
    there = {t["tenant_id"]: t["archived_at"] for t in get(f"{base_url}/api/v1/tenants")}
    if NEW not in there or there[NEW]:
        return

    def ran() -> bool:
        logs = get(f"{base_url}/api/v1/sync/history?limit=50")["logs"]
        return any(log["tenant_id"] == NEW for log in logs)

    until(ran, what="a run of the new tenant")
    httpx2.delete(f"{base_url}/api/v1/tenants/{NEW}").raise_for_status()


def document(judge: Callable[[Any], bool]) -> Judge:
    """Holds for the one JSON document that was printed, and that it is no problem."""

    def check(out: str, _folder: Path) -> None:
        found = json.loads(out)
        assert not is_problem(found), out
        assert judge(found), out

    return check


def problem(status: int) -> Judge:
    """The one JSON document that was printed is a problem of this status."""

    def check(out: str, _folder: Path) -> None:
        found = json.loads(out)
        assert is_problem(found), out
        assert found["status"] == status, out

    return check


def is_problem(found: object) -> bool:
    """What every failure answers, though curl calls it a success."""
    return isinstance(found, dict) and str(found.get("type")).startswith("/problems/")


def documents(judge: Callable[[Any], bool], *, some: bool = True) -> Judge:
    """Holds for each JSON document that jq printed, and that there are some."""

    def check(out: str, _folder: Path) -> None:
        found = list(stream(out))
        assert found or not some
        assert not any(is_problem(one) for one in found), found
        assert all(judge(one) for one in found), found

    return check


def words(pattern: str) -> Judge:
    """The output matches."""

    def check(out: str, _folder: Path) -> None:
        assert re.fullmatch(pattern, out.strip()), out

    return check


def file(name: str, column: str) -> Judge:
    """A CSV file was written, with this column among others, and that there are rows."""

    def check(_out: str, folder: Path) -> None:
        text = (folder / name).read_text()
        header, *rows = text.splitlines()
        assert column in header.split(","), header
        assert rows

    return check


def stream(out: str) -> Iterator[Any]:
    """The documents that stand one behind the other."""
    decoder = json.JSONDecoder()
    while out := out.lstrip():
        found, end = decoder.raw_decode(out)
        yield found
        out = out[end:]


def triggered(sync_type: str) -> Judge:
    """Exactly the two keys of section 4.1."""
    return document(lambda d: d == {"status": "triggered", "sync_type": sync_type})


def outcomes(report: Any) -> set[tuple[str, str]]:  # noqa: ANN401  JSON
    """The checks of preflight, and what came of them at one tenant or other."""
    return {(check["name"], check["status"]) for check in report["checks"]}


def is_time(text: str | None) -> bool:
    """RFC 3339 in UTC."""
    return text is not None and text.endswith("Z") and bool(datetime.fromisoformat(text))


EXPECTED: list[tuple[str, Judge]] = [
    (r'HEALTH=\$\(curl -s "\$BASE_URL/health"\)', words("")),
    (r'^curl -s "\$BASE_URL/health"', document(lambda d: d["status"] == "healthy")),
    (r"'\.components'", document(lambda d: {"database", "scheduler", "cache"} <= d.keys())),
    (r"azure_configured", document(lambda d: d is True)),
    (r"Active jobs", words(r"Active jobs: 4")),
    (r"ALERT_COUNT=", words("")),
    (
        r"cache_hit_rate",
        document(
            lambda d: (
                d["status"] in {"healthy", "degraded"}
                and d["db_status"] == "healthy"
                and isinstance(d["active_alerts"], int)
                and 0 <= d["cache_hit_rate"] <= 100
            )
        ),
    ),
    (r"api/v1/status\"$", document(lambda d: isinstance(d["alerts"]["active_count"], int))),
    (
        r"sync/health",
        document(
            lambda d: (
                d.keys()
                == {"status", "last_sync", "next_sync", "recent_failures", "consecutive_failures"}
                and is_time(d["last_sync"])
                and is_time(d["next_sync"])
                and isinstance(d["recent_failures"], int)
            )
        ),
    ),
    (
        r"sync/metrics",
        documents(
            lambda d: (
                d["job_type"] in DOMAINS
                and 0 <= d["success_rate"] <= 100
                and d["avg_duration_minutes"] >= 0
            )
        ),
    ),
    (r"sync/status\"$", document(lambda d: [j["job_type"] for j in d["jobs"]] == DOMAINS)),
    (r'status == "failed"', documents(lambda d: d["status"] == "failed", some=False)),
    (
        r"\{job_type, started_at, status\}",
        documents(lambda d: d["job_type"] in DOMAINS and is_time(d["started_at"])),
    ),
    (r"\.logs\[0\]", document(lambda d: d["job_type"] in DOMAINS and is_time(d["started_at"]))),
    (r"sync/costs\"$", triggered("costs")),
    (r"sync/compliance\"$", triggered("compliance")),
    (r"sync/resources\"$", triggered("resources")),
    (r"sync/identity\"$", triggered("identity")),
    (r"riverside/sync", triggered("riverside")),
    (r"sync/costs/backfill", document(lambda d: d["status"] == "triggered")),
    (r"costs/summary", document(lambda d: d["freshness"]["state"] == "current")),
    (r"compliance/summary", document(lambda d: d["counts"]["total"] > 0)),
    (r'resources"\s.*total_resources', document(lambda d: d > 0)),
    (r"tenant_ids=.*total_resources", document(lambda d: d == 0)),
    (r"-X POST \"\$BASE_URL/api/v1/tenants", document(lambda d: d["tenant_id"] == NEW)),
    (r"api/v1/tenants\"$", document(lambda d: NEW in [t["tenant_id"] for t in d])),
    (r"tenants\" .*select\(", document(lambda d: d["tenant_id"] == NEW)),
    (r"history.*select\(\.tenant_id", documents(lambda d: d["tenant_id"] == NEW, some=False)),
    (r"\.\[\]\.tenant_id", documents(lambda d: isinstance(d, str))),
    (
        r"maintenance/enable",
        document(lambda d: (d["status"], d["window"]["duration_minutes"]) == ("enabled", 60)),
    ),
    (
        r"maintenance/disable",
        document(lambda d: d["status"] == "disabled" and len(d["ended"]) == 1),
    ),
    (r"preflight/run", document(lambda d: ("credential", "pass") in outcomes(d))),
    (r"preflight/clear-cache", document(lambda d: d["status"] == "cleared")),
    (r"monitoring/reset", document(lambda d: d["status"] == "reset")),
    (r"\{id, title, severity\}", documents(lambda d: isinstance(d["id"], int), some=False)),
    (r"alerts/123/resolve", problem(404)),
    (r"xargs -I", documents(lambda d: d["status"] == "resolved", some=False)),
    (r"exports/costs", file("costs-export.csv", "date")),
    (r"exports/compliance", file("compliance-export.csv", "tenant")),
    (r"exports/resources", file("resources-export.csv", "tenant")),
    (r"monitoring/queries", documents(lambda d: d["duration_ms"] > 0, some=False)),
    (r"monitoring/sync-jobs", documents(lambda d: d["job_type"] in DOMAINS)),
    (r"monitoring/cache", document(lambda d: 0 <= d <= 100)),
]
"""What each line must yield; exactly one entry matches each line."""
