"""Keeping to quotas that are learnt, in a time that the test makes pass."""

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.rehearsal import Rehearsal, cloud_of
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.providers.azure.quota import Pacer

KEY = ("me", "resource_graph", "")
SIZE, SPAN = 15, 5.0


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Server:
    """Counts as Resource Graph does, in a window that slides or one that begins anew."""

    slides: bool
    taken: list[float] = field(default_factory=list)
    refused: int = 0

    def ask(self, now: float) -> tuple[bool, dict[str, str]]:
        since = now - SPAN if self.slides else now - now % SPAN
        recent = [at for at in self.taken if at > since]
        ends = recent[0] + SPAN if self.slides and recent else since + SPAN
        if len(recent) >= SIZE:
            self.refused += 1
            return False, {"retry-after": str(ceil(ends - now))}
        self.taken.append(now)
        left, wait_s = SIZE - len(recent) - 1, ceil(max(ends - now, 0) or SPAN)
        return True, {
            "x-ms-user-quota-remaining": str(left),
            "x-ms-user-quota-resets-after": f"00:00:{wait_s:02}",
        }


def run(server: Server, requests: int, workers: int, latency: float) -> float:
    """Seconds that ``workers`` take for all requests, each asked until it is answered."""
    clock = Clock()
    pacer, began = Pacer(clock), clock.now
    free = [(clock.now, number) for number in range(workers)]
    heapify(free)
    done = 0
    ends = began
    while done < requests:
        clock.now, number = heappop(free)
        sent = clock.now + pacer.admit(KEY, 60)
        good, headers = server.ask(sent + latency / 2)
        clock.now = ends = sent + latency
        if good:
            done += 1
            pacer.answered(KEY, headers)
        else:
            pacer.hold(KEY, float(headers["retry-after"]))
        heappush(free, (clock.now, number))
    return ends - began


def quota_s(requests: int) -> float:
    """The least time in which the quota lets so many through."""
    return (ceil(requests / SIZE) - 1) * SPAN


@pytest.mark.parametrize("slides", [True, False])
@given(requests=st.integers(60, 250), latency=st.floats(0.005, 0.3))
def test_a_binding_quota_costs_no_more_than_a_fifth_over_its_own_time(
    slides: bool,  # noqa: FBT001  a parameter of the test
    requests: int,
    latency: float,
) -> None:
    server = Server(slides)
    took = run(server, requests, 1, latency)
    assert took <= 1.2 * max(quota_s(requests), requests * latency) + SPAN
    assert server.refused <= requests * 0.05


def test_two_hundred_subscriptions_within_a_fifth_over_the_quotas_time() -> None:
    server = Server(slides=True)
    assert run(server, 200, 1, 0.05) <= 1.2 * quota_s(200)
    assert server.refused == 0


def test_many_threads_are_kept_within_one_quota_and_served_in_turn() -> None:
    clock = Clock()
    pacer = Pacer(clock)
    pacer.answered(KEY, told(14, 5))
    waits = [pacer.admit(KEY, 60) for _ in range(45)]
    assert waits == sorted(waits)
    assert waits[14] == 0
    assert 5 < waits[15] < 5.2
    assert 10 < waits[44] < 10.4


def told(left: int, seconds: int) -> dict[str, str]:
    return {
        "x-ms-user-quota-remaining": str(left),
        "x-ms-user-quota-resets-after": f"00:00:{seconds:02}",
    }


def test_a_quota_that_others_used_up_is_waited_for() -> None:
    pacer = Pacer(Clock())
    pacer.answered(KEY, told(14, 5))
    pacer.answered(KEY, told(0, 3))
    assert pacer.admit(KEY, 60) == pytest.approx(3, abs=0.1)


def test_a_long_hold_is_told_and_not_waited_for() -> None:
    clock = Clock()
    pacer = Pacer(clock)
    pacer.hold(KEY, 3_600)
    clock.now += 100
    with pytest.raises(CloudFailure, match="another 3500 s") as failed:
        pacer.admit(KEY, 30)
    assert failed.value.kind is FailureClass.RATE_LIMIT
    assert failed.value.retry_after_s == 3_500
    clock.now += 3_500
    assert pacer.admit(KEY, 30) == 0


def test_one_quota_says_nothing_of_another() -> None:
    pacer = Pacer(Clock())
    pacer.hold(KEY, 3_600)
    assert pacer.admit(("me", "cost_management", ""), 30) == 0
    assert pacer.admit(("you", "resource_graph", ""), 30) == 0


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, 0),
        ({"x-ms-ratelimit-remaining-subscription-reads": "11999"}, 0),
        ({"x-ms-ratelimit-remaining-subscription-reads": "0"}, 1),
        ({"x-ms-ratelimit-remaining-tenant-reads": "0"}, 1),
        ({"x-ms-ratelimit-microsoft.costmanagement-qpu-remaining": "10s:0;1m:48;1h:588"}, 10),
        ({"x-ms-ratelimit-microsoft.costmanagement-qpu-remaining": "11,59,599"}, 0),
        ({"x-ms-ratelimit-microsoft.costmanagement-qpu-remaining": "some"}, 0),
        ({"x-ms-user-quota-remaining": "0"}, 0),
        ({"x-ms-user-quota-remaining": "x", "x-ms-user-quota-resets-after": "00:00:05"}, 0),
        ({"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "soon"}, 0),
        ({"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:01:05"}, 65),
    ],
)
def test_what_an_answer_says_of_its_quota(headers: dict[str, str], wait_s: float) -> None:
    pacer = Pacer(Clock())
    pacer.answered(KEY, headers)
    assert pacer.admit(KEY, 100) == pytest.approx(wait_s, abs=0.1)


def test_an_api_throttled_for_an_hour_is_asked_once_and_says_so_at_once(
    simulator: Rehearsal,
) -> None:
    simulator.fault("throttle", seconds=3_600, times=2)
    with cloud_of(simulator) as cloud:
        waits = []
        for _ in range(3):
            with pytest.raises(CloudFailure) as failed:
                list(cloud.resources(simulator.subscription()))
            assert failed.value.kind is FailureClass.RATE_LIMIT
            waits.append(failed.value.retry_after_s or 0)
    assert simulator.faults()[0]["times"] == 1
    assert all(3_590 < wait <= 3_600 for wait in waits)
