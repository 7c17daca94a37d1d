"""Write deploy/grafana and deploy/prometheus: the console's panels for those two.

One source for both, so that a dashboard cannot ask for what the platform does not measure.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from quarterdeck.operations.metrics.panels import (
    BY_KEY,
    DASHBOARDS,
    FAILED,
    REQUESTS,
    SECONDS,
    Making,
    Panel,
    Query,
    Unit,
    promql,
)

ROOT = Path(__file__).parents[1] / "deploy"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH, HEIGHT, ACROSS = 12, 8, 2
UNITS = {
    Unit.SECONDS: "s",
    Unit.A_SECOND: "reqps",
    Unit.SHARE: "percentunit",
    Unit.COUNT: "short",
    Unit.STATE: "none",
    Unit.BYTES: "bytes",
}


class Rule(NamedTuple):
    """An alert of Prometheus; the words name the runbook it is from."""

    name: str
    expression: str
    lasting: str
    severity: str
    words: str


SHARE_FAILED = promql(Query(making=Making.SHARE, of=FAILED, among=REQUESTS))
P95 = promql(Query(making=Making.QUANTILE, of=SECONDS, quantile=0.95))
DEAD = promql(BY_KEY["dead-letters"].queries[0])
UP = promql(
    Query(
        making=Making.LEAST,
        of="quarterdeck_service_up",
        by=("tenant", "environment", "service", "region"),
    )
)
MISSED = "quarterdeck_topic_missed_total"
# A process counts from its first loss on: that a count is there, and was not, is one too.
LOST = (
    f"sum by (consumer) (increase({MISSED}[15m]) > 0 or ({MISSED} unless {MISSED} offset 15m) > 0)"
)
FULL = "max by (pool) (quarterdeck_pool_used / quarterdeck_pool_max)"

RULES = (
    Rule(
        "ProjectionLagHigh",
        "max(quarterdeck_projection_lag_seconds) > 30",
        "10m",
        "warning",
        "A projection is more than 30 s behind (runbook 004, topic 10).",
    ),
    Rule("DeadLettersMany", f"{DEAD} > 100", "30m", "warning", "More than 100 dead letters."),
    Rule(
        "TopicRecordsMissed",
        LOST,
        "0m",
        "warning",
        "JetStream lost records of a consumer, which read them from the log: look at the stream's "
        "limits, and whether it was purged.",
    ),
    Rule("ErrorRateHigh", f"{SHARE_FAILED} > 0.01", "5m", "critical", "1 % of requests fail."),
    Rule(
        "ResponseSlow", f"{P95} >= 0.5", "5m", "warning", "P95 is not below 500 ms (runbook 001)."
    ),
    Rule(
        "PoolNearlyFull",
        f"{FULL} >= 0.8",
        "5m",
        "warning",
        "80 % of the database connections are in use (runbook 001).",
    ),
    Rule(
        "ServiceUnhealthy",
        f"{UP} == 0",
        "1m",
        "critical",
        "A service is down.",
    ),
)


def main() -> None:
    """Write every file."""
    for path, text in files().items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text)
        print(f"deploy/{path}")


def files() -> dict[str, str]:
    """The text of each file, by its path below deploy/."""
    boards = {
        f"grafana/{uid}.json": json.dumps(_dashboard(uid, title, panels), indent=2) + "\n"
        for uid, (title, panels) in DASHBOARDS.items()
    }
    return boards | {
        "prometheus/rules.yml": _yaml({"groups": [{"name": "quarterdeck", "rules": _rules()}]}),
        "prometheus/prometheus.yml": _yaml(_configuration()),
    }


def _dashboard(uid: str, title: str, panels: tuple[Panel, ...]) -> dict[str, Any]:
    return {
        "uid": uid,
        "title": title,
        "tags": ["quarterdeck"],
        "timezone": "utc",
        "schemaVersion": 38,
        "version": 1,
        "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {
            "list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]
        },
        "panels": [_panel(number, panel) for number, panel in enumerate(panels)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, ACROSS)
    return {
        "id": number + 1,
        "title": panel.title,
        "description": panel.source,
        "type": "state-timeline" if panel.unit is Unit.STATE else "timeseries",
        "datasource": SOURCE,
        "gridPos": {"h": HEIGHT, "w": WIDTH, "x": column * WIDTH, "y": row * HEIGHT},
        "fieldConfig": {"defaults": _field(panel), "overrides": []},
        # A gap is drawn as one: no data is not 0, and not what was before.
        "options": {"legend": {"displayMode": "table", "calcs": ["lastNotNull", "max"]}},
        "targets": [
            {
                "refId": chr(ord("A") + at),
                "datasource": SOURCE,
                "expr": promql(query),
                "legendFormat": " ".join(
                    filter(None, (query.name, *(f"{{{{{label}}}}}" for label in query.by)))
                ),
            }
            for at, query in enumerate(panel.queries)
        ],
    }


def _field(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.limit is not None:
        colors = ("red", "green") if panel.least else ("green", "red")
        steps = [
            {"color": colors[0], "value": None},
            {"color": colors[1], "value": panel.limit},
        ]
    return {
        "unit": UNITS[panel.unit],
        "min": 0,
        "custom": {"spanNulls": False, "thresholdsStyle": {"mode": "line"}},
        "thresholds": {"mode": "absolute", "steps": steps},
    }


def _rules() -> list[dict[str, Any]]:
    return [
        {
            "alert": rule.name,
            "expr": rule.expression,
            "for": rule.lasting,
            "labels": {"severity": rule.severity},
            "annotations": {"summary": rule.words},
        }
        for rule in RULES
    ]


def _configuration() -> dict[str, Any]:
    credentials = {"type": "Bearer", "credentials_file": "/etc/prometheus/quarterdeck-token"}
    return {
        "global": {"scrape_interval": "15s", "evaluation_interval": "15s"},
        "rule_files": ["rules.yml"],
        "scrape_configs": [
            {
                "job_name": "quarterdeck",
                "authorization": credentials,
                "static_configs": [{"targets": ["127.0.0.1:8080"]}],
            }
        ],
    }


def _yaml(document: dict[str, Any]) -> str:
    head = "# Written by scripts/generate_dashboards.py.\n"
    return head + yaml.safe_dump(document, sort_keys=False, width=100)


if __name__ == "__main__":
    main()
