"""Who is told, when, and what happens when the receiver, or we, fail."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Engine, select, text, update

from operations.routing.stage import Watch
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.alerts.model import Filter
from quarterdeck.operations.alerts.service import lifecycle, looking
from quarterdeck.operations.routing.service import sending as sending_module
from quarterdeck.operations.routing.service.forgetting import forget
from quarterdeck.operations.routing.service.outgoing import Outgoing, outgoing
from quarterdeck.operations.routing.service.sending import Sending
from quarterdeck.operations.routing.store import groups
from quarterdeck.operations.routing.store import notifications as store
from quarterdeck.operations.routing.store.table import notifications, sources
from quarterdeck.operations.sending.model import Reply
from servers import sink
from servers.sink import Sink
from waiting import until


def config(url: str, **route: Any) -> str:  # noqa: ANN401  of a configuration
    usual = {"receiver": "team", "group_by": ["alertname"], "group_wait": "0s"}
    return json.dumps(
        {
            "route": {**usual, "group_interval": "1m", "repeat_interval": "4h", **route},
            "receivers": [{"name": "team", "webhook_configs": [{"url": f"{url}/team"}]}],
        }
    )


@pytest.fixture
def team() -> Iterator[Sink]:
    with sink.running() as found:
        yield found


@pytest.fixture
def watch(engine: Engine, team: Sink) -> Iterator[Watch]:
    watch = Watch(engine)
    watch.apply(config(team.url))
    yield watch
    watch.close()


def told(team: Sink) -> list[list[tuple[str, str]]]:
    """What the team was told: of each notification, status and node of its alerts."""
    return [
        [(one["status"], one["labels"].get("node", "")) for one in got.body["alerts"]]
        for got in team.of("/team")
    ]


def look(watch: Watch, *states: str) -> Outgoing:
    with watch.work() as work:
        return outgoing(work, "acme", states)


def due_now(engine: Engine) -> None:
    """What waits for its next attempt, by the database's clock, waits no longer."""
    with engine.begin() as db:
        waiting = update(notifications).where(notifications.c.state == "waiting")
        db.execute(waiting.values(due_at=0))


def lapsed(engine: Engine) -> None:
    """Leases have run out."""
    with engine.begin() as db:
        sending = update(notifications).where(notifications.c.state == "sending")
        db.execute(sending.values(due_at=0))


def test_a_new_group_without_a_wait_is_told_at_once_and_its_end_at_its_next_turn(
    watch: Watch, team: Sink
) -> None:
    watch.push({"node": "a"})
    watch.settle()
    assert told(team) == [[("firing", "a")]]
    watch.pass_time(seconds=30)
    watch.push({"node": "a"}, resolved=True)
    watch.settle()
    assert len(told(team)) == 1
    watch.pass_time(seconds=31)
    watch.settle()
    assert told(team)[1:] == [[("resolved", "a")]]
    watch.pass_time(hours=5)
    watch.settle()
    assert len(told(team)) == 2


def test_it_is_repeated_after_its_interval_also_by_another_process(
    watch: Watch, team: Sink
) -> None:
    watch.push({"node": "a"})
    watch.settle()
    for _ in range(3):
        watch.pass_time(minutes=59)
        watch.push({"node": "a"})
        watch.settle(watch.sending())  # a process that remembers nothing
    assert len(told(team)) == 1
    watch.pass_time(minutes=64)
    watch.push({"node": "a"})
    watch.settle(watch.sending())
    assert told(team) == [[("firing", "a")]] * 2


def test_a_configuration_applied_anew_tells_nobody_again(watch: Watch, team: Sink) -> None:
    watch.push({"node": "a"})
    watch.settle()
    assert watch.apply(config(team.url)).version == 1
    assert watch.apply(config(team.url, repeat_interval="5h")).version == 2
    watch.pass_time(minutes=2)
    watch.settle()
    assert len(told(team)) == 1
    watch.push({"node": "b"})
    watch.pass_time(minutes=2)
    watch.settle()
    assert told(team)[1:] == [[("firing", "a"), ("firing", "b")]]


def test_what_is_acknowledged_is_not_repeated_but_its_end_is_told(watch: Watch, team: Sink) -> None:
    watch.push({"node": "a"})
    watch.settle()
    with watch.work() as work:
        lifecycle.handle(work, "acknowledge", Filter(types=("Down",)))
    for _ in range(10):
        watch.pass_time(minutes=50)
        watch.push({"node": "a"})
        watch.settle()
    assert len(told(team)) == 1
    watch.push({"node": "b"})  # another one in its group wants somebody
    watch.pass_time(minutes=2)
    watch.settle()
    assert told(team)[1:] == [[("firing", "a"), ("firing", "b")]]
    watch.push({"node": "a"}, {"node": "b"}, resolved=True)
    watch.pass_time(minutes=2)
    watch.settle()
    assert told(team)[2:] == [[("resolved", "a"), ("resolved", "b")]]


def test_what_is_held_for_long_is_not_told_again_and_its_end_still_is(
    watch: Watch, team: Sink
) -> None:
    watch.push({"node": "a"})
    watch.settle()
    with watch.work() as work:
        lifecycle.handle(work, "acknowledge", Filter(types=("Down",)))
    for _ in range(40):
        watch.pass_time(minutes=50)
        watch.push({"node": "a"})
        watch.settle()
        forget(watch.engine, watch.clock)
    assert len(told(team)) == 1
    watch.push({"node": "a"}, resolved=True)
    watch.pass_time(minutes=2)
    watch.settle()
    assert told(team)[1:] == [[("resolved", "a")]]


def test_an_end_is_told_where_turns_are_rarer_than_repetitions(watch: Watch, team: Sink) -> None:
    watch.apply(config(team.url, group_interval="12h", repeat_interval="1h"))
    watch.push({"node": "a"})
    watch.settle()
    watch.pass_time(minutes=30)
    watch.push({"node": "a"}, resolved=True)
    watch.pass_time(hours=6)
    forget(watch.engine, watch.clock)
    watch.pass_time(hours=6)
    watch.settle()
    assert told(team)[1:] == [[("resolved", "a")]]


@pytest.mark.parametrize("answer", [500, 503, 429, "close"])
def test_a_receiver_that_fails_is_told_again_after_a_pause(
    watch: Watch, team: Sink, answer: int | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However long it takes to look, the pause is not over by itself.
    monkeypatch.setattr(sending_module, "pause_after", lambda _attempts: timedelta(minutes=1))
    team.answers["/team"] = [answer, answer]
    watch.push({"node": "a"})
    watch.settle()
    assert told(team) == []
    found = look(watch)
    assert found.counts == {"waiting": 1, "late": 1}
    [late] = found.notifications
    assert late.attempts == 1
    assert str(answer)[:3] in late.error
    due_now(watch.engine)
    watch.settle()
    due_now(watch.engine)
    watch.settle()
    [got] = team.of("/team")
    assert got.headers["x-quarterdeck-repeat"] == "2"
    assert look(watch).counts == {"waiting": 0, "late": 0}


def test_pauses_grow_to_a_minute() -> None:
    pauses = [sending_module.pause_after(n).total_seconds() for n in (1, 2, 3, 8, 50, 5000)]
    assert pauses == [0.5, 1, 2, 60, 60, 60]


def test_a_receiver_that_is_away_is_told_the_latest_once_it_is_back(engine: Engine) -> None:
    watch = Watch(engine)
    with sink.running() as away:
        url = away.url
    watch.apply(config(url))
    watch.push({"node": "a"})
    watch.settle()
    watch.push({"node": "b"})
    watch.pass_time(minutes=2)
    watch.settle()
    found = look(watch).notifications
    assert [(one.state, sorted(one.standing.firing)) for one in found] == [
        ("waiting", sorted(found[0].standing.firing))
    ]
    assert len(found[0].standing.firing) == 2  # one that waits, and says the latest
    with sink.running() as back:
        watch.apply(config(back.url))
        watch.settle()
        due_now(engine)
        watch.settle()
        assert told(back) == [[("firing", "a"), ("firing", "b")]]
    watch.close()


def test_what_a_receiver_refuses_is_said_and_tried_anew_at_the_groups_next_turn(
    watch: Watch, team: Sink
) -> None:
    team.answers["/team"] = [400]
    watch.push({"node": "a"})
    watch.settle()
    [refused] = look(watch, "failed").notifications
    assert refused.error.startswith("400")
    watch.pass_time(minutes=2)
    watch.settle()
    assert told(team) == [[("firing", "a")]]


def test_what_ended_while_its_receiver_was_away_is_not_told_to_fire(
    watch: Watch, team: Sink
) -> None:
    team.answers["/team"] = [500]
    watch.push({"node": "a"})
    watch.settle()
    watch.push({"node": "a"}, resolved=True)
    watch.pass_time(minutes=2)
    watch.settle()
    due_now(watch.engine)
    watch.settle()
    assert told(team) == []
    assert look(watch).counts == {"waiting": 0, "late": 0}


def test_a_silence_holds_back_what_waits(watch: Watch, team: Sink) -> None:
    team.answers["/team"] = [500]
    watch.push({"node": "a"})
    watch.settle()
    watch.silence("node=a")
    watch.pass_time(minutes=2)
    watch.settle()
    due_now(watch.engine)
    watch.settle()
    assert told(team) == []


def hung(watch: Watch, team: Sink, many: int) -> Event:
    """So many notifications for one that hangs until the event is set."""
    hang = Event()
    receivers = [
        {"name": name, "webhook_configs": [{"url": f"{team.url}/{name}"}]}
        for name in ("slow", "team")
    ]
    routes = [{"receiver": "slow", "matchers": ["to=slow"]}]
    route = {"receiver": "team", "group_by": ["node"], "group_wait": "0s", "routes": routes}
    watch.apply(json.dumps({"route": route, "receivers": receivers}))
    team.answers["/slow"] = [hang] * many
    watch.push(*({"node": str(n), "to": "slow"} for n in range(many)))
    return hang


def test_one_that_hangs_holds_up_nobody_else(engine: Engine, team: Sink) -> None:
    watch = Watch(engine)
    hang = hung(watch, team, 40)
    with watch.running():
        until(lambda: look(watch, "sending").notifications)
        watch.push({"node": "x"})
        until(lambda: told(team))
        under_way = 40 - len(team.answers["/slow"])
        assert under_way == sending_module.MOST_A_WEBHOOK
        held = [n for n in look(watch, "sending").notifications if n.receiver == "slow"]
        assert len(held) == under_way * sending_module.LONGEST_LINE
        hang.set()
        until(lambda: len(team.of("/slow")) == 40)
    watch.close()


def test_what_had_not_begun_when_its_worker_stopped_is_sent_by_the_next(
    engine: Engine, team: Sink
) -> None:
    watch = Watch(engine)
    hang = hung(watch, team, 12)
    watch.dispatcher().beat()
    first = watch.sending()
    first.beat()
    until(lambda: len(team.answers["/slow"]) == 12 - sending_module.MOST_A_WEBHOOK)
    closing = Thread(target=first.close)
    closing.start()
    until(first._loop._closing.is_set)  # noqa: SLF001  before it has stopped, nothing tells
    hang.set()
    closing.join(10)
    assert len(team.of("/slow")) == sending_module.MOST_A_WEBHOOK
    assert look(watch).counts == {"waiting": 8, "late": 0}

    watch.settle(watch.sending())

    assert {got.headers.get("x-quarterdeck-repeat", "") for got in team.of("/slow")} == {""}
    nodes = [got.body["alerts"][0]["labels"]["node"] for got in team.of("/slow")]
    assert sorted(nodes, key=int) == [str(n) for n in range(12)]
    watch.close()


def test_one_that_refuses_holds_none_of_its_line(watch: Watch, team: Sink) -> None:
    hung(watch, team, 12).set()
    team.answers["/slow"] = [500]
    watch.settle()
    assert len(team.of("/slow")) == 11
    assert look(watch).counts == {"waiting": 1, "late": 1}
    due_now(watch.engine)
    watch.settle()
    assert len(team.of("/slow")) == 12


def test_of_a_receivers_webhooks_one_that_hangs_holds_up_no_other(
    engine: Engine, team: Sink
) -> None:
    watch, hang = Watch(engine), Event()
    hooks = [{"url": f"{team.url}/{name}"} for name in ("slow", "team")]
    route = {"receiver": "both", "group_by": ["node"], "group_wait": "0s"}
    watch.apply(
        json.dumps({"route": route, "receivers": [{"name": "both", "webhook_configs": hooks}]})
    )
    team.answers["/slow"] = [hang] * 20
    watch.push(*({"node": str(n)} for n in range(20)))
    with watch.running():
        until(lambda: len(told(team)) == 20)
        assert team.of("/slow") == []
        hang.set()
        until(lambda: len(team.of("/slow")) == 20)
    watch.close()


def test_what_breaks_in_a_thread_comes_back(watch: Watch) -> None:
    class Broken:
        def notify(self, *_: object) -> Reply:
            raise SystemExit("as what is below us may")

    broken = Sending(engine=watch.engine, clock=watch.clock, notifier=Broken(), per_minute=10_000)
    watch.push({"node": "a"})
    watch.settle(broken)
    broken.close()
    [one] = look(watch).notifications
    assert (one.state, one.error) == ("waiting", "SystemExit: as what is below us may")


def test_two_workers_tell_everything_once(watch: Watch, team: Sink) -> None:
    watch.apply(config(team.url, group_by=["..."]))
    with watch.running(), watch.running():
        with ThreadPoolExecutor(4) as pool:
            pushing = [
                pool.submit(watch.push, *({"node": f"{n}-{m}"} for m in range(10)))
                for n in range(12)
            ]
            for one in pushing:
                one.result()
        until(lambda: len(told(team)) >= 120, 30)
    assert sorted(nodes for [(_, nodes)] in told(team)) == sorted(
        f"{n}-{m}" for n in range(12) for m in range(10)
    )


def test_what_was_begun_and_not_written_down_is_sent_again_and_says_so(
    watch: Watch, team: Sink
) -> None:
    """As after a SIGKILL between sending and writing: at least once, under the same key."""
    watch.push({"node": "a"})
    while watch.dispatcher().beat():
        pass
    killed = watch.sending()
    killed.beat()
    until(lambda: told(team))  # it was sent; nothing is written
    watch.settle(watch.sending())
    assert len(told(team)) == 1  # its lease holds
    lapsed(watch.engine)
    watch.settle(watch.sendings[-1])
    first, second = team.of("/team")
    assert second.headers["x-quarterdeck-repeat"] == "1"
    assert second.headers["idempotency-key"] == first.headers["idempotency-key"]
    assert "x-quarterdeck-repeat" not in first.headers
    killed.beat()  # whoever comes late changes nothing
    watch.settle(watch.sendings[-1])
    assert [one.state for one in look(watch).notifications] == ["sent"]


WORKER = """
import sys
from operations.routing.stage import Watch
from quarterdeck.kernel.db import open_engine
from threading import Event, Thread
watch = Watch(open_engine(sys.argv[1]), now=None)
with watch.running():
    print("ready", flush=True)
    Event().wait()
"""


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_worker_that_is_killed_loses_nothing(engine: Engine, team: Sink) -> None:
    watch, hang = Watch(engine, now=None), Event()
    watch.apply(config(team.url, group_by=["node"]))
    team.answers["/team"] = [hang]
    tests = str(Path(__file__).parents[2])
    env = os.environ | {"PYTHONPATH": os.pathsep.join([tests, str(Path(tests).parent / "src")])}
    line = [sys.executable, "-c", WORKER, str(engine.url)]
    with subprocess.Popen(line, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        watch.push({"node": "a"})
        until(lambda: look(watch, "sending").notifications)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    hang.set()
    watch.push({"node": "b"})
    lapsed(engine)
    watch.settle()
    assert {node for [(_, node)] in told(team)} == {"a", "b"}
    watch.close()


def test_a_storm_is_told_by_groups_and_no_faster_than_is_allowed(watch: Watch, team: Sink) -> None:
    watch.apply(config(team.url, group_by=["cluster"]))
    for start in range(0, 2000, 500):
        watch.push(*({"cluster": str(n % 20), "node": str(n)} for n in range(start, start + 500)))
    held = watch.sending(per_minute=5)
    watch.settle(held)
    few = len(told(team))
    assert 5 <= few <= 5 + sending_module.THREADS
    assert look(watch).counts["waiting"] == 20 - few
    watch.pass_time(minutes=1.1)
    watch.settle(watch.sending())
    alerts = [one for some in told(team) for one in some]
    assert len({node for _, node in alerts}) == 2000
    assert {len(some) for some in told(team)} == {100}


def counted(outcome: str) -> float:
    name = "quarterdeck_notifications_total"
    return REGISTRY.get_sample_value(name, {"outcome": outcome}) or 0.0


def test_what_is_dropped_is_counted(watch: Watch, team: Sink) -> None:
    before = counted("dropped")
    team.answers["/team"] = [500]
    watch.push({"node": "a"})
    watch.settle()
    watch.push({"node": "a"}, resolved=True)  # there is nothing to tell any more
    watch.pass_time(minutes=2)
    watch.settle()
    assert counted("dropped") == before + 1
    watch.push({"node": "b"})
    while watch.dispatcher().beat():
        pass
    watch.apply(config(team.url).replace('"team"', '"crew"'))  # nobody of that name any more
    watch.settle()
    assert counted("dropped") == before + 2
    assert [one.state for one in look(watch, "dropped").notifications] == ["dropped"] * 2


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_whoever_decides_waits_for_no_sender_that_waits_for_it(watch: Watch, team: Sink) -> None:
    watch.push({"node": "a"})
    while watch.dispatcher().beat():
        pass
    [waits] = look(watch, "waiting").notifications
    watch.apply(config(team.url).replace('"team"', '"crew"'))
    own, sending = Tenants(frozenset({"acme"})), watch.sending()
    with ThreadPoolExecutor(1) as pool:
        with watch.work() as work:
            groups.take_turn(work.db, own, work.now)
            beat = pool.submit(sending.beat)
            until(lambda: blocked(watch.engine))
            store.drop(work.db, own, waits.id, work.now)
        beat.result(10)
    [found] = look(watch).notifications
    assert found.state == "dropped"


def blocked(engine: Engine) -> bool:
    """Whether a transaction waits for a lock that another holds."""
    with engine.connect() as db:
        return bool(db.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def test_what_is_resolved_by_hand_ends_for_its_receiver_too(watch: Watch, team: Sink) -> None:
    watch.push({"node": "a"})
    watch.settle()
    with watch.work() as work:
        [one] = looking.live(work, "acme")
        lifecycle.resolve(work, one.id)
    watch.pass_time(minutes=2)
    watch.settle()
    assert told(team) == [[("firing", "a")], [("resolved", "a")]]


def test_what_has_ended_inhibits_no_more_and_leaves_nothing(watch: Watch, team: Sink) -> None:
    rule = {"source_matchers": ["node=~source.*"], "target_matchers": ["node=target"]}
    silent = {"receiver": "nobody", "matchers": ["node=source-2"]}
    text = json.loads(config(team.url, group_by=["node"], routes=[silent]))
    text["receivers"].append({"name": "nobody"})
    watch.apply(json.dumps(text | {"inhibit_rules": [rule]}))
    found = ({"node": "source-1"}, {"node": "source-2"})
    watch.push(*found, {"node": "target"})
    watch.settle()
    assert told(team) == [[("firing", "source-1")]]
    watch.push(*found, resolved=True)
    watch.pass_time(minutes=2)
    watch.settle()
    with watch.engine.connect() as db:
        assert db.execute(select(sources)).all() == []
    assert sorted(told(team)[1:]) == [[("firing", "target")], [("resolved", "source-1")]]


def test_without_a_configuration_alerts_wait_for_one(engine: Engine, team: Sink) -> None:
    watch = Watch(engine)
    watch.push({"node": "a"})
    watch.settle()
    assert told(team) == []
    watch.apply(config(team.url))
    watch.settle()
    assert told(team) == [[("firing", "a")]]
    watch.close()
