"""Alerts to channels: by severity, through the outbox, once."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine

from operations.messages.stage import KEY
from operations.messages.stage import Stage as Outbox
from operations.routing.stage import Watch
from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.channels.model.channel import Kind
from quarterdeck.operations.channels.service import keeping
from quarterdeck.operations.messages.model import Urgency
from quarterdeck.operations.routing.model import RoutingInvalid
from quarterdeck.operations.routing.reading import read
from quarterdeck.operations.routing.service import configuring
from quarterdeck.operations.routing.service.outgoing import outgoing
from quarterdeck.trail.keys.keystore import KeyStore
from servers.mail import MailBox
from servers.sink import Sink

HOW_TO = Path(__file__).parents[3] / "docs/how-to/send-notifications.md"


def config() -> str:
    """The routing that the how-to shows."""
    [text] = re.findall(r"```yaml\n(route:.*?)```", HOW_TO.read_text(), re.DOTALL)
    return str(text)


@pytest.fixture
def outbox(engine: Engine, tmp_path: Path, came: Sink, box: MailBox) -> Iterator[Outbox]:
    made = Outbox(engine, KeyStore(tmp_path / "keys"), came, box)
    for name in ("incidents", "ops", "notifications"):
        secret = f"{came.url}/{name}"
        made.channel(f"atp-{name}", Kind.SLACK, secret, place=f"#atp-{name}")
    made.channel("atp-pager", Kind.PAGERDUTY, KEY)
    made.channel("atp-oncall-mail", Kind.EMAIL, to=("oncall@acme.example",))
    made.channel("atp-ops-mail", Kind.EMAIL, to=("ops@acme.example",))
    yield made
    made.close()


@pytest.fixture
def watch(outbox: Outbox) -> Iterator[Watch]:
    watch = Watch(outbox.engine)
    watch.apply(config())
    yield watch
    watch.close()


def told(came: Sink, box: MailBox) -> list[str]:
    """Where something came, in order of the alphabet."""
    return sorted([*(got.path for got in came.got), *(m.recipients[0] for m in box.got)])


@pytest.mark.census("ATP-032", "ATP-108")
@pytest.mark.parametrize(
    ("severity", "places"),
    [
        ("SEV-1", ["/incidents", "/v2/enqueue", "oncall@acme.example"]),
        ("SEV-2", ["/incidents", "/v2/enqueue", "oncall@acme.example"]),
        ("critical", ["/incidents", "/v2/enqueue", "oncall@acme.example"]),
        ("SEV-3", ["/ops", "ops@acme.example"]),
        ("warning", ["/ops", "ops@acme.example"]),
        ("SEV-4", ["/notifications"]),
    ],
)
def test_an_alert_comes_out_where_its_severity_says_once(
    watch: Watch, outbox: Outbox, came: Sink, box: MailBox, severity: str, places: list[str]
) -> None:
    watch.push({"severity": severity, "service": "atp-database"})
    watch.settle()
    outbox.settle()
    assert told(came, box) == places
    watch.pass_time(minutes=6)
    watch.settle()
    outbox.settle()
    assert told(came, box) == places


def test_its_end_is_told_as_such_and_pagerduty_ends_its_incident(
    watch: Watch, outbox: Outbox, came: Sink
) -> None:
    watch.push({"severity": "critical", "service": "db"})
    watch.settle()
    outbox.settle()
    watch.push({"severity": "critical", "service": "db"}, resolved=True)
    watch.pass_time(minutes=6)
    watch.settle()
    outbox.settle()
    first, last = came.of("/v2/enqueue")
    assert (first.body["event_action"], last.body["event_action"]) == ("trigger", "resolve")
    assert first.body["dedup_key"] == last.body["dedup_key"]
    assert first.body["payload"]["source"] == "db"
    slack = [got.body["text"] for got in came.of("/incidents")]
    assert slack == [":red_circle: it is down", ":white_check_mark: Resolved: it is down"]


def test_a_group_is_one_message_and_says_how_many(watch: Watch, outbox: Outbox, came: Sink) -> None:
    watch.push(*({"severity": "warning", "node": f"n-{n}"} for n in range(25)))
    watch.settle()
    outbox.settle()
    [got] = came.of("/ops")
    assert got.body["text"] == ":large_orange_circle: Down: 25 firing"
    text = got.body["blocks"][1]["text"]["text"]
    assert (text.count("it is down"), "and 5 more" in text) == (20, True)


def test_a_channel_that_was_removed_is_said_where_it_was_to_be_told(
    watch: Watch, outbox: Outbox
) -> None:
    with outbox.work() as work:
        keeping.remove(work, "acme", "atp-notifications")
    watch.push({"severity": "info"})
    watch.settle()
    with watch.work() as work:
        [one] = outgoing(work, "acme", ("failed",)).notifications
    assert one.error == "no channel 'atp-notifications'"


def test_a_channel_that_is_not_there_is_refused_with_its_line(watch: Watch) -> None:
    text = config().replace("atp-ops-mail", "atp-opps")
    with watch.work() as work:
        for refuse in (configuring.apply, configuring.check):
            with pytest.raises(RoutingInvalid, match="has no channel 'atp-opps'") as refused:
                refuse(work, "acme", text)
            assert refused.value.line == 1 + text[: text.index("atp-opps")].count("\n")


def document(**receiver: object) -> str:
    return yaml.safe_dump(
        {
            "route": {"receiver": "team", "group_wait": "0s"},
            "receivers": [{"name": "team", **receiver}],
        }
    )


def test_mails_of_alertmanager_are_sent_by_our_server_and_a_note_says_so(
    watch: Watch, outbox: Outbox, box: MailBox
) -> None:
    said: dict[str, Any] = {"to": "Ada <ada@acme.example>, bob@acme.example", "html": "<b>x</b>"}
    text = document(email_configs=[said])
    [note] = read(text).notes
    assert "html has no effect: mail goes by the settings smtp_*" in note
    watch.apply(text)
    watch.push({"severity": "critical"})
    watch.settle()
    watch.push({"severity": "critical"}, resolved=True)
    watch.pass_time(minutes=6)
    watch.settle()
    outbox.settle()
    assert sorted(mail.recipients[0] for mail in box.got) == [
        "ada@acme.example",
        "bob@acme.example",
    ]


@pytest.mark.parametrize(
    "receiver",
    [
        {"channel_configs": [{}]},
        {"channel_configs": [{"channel": "No Name"}]},
        {"email_configs": [{}]},
        {"email_configs": [{"to": "nobody"}]},
        {"email_configs": [{"to": ""}]},
        {"slack_configs": [{"channel": "#x"}]},
    ],
)
def test_what_names_nobody_is_refused(receiver: dict[str, object]) -> None:
    with pytest.raises(Invalid, match="line "):
        read(document(**receiver))


@pytest.mark.census("AG-030")
def test_what_may_wait_an_hour_is_put_into_a_bundle(watch: Watch, outbox: Outbox) -> None:
    for name, how in (("a", "within_1_hour"), ("b", "immediate")):
        watch.push({"alertname": name, "severity": "warning"}, notification=how)
    watch.settle()
    due = {one.urgency: one.due_at for one in outbox.all() if one.channel == "atp-ops"}
    assert due[Urgency.PROMPT] <= watch.clock()
    assert watch.clock() < due[Urgency.BATCH] < watch.clock() + timedelta(hours=1)


def one_of(kind: str, came: Sink) -> str:
    how = {"webhook": {"webhook_configs": [{"url": f"{came.url}/hook"}]}}
    return document(**how.get(kind, {"channel_configs": [{"channel": "atp-ops"}]}))


@pytest.mark.parametrize(("first", "then"), [("webhook", "channel"), ("channel", "webhook")])
def test_what_waits_for_a_receiver_that_was_exchanged_goes_to_neither_in_a_wrong_form(
    watch: Watch, outbox: Outbox, came: Sink, first: str, then: str
) -> None:
    watch.apply(one_of(first, came))
    watch.push({"severity": "warning"})
    while watch.dispatcher().beat():
        pass
    watch.apply(one_of(then, came))
    sending = watch.sending()
    while sending.beat() or sending.running:
        sending.wait(0.05)
    with watch.work() as work:
        [one] = outgoing(work, "acme", ("failed",)).notifications
    assert one.error == "the receiver is another by now"
    assert came.got == []
    watch.push({"severity": "warning", "node": "b"})
    watch.pass_time(minutes=6)
    watch.settle(sending)
    outbox.settle()
    assert [got.path for got in came.got] == ["/hook" if then == "webhook" else "/ops"]
