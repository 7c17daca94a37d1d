"""Entries that cannot be kept, verdicts of looks, and what is down because of what."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.health.watch import ACME, NOON, http, service
from quarterdeck.operations.health.model.registry import (
    Environment,
    Link,
    Probe,
    ProbeKind,
    UnusableService,
)
from quarterdeck.operations.health.model.state import Outcome, Seen, Standing, State, judged, summed
from quarterdeck.operations.health.model.tree import SICK, causes

NAMES = [f"s{n}" for n in range(7)]
GRAPHS = st.dictionaries(
    st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=4, unique=True)
)
STATES = st.fixed_dictionaries({name: st.sampled_from(State) for name in NAMES})


@pytest.mark.parametrize(
    "said",
    [
        {"name": "live"},
        {"name": "Ä"},
        {"environment": "installation"},
        {"base_url": "ftp://host"},
        {"base_url": "https://user:password@host"},
        {"depends_on": ("web",)},
        {"depends_on": ("db", "db")},
        {"period_s": 0},
        {"probes": (http("/health"),)},
        {"probes": (http("http://a/"), http("http://b/"))},
    ],
)
def test_an_entry_that_cannot_be_kept_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(UnusableService):
        service("web", **said) if "name" not in said else service(**said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (ProbeKind.HTTP, "file:///etc/passwd"),
        (ProbeKind.HTTP, "http://user:pw@host/"),
        (ProbeKind.TCP, "host"),
        (ProbeKind.TLS, "host:port"),
        (ProbeKind.SQL, "postgresql://user:password@host/db"),
        (ProbeKind.SQL, "env:HOME"),
        (ProbeKind.COMMAND, "../bin/sh"),
        (ProbeKind.COMMAND, "/bin/sh"),
    ],
)
def test_a_probe_reaches_only_what_its_kind_may(kind: ProbeKind, target: str) -> None:
    with pytest.raises(UnusableService, match="expected"):
        Probe(name="p", kind=kind, target=target)


@pytest.mark.parametrize(
    "said",
    [{"stage": "later"}, {"timeout_s": 0}, {"timeout_s": 61}, {"failures": 0}, {"slow_ms": 0}],
)
def test_a_probe_is_bounded(said: dict[str, object]) -> None:
    with pytest.raises(UnusableService):
        http("http://a/", **said)  # type: ignore[arg-type]


def test_facts_and_links_are_checked() -> None:
    for facts in ({"": "x"}, {"Cluster": "x"}, {"a b": 1}):
        with pytest.raises(UnusableService):
            Environment(tenant=ACME, name="prod", facts=facts)
    with pytest.raises(UnusableService):
        Link(title="logs", url="javascript:alert(1)")


def outcome(state: State) -> Outcome:
    return Outcome(state=state, detail=state.value, took_ms=1.0)


def test_one_failure_alone_turns_no_verdict_round() -> None:
    probe = http("http://a/", failures=3)
    seen: Seen | None = None
    verdicts = []
    for state in [State.HEALTHY, *[State.DOWN] * 3, State.HEALTHY, State.DOWN]:
        seen = judged(probe, outcome(state), seen, NOON)
        verdicts.append(seen.state.value)
    assert verdicts == ["healthy", "healthy", "healthy", "down", "healthy", "healthy"]


def test_a_first_failure_below_the_threshold_says_nothing_yet() -> None:
    assert judged(http("http://a/", failures=2), outcome(State.DOWN), None, NOON).state == "unknown"


def test_a_broken_probe_is_no_failure_of_its_service() -> None:
    probe = http("http://a/", failures=2)
    before = judged(probe, outcome(State.DOWN), None, NOON)
    assert judged(probe, outcome(State.UNKNOWN), before, NOON).failed == 0


@pytest.mark.census("ATP-080")
@given(st.lists(st.sampled_from(State), min_size=1, max_size=5))
def test_a_service_is_as_its_worst_probe(found: list[State]) -> None:
    probes = [http("http://a/", name=f"p{n}") for n in range(len(found))]
    seen = {
        probe.name: judged(probe, outcome(state), None, NOON)
        for probe, state in zip(probes, found, strict=True)
    }
    order = list(State)
    assert summed(service("web", *probes), seen)[0] is max(found, key=order.index)


def test_what_is_not_looked_at_is_not_known() -> None:
    assert summed(service("web"), {}) == (State.UNKNOWN, "it has no probe")
    assert summed(service("web", http("http://a/")), {}) == (State.UNKNOWN, "never probed")


def test_a_state_is_stale_after_three_periods_and_never_before_half_a_minute() -> None:
    def stale_after(period_s: int) -> timedelta | None:
        one = Standing(
            service=service("web", http("http://a/", timeout_s=5), period_s=period_s),
            state=State.HEALTHY,
            since=NOON,
            looked_at=NOON,
            reason="",
        )
        at = one.stale_at()
        return None if at is None else at - NOON

    assert stale_after(1) == timedelta(seconds=30)
    assert stale_after(60) == timedelta(seconds=185)


def test_a_chain_of_trouble_has_its_root_first() -> None:
    edges = {"web": ["api"], "api": ["db"], "jobs": ["db"]}
    states = dict.fromkeys(["web", "api", "db", "jobs"], State.DOWN)
    assert causes(edges, states) == {"web": ("db",), "api": ("db",), "jobs": ("db",), "db": ()}


def test_a_healthy_service_between_breaks_the_chain() -> None:
    edges = {"web": ["api"], "api": ["db"]}
    states = {"web": State.DOWN, "api": State.HEALTHY, "db": State.DOWN}
    assert causes(edges, states) == {"web": (), "db": ()}


def test_what_cannot_be_seen_hides_nothing() -> None:
    edges = {"web": ["api"], "api": ["db"]}
    states = {"web": State.DOWN, "api": State.UNKNOWN, "db": State.DOWN}
    assert causes(edges, states)["web"] == ("db",)


def test_what_is_degraded_does_not_explain_what_is_down() -> None:
    edges = {"web": ["db"]}
    assert causes(edges, {"web": State.DOWN, "db": State.DEGRADED})["web"] == ()
    assert causes(edges, {"web": State.DEGRADED, "db": State.DEGRADED})["web"] == ("db",)


def test_a_ring_has_no_root_but_itself() -> None:
    edges = {"a": ["b"], "b": ["a"], "web": ["a"]}
    found = causes(edges, dict.fromkeys(["a", "b", "web"], State.DOWN))
    assert found == {"a": (), "b": (), "web": ("a", "b")}


@given(GRAPHS, STATES)
def test_every_sick_service_is_a_root_or_under_roots_alone(
    edges: dict[str, list[str]], states: dict[str, State]
) -> None:
    found = causes(edges, states)
    assert found.keys() == {name for name, state in states.items() if state in SICK}
    for name, roots in found.items():
        assert name not in roots
        assert all(found[root] == () for root in roots)


@given(st.integers(2, 40))
def test_a_long_chain_is_blamed_on_its_end(length: int) -> None:
    names = [f"n{n}" for n in range(length)]
    edges = {one: [other] for one, other in pairwise(names)}
    found = causes(edges, dict.fromkeys(names, State.DOWN))
    assert all(found[name] == (names[-1],) for name in names[:-1])
