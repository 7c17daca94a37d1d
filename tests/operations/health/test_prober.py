"""Looks at real endpoints: what is found, what is told of it, what is kept."""

import os
import socket
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from operations.health.endpoints import Endpoint
from operations.health.watch import Watch, http
from quarterdeck.operations.health import prober as prober_module
from quarterdeck.operations.health.model.claim import Finding
from quarterdeck.operations.health.model.registry import Probe, ProbeKind
from quarterdeck.operations.health.model.state import Outcome, State
from quarterdeck.operations.health.prober import Prober, lose_sight, prune_health
from quarterdeck.operations.health.service import observing, registry
from waiting import until


def edges(watch: Watch) -> list[tuple[str, str, str]]:
    names = ("ServiceWentDown", "ServiceDegraded", "ServiceLostFromSight", "ServiceCameBack")
    return [(f.name, f.payload["service"], f.payload["because_of"]) for f in watch.told(*names)]


def test_a_service_goes_down_and_comes_back_once_each(
    watch: Watch, prober: Prober, web: Endpoint
) -> None:
    watch.register("web", http(web.url + "/health", failures=2), region="eu")
    assert watch.probed(prober) == {"web": State.HEALTHY}
    assert edges(watch) == []
    web.status = 503
    for state in (State.HEALTHY, State.DOWN, State.DOWN):
        watch.pass_time(seconds=10)
        assert watch.probed(prober) == {"web": state}
    web.status = 200
    watch.pass_time(seconds=10)
    assert watch.probed(prober) == {"web": State.HEALTHY}
    assert edges(watch) == [("ServiceWentDown", "web", ""), ("ServiceCameBack", "web", "")]
    down, back = watch.told("ServiceWentDown", "ServiceCameBack")
    assert (down.payload["was"], down.payload["region"]) == ("healthy", "eu")
    assert down.payload["reason"].startswith("ready: HTTP 503")
    assert back.payload["after_s"] == 20
    with watch.look() as work:
        changes, looks = registry.history(
            work, "acme", "prod", "web", watch.now - timedelta(days=1)
        )
    assert [(c.was.value, c.state.value) for c in changes] == [
        ("down", "healthy"),
        ("healthy", "down"),
        ("unknown", "healthy"),
    ]
    assert [(b.looks, b.failed) for b in looks] == [(5, 3)]


def test_nobody_looks_before_its_turn(watch: Watch, prober: Prober, web: Endpoint) -> None:
    watch.register("web", http(web.url), period_s=60)
    watch.probed(prober)
    watch.pass_time(seconds=59)
    watch.probed(prober)
    assert len(web.asked) == 1
    watch.pass_time(seconds=1)
    watch.probed(prober)
    assert len(web.asked) == 2


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (b'{"status": "Degraded"}', State.DEGRADED),
        (b'{"status": "Unhealthy"}', State.DOWN),
        (b'{"status": "Healthy"}', State.HEALTHY),
        (b'{"status": 7}', State.HEALTHY),
        (b"[", State.HEALTHY),
        (b"[" * 70_000, State.HEALTHY),
        (b"[" * 60_000, State.HEALTHY),
    ],
)
def test_the_word_of_a_health_answer_counts(
    watch: Watch, prober: Prober, web: Endpoint, body: bytes, state: State
) -> None:
    web.body = body
    watch.register("web", http("/ready"), base_url=web.url)
    assert watch.probed(prober) == {"web": state}
    assert web.asked == ["/ready"]


def test_a_slow_answer_is_degraded(watch: Watch, prober: Prober, web: Endpoint) -> None:
    watch.register("web", http(web.url, slow_ms=0.001))
    assert watch.probed(prober) == {"web": State.DEGRADED}
    [fact] = watch.told("ServiceDegraded")
    assert "slow from 0.001 ms" in fact.payload["reason"]


def test_a_probe_that_hangs_delays_nobody(
    watch: Watch, prober: Prober, web: Endpoint, api: Endpoint
) -> None:
    web.silent.set()
    watch.register("web", http(web.url, timeout_s=60))
    watch.register("api", http(api.url))
    prober.beat()
    until(lambda: (prober.beat(), watch.states()["api"] is State.HEALTHY)[1])
    assert (prober.open, watch.states()["web"]) == (1, State.UNKNOWN)
    web.end.set()  # it breaks the connection off, without an answer
    assert watch.probed(prober) == {"api": State.HEALTHY, "web": State.DOWN}


def test_a_probe_that_hangs_is_called_off(watch: Watch, prober: Prober, web: Endpoint) -> None:
    web.silent.set()
    watch.register("web", http(web.url, timeout_s=0.2))
    assert watch.probed(prober) == {"web": State.DOWN}
    with watch.look() as work:
        place = registry.place_of(work, "acme", "prod", "web")
    assert "no answer within 0.2 s" in place.standing.reason


def test_the_root_is_told_of_with_what_fell_with_it(
    watch: Watch, prober: Prober, web: Endpoint, api: Endpoint
) -> None:
    watch.register("db", http(api.url))
    watch.register("web", http(web.url), depends_on=("db",))
    watch.probed(prober)
    web.status = api.status = 500
    watch.pass_time(seconds=10)
    watch.probed(prober)
    assert sorted(edges(watch)) == [("ServiceWentDown", "db", ""), ("ServiceWentDown", "web", "db")]
    with watch.look() as work:
        place = registry.place_of(work, "acme", "prod", "db")
    assert (place.because_of, place.breaks) == ((), ("web",))


def test_a_verdict_waits_a_little_for_that_of_its_cause(
    watch: Watch, prober: Prober, web: Endpoint, api: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.register("db", http(api.url))
    watch.register("web", http(web.url), depends_on=("db",))
    watch.probed(prober)
    monkeypatch.setattr(prober_module, "CAUSE_S", 60)
    api.gate.clear()
    web.status = api.status = 500
    watch.pass_time(seconds=10)
    prober.beat()
    until(lambda: len(prober.back) == 1, what="web came back")
    assert not prober.beat()
    assert edges(watch) == []
    api.gate.set()
    watch.probed(prober)
    assert sorted(edges(watch)) == [("ServiceWentDown", "db", ""), ("ServiceWentDown", "web", "db")]


def test_a_cause_that_hangs_delays_no_verdict_for_long(
    watch: Watch, prober: Prober, web: Endpoint, api: Endpoint
) -> None:
    watch.register("db", http(api.url, timeout_s=60))
    watch.register("web", http(web.url), depends_on=("db",))
    watch.probed(prober)
    api.silent.set()
    web.status = 500
    watch.pass_time(seconds=10)
    until(lambda: (prober.beat(), watch.states()["web"])[1] is State.DOWN, what="web is down")
    assert edges(watch) == [("ServiceWentDown", "web", "")]


def test_a_port_that_nobody_listens_on_is_down(watch: Watch, prober: Prober, web: Endpoint) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        for name, target in (("there", port), ("web", web.port)):
            watch.register(
                name, Probe(name="port", kind=ProbeKind.TCP, target=f"127.0.0.1:{target}")
            )
        assert set(watch.probed(prober).values()) == {State.HEALTHY}
    watch.register(
        "gone", Probe(name="port", kind=ProbeKind.TCP, target=f"127.0.0.1:{port}", failures=1)
    )
    assert watch.probed(prober)["gone"] is State.DOWN


def test_a_sql_probe_asks_the_server_that_its_name_stands_for(
    watch: Watch, prober: Prober, postgres_url: str
) -> None:
    watch.environment |= {
        "QUARTERDECK_PROBE_DB": postgres_url.replace("+psycopg", ""),
        "QUARTERDECK_PROBE_AWAY": "postgresql://u:secret@127.0.0.1:1/x",
        "QUARTERDECK_PROBE_ODD": "mysql://x",
    }
    for name in ("DB", "AWAY", "ODD", "UNSET"):
        target = f"env:QUARTERDECK_PROBE_{name}"
        watch.register(
            name.lower(), Probe(name="sql", kind=ProbeKind.SQL, target=target, failures=1)
        )
    assert watch.probed(prober) == {
        "db": State.HEALTHY,
        "away": State.DOWN,
        "odd": State.UNKNOWN,
        "unset": State.UNKNOWN,
    }
    assert "secret" not in str([fact.payload for fact in watch.told()])


def script(folder: Path, name: str, body: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)


def test_only_commands_of_the_folder_are_run_and_end_with_their_probe(
    engine: Engine, tmp_path: Path
) -> None:
    folder = tmp_path / "commands"
    folder.mkdir()
    for code, name in enumerate(("fine", "warns", "fails", "confused")):
        script(folder, name, f'echo "it is ${{LOGNAME}}{name}"; exit {code}')
    script(folder, "hangs", f"sleep 30 & echo $! > {tmp_path}/pid; sleep 30")
    (folder / "plain").write_text("no program")
    (folder / "outside").symlink_to("/bin/true")
    watch = Watch(engine, commands=folder)
    names = ("fine", "warns", "fails", "confused", "plain", "outside", "absent", "hangs")
    for name in names:
        probe = Probe(name="run", kind=ProbeKind.COMMAND, target=name, failures=1, timeout_s=1)
        watch.register(name, probe)
    prober = Prober(engine=engine, means=watch.means())
    found = watch.probed(prober)
    prober.close()
    assert {name: found[name].value for name in names} == {
        "fine": "healthy",
        "warns": "degraded",
        "fails": "down",
        "confused": "unknown",
        "plain": "unknown",
        "outside": "unknown",
        "absent": "unknown",
        "hangs": "down",
    }
    with watch.look() as work:
        reason = registry.place_of(work, "acme", "prod", "fails").standing.reason
    assert reason.startswith("run: it is fails")
    child = int((tmp_path / "pid").read_text())
    assert not alive(child)


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z" and os.getpid() != process


def test_without_a_folder_no_command_is_run(watch: Watch, prober: Prober) -> None:
    watch.register("web", Probe(name="run", kind=ProbeKind.COMMAND, target="true"))
    assert watch.probed(prober) == {"web": State.UNKNOWN}


def test_two_probers_never_look_at_the_same_turn(watch: Watch, web: Endpoint) -> None:
    for n in range(5):
        watch.register(f"s{n}", http(web.url))
    with watch.work() as work:
        first = observing.claim(work, 3)
    with watch.work() as work:
        second = observing.claim(work, 10)
    assert len({one.id for one in first + second}) == 5
    assert (len(first), len(second)) == (3, 2)


def test_what_an_entry_of_before_found_is_thrown_away(watch: Watch) -> None:
    watch.register("web", http("http://a/"))
    down = Outcome(state=State.DOWN, detail="refused", took_ms=1)
    with watch.work() as work:
        [claim] = observing.claim(work, 1)
    watch.register("web", http("http://a/"), title="changed")
    with watch.work() as work:
        observing.observe(work, [Finding(claim=claim, outcomes={"ready": down}, at=watch.now)])
    assert watch.states() == {"web": State.UNKNOWN}
    assert edges(watch) == []


def test_what_nobody_looks_at_any_more_is_lost_from_sight(
    watch: Watch, prober: Prober, web: Endpoint
) -> None:
    watch.register("web", http(web.url))
    watch.register("new", http(web.url))
    watch.probed(prober)
    watch.pass_time(seconds=34)
    assert not lose_sight(watch.engine, lambda: watch.now)
    watch.pass_time(seconds=2)
    assert lose_sight(watch.engine, lambda: watch.now)
    assert not lose_sight(watch.engine, lambda: watch.now)
    assert watch.states() == {"web": State.UNKNOWN, "new": State.UNKNOWN}
    assert watch.probed(prober) == {"web": State.HEALTHY, "new": State.HEALTHY}
    assert [name for name, _, _ in edges(watch)] == [
        "ServiceLostFromSight",
        "ServiceLostFromSight",
        "ServiceCameBack",
        "ServiceCameBack",
    ]


def test_what_was_seen_before_one_lost_sight_says_nothing_of_now(
    watch: Watch, prober: Prober, web: Endpoint
) -> None:
    watch.register("web", http(web.url, failures=2))
    watch.probed(prober)
    watch.pass_time(hours=1)
    assert lose_sight(watch.engine, lambda: watch.now)
    with watch.look() as work:
        assert registry.place_of(work, "acme", "prod", "web").standing.seen == {}
    web.status = 500
    assert watch.probed(prober) == {"web": State.UNKNOWN}  # one failure is not enough
    watch.pass_time(seconds=10)
    assert watch.probed(prober) == {"web": State.DOWN}


def test_a_service_that_loses_its_probes_is_lost_from_sight(
    watch: Watch, prober: Prober, web: Endpoint
) -> None:
    web.status = 500
    watch.register("web", http(web.url))
    watch.probed(prober)
    watch.register("web")
    assert watch.states() == {"web": State.UNKNOWN}
    assert [name for name, _, _ in edges(watch)] == ["ServiceWentDown", "ServiceLostFromSight"]
    watch.pass_time(hours=1)
    assert not lose_sight(watch.engine, lambda: watch.now)


def test_old_history_is_forgotten(watch: Watch, prober: Prober, web: Endpoint) -> None:
    watch.register("web", http(web.url))
    watch.probed(prober)
    began = watch.now
    watch.pass_time(days=29)
    assert not prune_health(watch.engine, lambda: watch.now)
    watch.pass_time(days=2)
    while prune_health(watch.engine, lambda: watch.now):
        pass
    with watch.look() as work:
        assert registry.history(work, "acme", "prod", "web", began) == ([], [])


def test_a_prober_that_closes_calls_off_what_hangs(watch: Watch, web: Endpoint) -> None:
    web.silent.set()
    watch.register("web", http(web.url, timeout_s=60))
    prober = Prober(engine=watch.engine, means=watch.means())
    prober.beat()
    prober.close()
    assert "prober" not in {thread.name for thread in threading.enumerate()}
