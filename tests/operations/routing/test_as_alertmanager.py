"""The same configuration and the same alerts in Debian's Alertmanager and in us.

What the receivers got is compared, scenario by scenario. All scenarios run at once, on one
time line: each has its own branch of the tree, and its own path at the sink.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine

from operations.routing.stage import Watch
from quarterdeck.kernel.clock import rfc3339
from quarterdeck.operations.silences import service as silences
from servers import databases, prometheus, sink
from servers.sink import Got, Sink
from waiting import until

WAIT, INTERVAL = "500ms", "2s"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
STEP_S = 1.5  # between steps: well after a group's wait, well before its next turn


def branch(name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  of a configuration
    return {"receiver": name, "matchers": [f'scenario="{name}"'], **more}


ROUTES: list[dict[str, Any]] = [
    branch("grouping", group_by=["cluster"]),
    branch("all-labels", group_by=["..."]),
    branch("new-in-group"),
    branch("resolve"),
    branch("resolve-unsaid"),
    branch("flap"),
    branch("repeat", group_interval="1s", repeat_interval="1s"),
    branch("goes-on", **{"continue": True}),
    {"receiver": "went-on", "match_re": {"scenario": "goes-.*"}},
    branch("inhibit"),
    branch("inhibit-late"),
    branch("silence-before"),
    branch("silence-during"),
    branch("silence-ends"),
    branch("muted", mute_time_intervals=["always"]),
    branch("not-muted", mute_time_intervals=["long-ago"]),
    branch("active", active_time_intervals=["always"]),
    branch("not-active", active_time_intervals=["long-ago"]),
    branch(
        "nested",
        group_by=["cluster"],
        routes=[
            {"matchers": ['severity=~"critical|page"', "team!=x"], "group_by": ["alertname"]},
            {"matchers": ['"severity"="warning"'], "receiver": "nested-too"},
        ],
    ),
]
NAMES = [*(route["receiver"] for route in ROUTES), "nested-too"]


def config(url: str) -> str:
    receivers = [
        {
            "name": name,
            "webhook_configs": [
                {"url": f"{url}/{name}", "send_resolved": name != "resolve-unsaid"}
                | ({"max_alerts": 1} if name == "grouping" else {})
            ],
        }
        for name in NAMES
    ]
    return json.dumps(
        {
            "global": {"resolve_timeout": "5m"},
            "route": {
                "receiver": "nobody",
                "group_by": ["alertname"],
                "group_wait": WAIT,
                "group_interval": INTERVAL,
                "repeat_interval": "1h",
                "routes": ROUTES,
            },
            "receivers": [{"name": "nobody"}, *receivers],
            "inhibit_rules": [
                {
                    "source_matchers": ["severity=critical"],
                    "target_matchers": ["severity=warning", 'scenario=~"inhibit.*"'],
                    "equal": ["node", "scenario"],
                }
            ],
            "time_intervals": [
                {
                    "name": "always",
                    "time_intervals": [{"times": [{"start_time": "00:00", "end_time": "24:00"}]}],
                },
                {"name": "long-ago", "time_intervals": [{"years": ["2001:2020"]}]},
            ],
        }
    ).replace('"\\"severity\\"=\\"warning\\""', '"severity=\\"warning\\""')


Step = list[tuple[str, str, dict[str, str]]]
"""What happens at once: ``fire``, ``resolve``, ``silence`` or ``unsilence``; a scenario; labels."""

STEPS: list[Step] = [
    [
        ("silence", "silence-before", {}),
        ("silence", "silence-ends", {}),
        ("fire", "grouping", {"cluster": "a", "node": "1"}),
        ("fire", "grouping", {"cluster": "a", "node": "2", "job": "z"}),
        ("fire", "grouping", {"cluster": "b", "node": "3"}),
        ("fire", "grouping", {"node": "4"}),
        ("fire", "all-labels", {"node": "1"}),
        ("fire", "all-labels", {"node": "2"}),
        ("fire", "new-in-group", {"node": "1"}),
        ("fire", "resolve", {"node": "1"}),
        ("fire", "resolve", {"node": "2"}),
        ("fire", "resolve-unsaid", {"node": "1"}),
        ("fire", "flap", {"node": "1"}),
        ("resolve", "flap", {"node": "1"}),
        ("fire", "repeat", {"node": "1"}),
        ("fire", "goes-on", {"node": "1"}),
        ("fire", "inhibit", {"node": "1", "severity": "critical"}),
        ("fire", "inhibit", {"node": "1", "severity": "warning", "alertname": "Slow"}),
        ("fire", "inhibit", {"node": "2", "severity": "warning", "alertname": "Slow"}),
        ("fire", "inhibit-late", {"node": "1", "severity": "warning", "alertname": "Slow"}),
        ("fire", "silence-before", {"node": "1"}),
        ("fire", "silence-during", {"node": "1"}),
        ("fire", "silence-ends", {"node": "1"}),
        *(("fire", name, {}) for name in ("muted", "not-muted", "active", "not-active")),
        ("fire", "nested", {"cluster": "a", "severity": "page"}),
        ("fire", "nested", {"cluster": "a", "severity": "page", "team": "x"}),
        ("fire", "nested", {"cluster": "a", "severity": "warning"}),
        ("fire", "nested", {"cluster": "a"}),
    ],
    [
        ("fire", "new-in-group", {"node": "2"}),
        ("resolve", "resolve", {"node": "1"}),
        ("resolve", "resolve-unsaid", {"node": "1"}),
        ("silence", "silence-during", {}),
        ("fire", "silence-during", {"node": "2"}),
        ("unsilence", "silence-ends", {}),
        ("fire", "inhibit-late", {"node": "1", "severity": "critical"}),
        ("resolve", "inhibit-late", {"node": "1", "severity": "warning", "alertname": "Slow"}),
        ("resolve", "inhibit", {"node": "1", "severity": "critical"}),
    ],
    [],
    [
        ("resolve", "resolve", {"node": "2"}),
        ("fire", "resolve-unsaid", {"node": "1"}),
        ("fire", "resolve-unsaid", {"node": "2"}),
    ],
    [],
]


class Both:
    """Tells Alertmanager and us the same."""

    def __init__(self, theirs: httpx2.Client, ours: Watch) -> None:
        self.theirs, self.ours = theirs, ours
        self.silences: dict[str, tuple[str, str]] = {}
        self.began: dict[str, str] = {}

    def do(self, step: Step) -> None:
        fire = [self.alert(*one) for one in step if one[0] in ("fire", "resolve")]
        for kind, name, _ in step:
            if kind == "silence":
                self.silence(name)
            if kind == "unsilence":
                self.unsilence(name)
        if fire:
            answer = self.theirs.post("/api/v2/alerts", json=fire)
            assert answer.is_success, answer.text
            for kind in ("fire", "resolve"):
                labels = [self.labels(n, m) for k, n, m in step if k == kind]
                self.ours.push(*labels, resolved=kind == "resolve")

    def labels(self, name: str, more: dict[str, str]) -> dict[str, str]:
        return {"alertname": "Down", "scenario": name, **more}

    def alert(self, kind: str, name: str, more: dict[str, str]) -> dict[str, Any]:
        labels, now = self.labels(name, more), rfc3339(self.ours.clock())
        body = {"labels": labels, "annotations": {"summary": "it is down"}}
        key = json.dumps(labels, sort_keys=True)
        if kind == "resolve":
            return body | {"startsAt": self.began[key], "endsAt": now}
        self.began[key] = now
        return body | {"startsAt": now, "endsAt": "2099-01-01T00:00:00Z"}

    def silence(self, name: str) -> None:
        matcher = {"name": "scenario", "value": name, "isRegex": False, "isEqual": True}
        body = {
            "matchers": [matcher],
            "startsAt": rfc3339(self.ours.clock()),
            "endsAt": "2099-01-01T00:00:00Z",
            "createdBy": "ada",
            "comment": "at work",
        }
        answer = self.theirs.post("/api/v2/silences", json=body)
        ours = self.ours.silence(f'scenario="{name}"')
        self.silences[name] = answer.json()["silenceID"], ours.id

    def unsilence(self, name: str) -> None:
        theirs, ours = self.silences[name]
        assert self.theirs.delete(f"/api/v2/silence/{theirs}").is_success
        with self.ours.work() as work:
            silences.expire(work, ours)


def said(one: Got) -> dict[str, Any]:
    """What a notification says, but for what must differ: addresses and exact times."""
    body = dict(one.body)
    body.pop("externalURL")
    body["alerts"] = [
        {
            name: value
            for name, value in alert.items()
            if name not in ("startsAt", "endsAt", "generatorURL")
        }
        | {"over": not alert["endsAt"].startswith("0001")}
        for alert in body["alerts"]
    ]
    return body


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sink, Sink]]:
    """What the receivers of theirs and of ours got, once the whole story has been told."""
    if reason := prometheus.missing(prometheus.ALERTMANAGER):
        pytest.skip(reason)
    folder: Path = tmp_path_factory.mktemp("both")
    template = tmp_path_factory.getbasetemp() / "tables.db"
    with (
        sink.running() as theirs,
        sink.running() as ours,
        databases.opened(databases.sqlite(template, folder)) as engine,
        prometheus.alertmanager(folder / "theirs", config(theirs.url)) as url,
        httpx2.Client(base_url=url) as client,
    ):
        story(engine, client, ours)
        yield theirs, ours


def story(engine: Engine, client: httpx2.Client, ours: Sink) -> None:
    watch = Watch(engine, now=None)
    watch.apply(config(ours.url))
    with watch.running():
        telling, began = Both(client, watch), monotonic()
        for number, step in enumerate(STEPS):
            Event().wait(max(0.0, began + number * STEP_S - monotonic()))
            telling.do(step)
        until(lambda: monotonic() > began + len(STEPS) * STEP_S + 0.7, what="the last turn")
    watch.close()


QUIET = {"flap", "silence-before", "muted", "not-active"}


@pytest.mark.parametrize("name", NAMES)
def test_receivers_get_the_same(both: tuple[Sink, Sink], name: str) -> None:
    theirs, ours = ([said(one) for one in found.of(f"/{name}")] for found in both)
    # Groups of one scenario have their turns in no order among themselves.
    order = [sorted(found, key=lambda body: str(body["groupKey"])) for found in (theirs, ours)]
    if name == "repeat":  # how often depends on when one looks
        assert min(len(theirs), len(ours)) >= 3
        order = [found[:3] for found in order]
    assert order[1] == order[0]
    assert bool(theirs) is (name not in QUIET)


def test_times_are_written_alike(both: tuple[Sink, Sink]) -> None:
    theirs, ours = ([one.body for one in found.of("/resolve")] for found in both)
    for one, other in zip(theirs, ours, strict=True):
        for alert, own in zip(one["alerts"], other["alerts"], strict=True):
            for name in ("startsAt", "endsAt"):
                assert MOMENT.fullmatch(alert[name])
                assert MOMENT.fullmatch(own[name])
                apart = abs(datetime.fromisoformat(alert[name]) - datetime.fromisoformat(own[name]))
                assert apart < timedelta(seconds=STEP_S)
        assert other["externalURL"] == "https://quarterdeck.example"
