"""A storm: fifty thousand alerts in two hundred groups."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from operations.routing.stage import Watch
from quarterdeck.operations.alerts.service import looking
from servers import sink
from servers.sink import Sink

ALERTS, GROUPS, A_POST = 50_000, 200, 1_000


@pytest.fixture
def team() -> Iterator[Sink]:
    with sink.running() as found:
        yield found


@pytest.fixture
def watch(engine: Engine, team: Sink) -> Iterator[Watch]:
    hooks = [{"url": f"{team.url}/team"}]
    route = {"receiver": "team", "group_by": ["cluster"], "group_wait": "30s"}
    receivers = [{"name": "team", "webhook_configs": hooks}]
    watch = Watch(engine)
    watch.apply(json.dumps({"route": route, "receivers": receivers}))
    yield watch
    watch.close()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_storm_is_told_whole_one_word_a_group_and_buries_no_later_alert(
    watch: Watch, team: Sink
) -> None:
    for first in range(0, ALERTS, A_POST):
        numbers = range(first, first + A_POST)
        watch.push(*({"cluster": str(n % GROUPS), "node": str(n)} for n in numbers))
    watch.settle()
    assert team.of("/team") == []  # a group waits for its company
    watch.pass_time(seconds=31)
    watch.settle()
    posts = team.of("/team")
    nodes = Counter(one["labels"]["node"] for got in posts for one in got.body["alerts"])
    assert nodes == Counter(map(str, range(ALERTS)))  # each once
    assert len(posts) == GROUPS
    with watch.work() as work:
        assert looking.active_count(work) == ALERTS
    watch.push({"cluster": "a quiet one", "node": "late"})
    watch.settle()
    watch.pass_time(seconds=31)
    watch.settle()
    [late] = team.of("/team")[GROUPS:]
    assert [one["labels"]["node"] for one in late.body["alerts"]] == ["late"]
