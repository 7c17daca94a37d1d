from threading import Thread

from access.stage import Stage
from quarterdeck.access.refusals import service as refusals
from quarterdeck.kernel.work import Actor

BOB = Actor("bob", frozenset(), home="acme")
EVE = Actor("eve", frozenset())


def flush(stage: Stage) -> int:
    return refusals.flush(stage.engine, stage.clock)


def test_a_minute_of_refusals_is_one_leaf_in_the_actors_own_log(stage: Stage) -> None:
    for on in ("beta", "core"):
        refusals.note(stage.engine, stage.clock, BOB, "keys:rotate", on)
    stage.pass_time(seconds=59)
    refusals.note(stage.engine, stage.clock, BOB, "keys:rotate", "beta")
    assert flush(stage) == 0
    stage.pass_time(seconds=1)
    assert flush(stage) == 1
    (fact,) = stage.told()
    assert (fact.tenant, fact.actor) == ("acme", "bob")
    assert fact.payload == {
        "tenant": "acme",
        "refused": "keys:rotate",
        "on": "beta",
        "count": 3,
        "minute": "2026-03-01T12:00:00Z",
    }
    assert flush(stage) == 0


def test_actors_permissions_and_minutes_are_counted_apart(stage: Stage) -> None:
    refusals.note(stage.engine, stage.clock, BOB, "keys:rotate", "beta")
    refusals.note(stage.engine, stage.clock, BOB, "keys:read", "beta")
    refusals.note(stage.engine, stage.clock, EVE, "keys:rotate", "x" * 10_000)
    stage.pass_time(minutes=1)
    refusals.note(stage.engine, stage.clock, BOB, "keys:rotate", "beta")
    stage.pass_time(minutes=1)
    assert flush(stage) == 4
    assert {(f.actor, f.tenant) for f in stage.told()} == {("bob", "acme"), ("eve", "_platform")}
    assert max(len(f.payload["on"]) for f in stage.told()) == 200


def test_refusals_at_once_are_all_counted(stage: Stage) -> None:
    def ask() -> None:
        for _ in range(10):
            refusals.note(stage.engine, stage.clock, BOB, "keys:rotate", "beta")

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stage.pass_time(minutes=1)
    assert flush(stage) == 1
    assert [f.payload["count"] for f in stage.told()] == [40]
