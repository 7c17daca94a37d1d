"""An API that is down: what it costs, and when it is asked again."""

from dataclasses import dataclass

import pytest

from providers.rehearsal import Rehearsal, clouds, connection, options_for
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.providers.azure.breaker import Breakers

KEY = ("me", "policy_insights")
FIRST_S, LONGEST_S = 30, 300


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def fail(breakers: Breakers, kind: FailureClass = FailureClass.TIMEOUT) -> bool:
    """Whether a call that fails was made at all."""
    failure = CloudFailure(kind, "no answer")
    with pytest.raises(CloudFailure) as failed, breakers.guard(KEY):
        raise failure
    return failed.value is failure


def succeed(breakers: Breakers) -> None:
    with breakers.guard(KEY):
        pass


def test_after_two_calls_in_vain_nobody_asks_for_a_while() -> None:
    breakers = Breakers(Clock())
    assert [fail(breakers) for _ in range(5)] == [True, True, False, False, False]
    assert breakers.open() == {KEY: "no answer"}


def test_a_call_that_succeeds_between_them_keeps_it_closed() -> None:
    breakers = Breakers(Clock())
    for _ in range(5):
        assert fail(breakers)
        succeed(breakers)
    assert breakers.open() == {}


def test_what_is_refused_fast_says_when_to_come_back_and_why() -> None:
    clock = Clock()
    breakers = Breakers(clock)
    fail(breakers)
    fail(breakers)
    clock.now = 10
    with pytest.raises(CloudFailure, match="since it failed: no answer") as failed:
        succeed(breakers)
    assert failed.value.kind is FailureClass.TIMEOUT
    assert failed.value.retry_after_s == FIRST_S - 10


def test_a_rest_ends_with_one_probe_and_doubles_if_that_fails() -> None:
    clock = Clock()
    breakers = Breakers(clock)
    fail(breakers)
    fail(breakers)
    rests = []
    for _ in range(6):
        began = clock.now
        while not fail(breakers):
            clock.now += 1
        rests.append(clock.now - began)
    assert rests == [30, 60, 120, 240, LONGEST_S, LONGEST_S]


def test_while_one_probes_the_others_are_refused() -> None:
    clock = Clock()
    breakers = Breakers(clock)
    fail(breakers)
    fail(breakers)
    clock.now = FIRST_S
    with breakers.guard(KEY) as probe:
        assert probe
        assert not fail(breakers)
    succeed(breakers)
    assert breakers.open() == {}


def test_a_probe_that_is_cancelled_decides_nothing() -> None:
    clock = Clock()
    breakers = Breakers(clock)
    fail(breakers)
    fail(breakers)
    clock.now = FIRST_S
    with pytest.raises(KeyboardInterrupt), breakers.guard(KEY):
        raise KeyboardInterrupt
    with breakers.guard(KEY) as probe:
        assert probe


@pytest.mark.parametrize("kind", [FailureClass.AUTHENTICATION, FailureClass.RATE_LIMIT])
def test_an_api_that_refuses_is_not_down(kind: FailureClass) -> None:
    breakers = Breakers(Clock())
    assert [fail(breakers, kind) for _ in range(5)] == [True] * 5


def test_a_dead_api_costs_its_neighbours_nothing_and_shows(simulator: Rehearsal) -> None:
    simulator.fault("unavailable", on="policy_states")
    one = simulator.subscription()
    secret = {"SECRET": simulator.tenant().client_secret}
    with clouds(options_for(simulator.running), secret) as opened:
        cloud = opened.open(connection(simulator.tenant()))
        for _ in range(2):
            with pytest.raises(CloudFailure, match="ServerBusy"):
                list(cloud.policy_states(one))
        again = opened.open(connection(simulator.tenant()))
        with pytest.raises(CloudFailure, match="is not asked for another"):
            list(again.policy_states(one))
        assert [key[1] for key in opened.down()] == ["policy_insights"]
        assert list(again.advice(one))
