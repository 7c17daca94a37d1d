"""How messages go out, and what happens when receivers, or we, fail."""

import hmac
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Engine

from operations.messages.stage import BOT, KEY, SIGNING, Stage
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.errors import Conflict
from quarterdeck.operations.channels.model.channel import Kind
from quarterdeck.operations.channels.service import keeping
from quarterdeck.operations.messages import measuring
from quarterdeck.operations.messages.model import NoSuchMessage, Urgency, Where
from quarterdeck.operations.messages.service import mending, testing
from quarterdeck.operations.messages.service import sending as sending_module
from quarterdeck.operations.messages.store import claims
from quarterdeck.trail.webhooks.model import verified
from quarterdeck.wiring.numbers import EVERYONE
from servers import jira
from servers.forwarder import before
from servers.jira import DONE
from servers.mail import MailBox
from servers.sink import Said, Sink
from waiting import until

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)


def gone(**said: object) -> Said:
    return Said(body=json.dumps(said))


@pytest.mark.census("CG-033", "CG-034", "CG-035")
def test_what_is_posted_comes_out_by_every_kind_of_channel(
    stage: Stage, came: Sink, box: MailBox
) -> None:
    stage.channels()
    came.answers["/api/chat.postMessage"] = [gone(ok=True, channel="C1", ts="1.2")]
    stage.post("slack", "bot", "teams", "pagerduty", "webhook", "mail", severity="critical")
    stage.settle()
    assert stage.states() == ["sent"] * 7
    assert len(came.of("/slack")) == len(came.of("/teams")) == 1
    [bot] = came.of("/api/chat.postMessage")
    assert (bot.headers["authorization"], bot.body["channel"]) == (f"Bearer {BOT}", "#acme-bot")
    [event] = came.of("/v2/enqueue")
    assert (event.body["routing_key"], event.body["event_action"]) == (KEY, "trigger")
    assert event.body["dedup_key"] == "acme/page/1"
    [hook] = came.of("/hook")
    signed = hook.headers["quarterdeck-signature"]
    assert verified(signed, SIGNING.encode(), hook.raw, int(utc_now().timestamp()))
    at_s = signed.partition(",")[0].removeprefix("t=")
    own = hmac.new(SIGNING.encode(), f"{at_s}.".encode() + hook.raw, sha256).hexdigest()
    assert signed == f"t={at_s},v1={own}"
    assert {one for mail in box.got for one in mail.recipients} == {
        "ops@acme.example",
        "lead@acme.example",
    }
    receipts = {one.kind: one.receipt for one in stage.all()}
    assert receipts["pagerduty"] == "acme/page/1"
    assert receipts["email"].endswith("@acme.example>")


@pytest.mark.parametrize("answer", [500, 503, "close"])
def test_a_receiver_that_fails_is_told_again_and_hears_that_it_is_a_repeat(
    stage: Stage, came: Sink, answer: int | str
) -> None:
    stage.channels()
    came.answers |= {"/hook": [answer], "/slack": [answer]}
    stage.post("webhook", "slack")
    stage.settle()
    assert stage.states() == ["waiting", "waiting"]
    assert all(one.error for one in stage.all())
    stage.due_now()
    stage.settle()
    assert stage.states() == ["sent", "sent"]
    [hook], [slack] = came.of("/hook"), came.of("/slack")
    assert hook.headers["x-quarterdeck-repeat"] == "1"
    assert hook.headers["idempotency-key"] == stage.all()[0].id
    assert "Repeat" in json.dumps(slack.body)


def test_a_receiver_that_asks_to_be_left_alone_is(stage: Stage, came: Sink) -> None:
    stage.now = NOON
    stage.channels()
    came.answers["/slack"] = [Said(status=429, headers=(("Retry-After", "120"),))]
    stage.post("slack")
    stage.settle()
    [one] = stage.all()
    assert one.state == "waiting"
    assert one.due_at - utc_now() > timedelta(seconds=100)
    came.answers["/slack"] = [Said(status=429, headers=(("Retry-After", "a while"),))]
    stage.due_now()
    stage.settle()
    assert stage.all()[0].attempts == 2


def test_what_is_refused_for_good_is_a_dead_letter_until_a_person_decides(
    stage: Stage, came: Sink
) -> None:
    stage.channels()
    came.answers["/slack"] = [Said(status=404, body="no_service")]
    came.answers["/api/chat.postMessage"] = [gone(ok=False, error="channel_not_found")]
    stage.post("slack", "bot", "teams")
    stage.settle()
    found = {one.kind + one.channel: (one.state, one.error) for one in stage.all()}
    assert found["slackslack"] == ("failed", "404: no_service")
    assert found["slackbot"] == ("failed", "Slack: channel_not_found")
    slack, bot, teams = stage.all()
    with stage.work() as work:
        measuring.measure(work, EVERYONE)
        assert mending.retry(work, slack.id).state == "waiting"
        assert mending.let_go(work, bot.id).state == "dropped"
        for refused in (mending.retry, mending.let_go):
            with pytest.raises(Conflict):
                refused(work, teams.id)
            with pytest.raises(NoSuchMessage):
                refused(work, "nothing")
    dead = {s.labels["state"]: s.value for m in measuring.MESSAGES.collect() for s in m.samples}
    assert dead == {"failed": 2}
    stage.settle()
    assert stage.states() == ["sent", "dropped", "sent"]


@pytest.mark.parametrize("error", ["ratelimited", "internal_error"])
def test_what_passes_by_itself_at_slack_is_tried_again(
    stage: Stage, came: Sink, error: str
) -> None:
    stage.channels()
    came.answers["/api/chat.postMessage"] = [gone(ok=False, error=error), gone(ok=True)]
    stage.post("bot")
    stage.settle()
    assert stage.states() == ["waiting"]
    stage.due_now()
    stage.settle()
    assert stage.states() == ["sent"]


def test_it_is_given_up_after_a_day(stage: Stage, came: Sink) -> None:
    stage.now = NOON
    stage.channels()
    came.answers["/slack"] = [503, 503]
    stage.post("slack")
    stage.settle()
    assert stage.states() == ["waiting"]
    stage.pass_time(hours=24)
    stage.due_now()
    stage.settle()
    [one] = stage.all()
    assert (one.state, "given up after 2 attempts: 503" in one.error) == ("failed", True)


@pytest.mark.census("AG-030")
def test_a_receiver_that_is_down_for_an_hour_gets_it_once_it_is_back(
    stage: Stage, came: Sink
) -> None:
    stage.now = NOON
    with before(came.url.removeprefix("http://")) as network:
        stage.channel("webhook", Kind.WEBHOOK, SIGNING, url=f"http://{network.address}/hook")
        network.sever()
        stage.post("webhook", urgency=Urgency.PAGE)
        for _ in range(60):
            stage.settle()
            stage.pass_time(minutes=1)
            stage.due_now()
        [one] = stage.all()
        assert (one.state, one.attempts) == ("waiting", 60)
        network.heal()
        stage.settle()
    assert stage.states() == ["sent"]
    [got] = came.of("/hook")
    assert got.headers["x-quarterdeck-repeat"] == "60"


def test_what_may_wait_goes_as_one_and_what_is_at_once_does_not_wait_for_it(
    stage: Stage, came: Sink
) -> None:
    stage.channels()
    for n in range(3):
        stage.post("slack", key=f"b{n}", urgency=Urgency.BATCH, title=f"thing {n}")
    stage.post("slack", key="now", title="at once")
    stage.settle()
    assert [got.body["text"] for got in came.of("/slack")] == ["at once"]
    waits = max(one.due_at for one in stage.all("waiting")) - utc_now()
    assert timedelta(0) < waits < timedelta(minutes=60)
    stage.due_now()
    stage.settle()
    [_, bundle] = came.of("/slack")
    assert bundle.body["text"] == "3 messages: thing 0"
    assert all(f"thing {n}" in json.dumps(bundle.body) for n in range(3))
    assert stage.states() == ["sent"] * 4


def test_where_much_waits_it_is_bundled_but_no_page_is(stage: Stage, came: Sink) -> None:
    stage.channels()
    for n in range(8):
        stage.post("slack", "pagerduty", key=f"p{n}", about=f"page/{n}", title=f"thing {n}")
        stage.post("slack", key=f"page{n}", urgency=Urgency.PAGE, title=f"page {n}")
    stage.settle()
    texts = sorted(got.body["text"] for got in came.of("/slack"))
    assert texts[0] == "8 messages: thing 0"
    assert texts[1:] == [f"page {n}" for n in range(8)]
    assert len(came.of("/v2/enqueue")) == 8


def test_an_end_never_comes_to_pagerduty_before_its_beginning(stage: Stage, came: Sink) -> None:
    stage.channels()
    came.answers["/v2/enqueue"] = [503]
    stage.post("pagerduty", key="1", state="firing")
    stage.settle()
    stage.post("pagerduty", key="2", state="resolved")
    with stage.engine.connect() as db:
        assert not claims.any_due(db)  # nobody asks again and again for what has to wait
    stage.settle()
    assert stage.states() == ["waiting", "waiting"]
    stage.due_now()
    stage.settle()
    stage.settle()
    actions = [(got.body["event_action"], got.body["dedup_key"]) for got in came.of("/v2/enqueue")]
    assert actions == [("trigger", "acme/page/1"), ("resolve", "acme/page/1")]


def test_a_thing_that_begins_again_has_a_ticket_of_its_own(stage: Stage) -> None:
    with jira.running() as site:
        stage.channel("tickets", Kind.JIRA, "token", url=site.url, place="OPS")
        for key, state in enumerate(("firing", "resolved", "firing", "resolved")):
            stage.post("tickets", key=str(key), state=state)
        stage.settle()
        stage.settle()
        assert stage.states() == ["sent"] * 4
        assert [one["status"] for one in site.issues] == [DONE, DONE]


def test_tickets_are_told_of_one_thing_in_its_order(stage: Stage) -> None:
    with jira.running() as site:
        stage.channel("tickets", Kind.JIRA, "token", url=site.url, place="OPS")
        site.fail = [503]
        stage.post("tickets", key="1", state="firing")
        stage.settle()
        stage.post("tickets", key="2", state="firing", title="Still down")
        stage.post("tickets", key="3", state="resolved")
        stage.settle()
        assert stage.states() == ["waiting"] * 3
        stage.due_now()
        stage.settle()
        assert [one["status"] for one in site.issues] == [DONE]


def test_one_that_hangs_holds_up_nobody_else_and_no_page(stage: Stage, came: Sink) -> None:
    stage.channels()
    hang = Event()
    came.answers["/hook"] = [hang] * 9
    for n in range(5):
        stage.post("webhook", key=f"w{n}")
    loop = stage.sending()
    loop.beat()
    until(lambda: len(stage.all("sending")) == 4)
    stage.post("webhook", key="page", urgency=Urgency.PAGE)
    stage.post("slack", key="other")
    loop.beat()
    until(lambda: came.of("/slack"))
    assert [one.key for one in stage.all("sending") if one.urgency is Urgency.PAGE] == ["page"]
    hang.set()
    stage.settle(loop)
    assert set(stage.states()) == {"sent"}


def test_what_was_begun_and_not_written_down_is_sent_again_and_says_so(
    stage: Stage, came: Sink, box: MailBox
) -> None:
    """As after a SIGKILL between sending and writing: at least once, under the same key."""
    stage.channels()
    stage.post("webhook")
    stage.post("ops@acme.example", where=Where.MAIL)
    killed = stage.sending()
    killed.beat()
    until(lambda: came.of("/hook") and box.got)  # it was sent; nothing is written
    other = stage.sending()
    stage.settle(other)
    assert len(came.of("/hook")) == 1  # its lease holds
    stage.due_now("sending")
    stage.settle(other)
    first, second = came.of("/hook")
    assert second.headers["x-quarterdeck-repeat"] == "1"
    assert second.headers["idempotency-key"] == first.headers["idempotency-key"]
    one, again = (mail.message for mail in box.got)
    assert one["Message-ID"] == again["Message-ID"]
    assert (one["X-Quarterdeck-Repeat"], again["X-Quarterdeck-Repeat"]) == (None, "1")
    killed.beat()  # whoever comes late changes nothing
    assert [one.attempts for one in stage.all()] == [2, 2]
    assert stage.states() == ["sent", "sent"]


WORKER = """
import sys
from contextlib import closing
from pathlib import Path
from threading import Event
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import open_engine
from quarterdeck.kernel.settings import Settings
from quarterdeck.operations.messages.service.sending import open_sending
from quarterdeck.providers.webhook.sender import HttpSender
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.wiring.telling import outlet
ways = outlet(Settings(), KeyStore(Path(sys.argv[2])), HttpSender("127.0.0.0/8"))
loop = open_sending(open_engine(sys.argv[1]), utc_now, ways)
loop.beat()
print("begun", flush=True)
Event().wait()
"""


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_worker_that_is_killed_loses_nothing(
    engine: Engine, stage: Stage, came: Sink, tmp_path: Path
) -> None:
    stage.channels()
    hang = Event()
    came.answers["/hook"] = [hang]
    stage.post("webhook")
    line = [sys.executable, "-c", WORKER, str(engine.url), str(tmp_path / "keys")]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    with subprocess.Popen(line, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "begun\n"
        assert stage.states() == ["sending"]
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    hang.set()
    stage.due_now("sending")
    stage.settle()
    assert [got.headers.get("x-quarterdeck-repeat") for got in came.of("/hook")][-1] == "1"
    assert stage.states() == ["sent"]


def test_what_goes_by_a_channel_that_is_gone_is_a_dead_letter(stage: Stage) -> None:
    stage.channels()
    stage.post("slack")
    with stage.work() as work:
        keeping.remove(work, "acme", "slack")
    stage.settle()
    [one] = stage.all()
    assert (one.state, one.error) == ("failed", "channel slack is gone")


def test_a_secret_goes_to_nobody_for_whom_it_is_not(stage: Stage, came: Sink) -> None:
    stage.channel("ops", Kind.SLACK, BOT, place="#ops")
    stage.post("ops")
    stage.channel("ops", Kind.PAGERDUTY, KEY)
    stage.settle()
    [one] = stage.all()
    assert (one.state, one.error) == ("failed", "channel ops is of another kind now")
    assert came.got == []


def test_a_channel_whose_secret_is_awaited_is_waited_for(stage: Stage) -> None:
    with jira.running() as site:
        stage.channel("tickets", Kind.JIRA, "token", url="https://old.example", place="OPS")
        stage.post("tickets")
        stage.channel("tickets", Kind.JIRA, url=site.url, place="OPS")
        stage.settle()
        [one] = stage.all()
        assert (one.state, "needs its secret" in one.error) == ("waiting", True)
        stage.channel("tickets", Kind.JIRA, "token", url=site.url, place="OPS")
        stage.due_now()
        stage.settle()
        assert len(site.issues) == 1


def test_a_secret_that_cannot_be_opened_is_said_and_tried_again(
    stage: Stage, came: Sink, tmp_path: Path
) -> None:
    stage.channels()
    stage.post("slack")
    for file in (tmp_path / "keys").iterdir():
        file.rename(file.with_suffix(".away"))
    stage.keys = stage.keys.anew()
    stage.settle()
    [one] = stage.all()
    assert (one.state, "cannot be opened" in one.error) == ("waiting", True)
    assert came.got == []


def test_a_channel_is_tested_and_says_what_came_back(stage: Stage, box: MailBox) -> None:
    stage.channels()
    box.refuses["lead@acme.example"] = ["550 no such person"]
    ways = stage.outlet()
    with stage.work() as work:
        tried = testing.carried(ways, testing.prepared(work, "acme", "mail", ways.safe))
        testing.noted(work, "acme", "mail", tried)
    assert [(one.shown, one.reply.error) for one in tried] == [
        ("ops@acme.example", ""),
        ("lead@acme.example", "550: lead@acme.example: no such person"),
    ]
    assert stage.states() == ["sent", "failed"]
    assert {one.about for one in stage.all()} == {"channel/mail"}
    with stage.work() as work:
        [slack] = testing.carried(ways, testing.prepared(work, "acme", "slack", ways.safe))
        assert slack.reply.taken


def counted(kind: str, outcome: str) -> float:
    name = "quarterdeck_messages_total"
    return REGISTRY.get_sample_value(name, {"kind": kind, "outcome": outcome}) or 0.0


def test_attempts_are_counted_by_how_they_ended(stage: Stage, came: Sink) -> None:
    outcomes = ("taken", "again", "refused")
    before = [counted("webhook", one) for one in outcomes]
    stage.channel("webhook", Kind.WEBHOOK, url=f"{came.url}/hook")
    came.answers["/hook"] = [500, 200, 400]
    stage.post("webhook", key="1")
    stage.settle()
    stage.due_now()
    stage.settle()
    stage.post("webhook", key="2")
    stage.settle()
    now = [counted("webhook", one) for one in outcomes]
    assert [b - a for a, b in zip(before, now, strict=True)] == [1, 1, 1]
    assert "quarterdeck-signature" not in came.got[0].headers  # it has no secret
    assert sending_module.MOST_A_WAY < sending_module.MOST_PAGES_A_WAY
