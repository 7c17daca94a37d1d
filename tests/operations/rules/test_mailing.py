"""Mails that rules send by themselves."""

from datetime import timedelta

import pytest

from operations.rules.stage import SRE, Stage
from quarterdeck.kernel.work import Actor, Tenants, begin
from quarterdeck.operations.messages.model import Filter, Message, Urgency
from quarterdeck.operations.messages.store import outbox
from quarterdeck.operations.rules.forms import phoenix
from quarterdeck.operations.rules.service import writing
from quarterdeck.operations.silences import service as silences
from quarterdeck.operations.silences.matchers import parse
from quarterdeck.operations.silences.model import Wanted

RULES = {
    "alertRules": [
        {
            "name": "high-cpu-usage",
            "threshold": 80,
            "window": "PT5M",
            "action": {"type": "email", "recipients": ["ops@phoenixvc.tech", "cto@phoenixvc.tech"]},
        }
    ]
}
ACTION = {"type": "email", "recipients": ["ops@acme.example"]}


def mails(stage: Stage) -> list[Message]:
    with stage.engine.connect() as db:
        return outbox.listed(db, Tenants(frozenset({"acme"})), Filter(), limit=100)[::-1]


@pytest.mark.census("PX-039")
def test_a_rule_of_runbook_003_mails_its_recipients_once_and_again_at_its_end(
    stage: Stage,
) -> None:
    [rule] = phoenix.read(RULES)
    with stage.work() as work:
        writing.apply(work, "acme", rule)
    stage.feed(95, "CpuPercentage", minutes=8)
    first = mails(stage)
    assert [one.address for one in first] == ["ops@phoenixvc.tech", "cto@phoenixvc.tech"]
    assert {(one.content.state, one.urgency) for one in first} == {("firing", Urgency.PROMPT)}
    assert first[0].content.title == "high-cpu-usage of a: 95 > 80"
    stage.feed(10, "CpuPercentage", minutes=8)
    ends = mails(stage)[2:]
    assert [(one.address, one.content.state) for one in ends] == [
        ("ops@phoenixvc.tech", "resolved"),
        ("cto@phoenixvc.tech", "resolved"),
    ]


def test_what_is_silenced_mails_nobody_until_the_silence_ends(stage: Stage) -> None:
    stage.apply(actions=[ACTION], hold="PT1M")
    silencer = Actor("sre-2", SRE.grants | {("alerts:silence", "acme")})
    wanted = Wanted(
        matchers=parse("alertname=high-cpu"),
        ends_at=stage.now + timedelta(minutes=5),
        comment="at work",
    )
    with begin(stage.engine, silencer, stage.clock) as work:
        silences.silence(work, "acme", wanted)
    stage.feed(95, minutes=3)
    assert mails(stage) == []
    stage.feed(95, minutes=4)
    assert [one.content.state for one in mails(stage)] == ["firing"]


def test_what_may_wait_an_hour_does(stage: Stage) -> None:
    stage.apply(actions=[ACTION], hold="PT1M", notification="within_1_hour")
    stage.feed(95, minutes=3)
    [one] = mails(stage)
    assert one.urgency is Urgency.BATCH
    assert stage.now < one.due_at < stage.now + timedelta(hours=1)


def test_the_end_of_what_rose_and_fell_is_mailed(stage: Stage) -> None:
    rises = [{"value": 90, "severity": "page"}]
    stage.apply(actions=[ACTION], hold="PT0S", rises=rises)
    for value in (95, 85, 95, 10):
        stage.feed(value, minutes=3)
    said = [(one.content.state, dict(one.content.facts).get("severity")) for one in mails(stage)]
    assert [state for state, _ in said] == ["firing", "firing", "resolved"]
    assert [severity for _, severity in said][:2] == ["page", "critical"]
