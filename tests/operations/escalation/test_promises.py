"""What a page owes is told, once each: whatever people do meanwhile, and wherever it crashes."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from operations.escalation.stage import Desk
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.escalation import auditing
from quarterdeck.operations.escalation.auditing import Moment
from quarterdeck.operations.escalation.model.page import Page, PageState, StepState
from quarterdeck.operations.escalation.service.timing import take_turns
from quarterdeck.operations.escalation.store import pages

STEP_MIN = 5
POLICIES = {
    "until-acknowledged": "acknowledged",
    "until-resolved": "resolved",
}
TEXT = """\
acknowledged_holds: 25m
engages_until: {until}
levels:
  - name: L1
    targets: [mail one@example.com]
    notify_at: {{SEV-1: 0, SEV-2: 0}}
    engage_at: {{SEV-1: 10m, SEV-2: 20m}}
    repeat_every: 5m
    repeat_most: 2
  - name: L2
    targets: [mail two@example.com]
    notify_at: {{SEV-1: 0}}
    engage_at: {{SEV-1: 30m, SEV-2: 60m, SEV-3: 65m}}
  - name: L3
    targets: [mail three@example.com]
    engage_at: 70m
    only_with: [customer-impact]
    at_once_with: [major-outage]
"""
MOVES = st.one_of(
    st.tuples(st.just("pass"), st.integers(1, 8)),
    st.tuples(st.just("answer"), st.just("")),
    st.tuples(st.just("crash"), st.just("")),
    st.tuples(st.just("severity"), st.sampled_from(["SEV-1", "SEV-2", "SEV-3", "SEV-4"])),
    st.tuples(st.just("flag"), st.sampled_from(["customer-impact", "major-outage", "security"])),
)


@pytest.fixture
def busy(engine: Engine) -> Desk:
    found = Desk(engine, url="")
    for name, until in POLICIES.items():
        found.apply(TEXT.format(until=until), name)
    return found


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    moves=st.lists(MOVES, max_size=12),
    policy=st.sampled_from(sorted(POLICIES)),
    severity=st.sampled_from(["SEV-1", "SEV-2", "SEV-3"]),
)
def test_each_step_that_came_due_while_nobody_had_answered_is_told_once(
    busy: Desk, moves: list[tuple[str, object]], policy: str, severity: str
) -> None:
    page = busy.page(severity, key=f"{busy.stage.now}", policy=policy)
    busy.tick()
    for what, value in moves:
        _move(busy, page, what, value)
        busy.tick()
    _compare(busy, page)
    busy.resolve(page)


def _move(desk: Desk, page: Page, what: str, value: object) -> None:
    now = desk.account(page).page
    match what:
        case "pass":
            for _ in range(int(str(value))):
                desk.tick(minutes=STEP_MIN)
        case "answer":
            desk.acknowledge(page)
        case "crash":
            _crash(desk, page)
        case "severity":
            desk.change(now, str(value), *now.what.flags)
        case _:
            desk.change(now, "", str(value))


def _crash(desk: Desk, page: Page) -> None:
    """Do all that is due, and die before it is kept."""
    desk.stage.pass_time(minutes=STEP_MIN)
    own = Tenants(frozenset({"acme"}))
    with suppress(KeyboardInterrupt), desk.stage.work() as work:
        found = pages.grabbed(work.db, own, [page.id])
        assert found
        take_turns(work, own, found, "")
        raise KeyboardInterrupt


def _compare(desk: Desk, page: Page) -> None:
    """The ledger beside what the auditor reckons, which shares no code with the timers."""
    found = desk.account(page)
    moments = [
        Moment(at=one.at, what=one.what, severity=one.severity, flags=one.flags)
        for one in found.history
    ]
    owed = auditing.owed(found.page.document, moments, desk.stage.now)
    told = {
        (one.level, one.kind.value): one
        for one in found.steps
        if one.state is StepState.TOLD and one.kind.value != "repeat"
    }
    for one in owed:
        kept = told.get((one.level, one.kind)) or told[one.level, "engage"]
        assert kept.at is not None
        assert kept.at <= one.due_at or kept.kind.value != one.kind
    # Whoever answers in the very instant in which a level is told may have been too late.
    edges = {one.at for one in moments}
    extra = set(told) - {(one.level, one.kind) for one in owed}
    assert {told[place].at for place in extra} <= edges
    assert all(one.messages for one in told.values())
    if found.page.state is PageState.OPEN:
        late = [
            s for s in found.steps if s.state is StepState.WAITING and s.due_at <= desk.stage.now
        ]
        assert late == []
