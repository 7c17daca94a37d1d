"""The life of an alert, from what was seen to the ticket that is closed (runbook 004, topic 5)."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from operations.messages.stage import KEY
from operations.messages.stage import Stage as Outbox
from operations.routing.stage import NOON, Watch
from quarterdeck.access.principals.model import installation
from quarterdeck.events.governance import SyncFailed
from quarterdeck.events.health import ServiceCameBack, ServiceWentDown
from quarterdeck.kernel.event import Event
from quarterdeck.operations.alerts import hearing as alerts
from quarterdeck.operations.alerts.service import looking
from quarterdeck.operations.channels.model.channel import Kind
from quarterdeck.operations.escalation import hearing as pages
from quarterdeck.operations.escalation.service import answering, policies
from quarterdeck.operations.escalation.service import looking as paged
from quarterdeck.operations.escalation.service.timing import Timers
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.worker.delivery import deliver_all
from servers import jira, mail, sink
from servers.jira import DONE, OPEN, Jira
from servers.sink import Sink

ROUTING = """\
route:
  receiver: all
  group_by: [alertname, service, domain]
  group_wait: 0s
  group_interval: 1m
receivers:
  - name: all
    page_configs: [{policy: incidents}]
    channel_configs: [{channel: chat}, {channel: tickets}]
"""
POLICY = """\
levels:
  - {name: L1, targets: [channel pager], notify_at: 0, engage_at: 0}
  - {name: L2, targets: [mail boss@example.com], engage_at: 30m}
"""
PLACE = {"environment": "prod", "service": "query", "region": "eastus"}


class House:
    """A tenant whose alerts page, chat and make tickets."""

    def __init__(
        self, engine: Engine, folder: Path, came: Sink, box: mail.MailBox, site: Jira
    ) -> None:
        self.came, self.box, self.site = came, box, site
        self.outbox = Outbox(engine, KeyStore(folder / "keys"), came, box, now=NOON)
        self.watch = Watch(engine)
        self.outbox.channel("pager", Kind.PAGERDUTY, KEY)
        self.outbox.channel("chat", Kind.SLACK, f"{came.url}/chat")
        secret = "bot@acme.example:token"
        self.outbox.channel("tickets", Kind.JIRA, secret, url=site.url, place="OPS")
        with self.watch.work(installation()) as work:
            policies.apply(work, "acme", "incidents", POLICY)
        self.watch.apply(ROUTING)

    def happens(self, event: Event, minutes: int = 0) -> None:
        self.watch.pass_time(minutes=minutes)
        self.outbox.now = self.watch.now
        with self.watch.work(installation()) as work:
            work.publish(event)
        self.settle()

    def settle(self) -> None:
        """Do what a worker would, to its end."""
        ears = [alerts.subscriber(), pages.subscriber()]
        for _ in range(2):
            while deliver_all(self.watch.engine, self.watch.clock, ears):
                pass
            self.watch.settle()
            Timers(engine=self.watch.engine, clock=self.watch.clock, url="").beat()
        self.outbox.settle()

    def chat(self) -> list[str]:
        return [got.body["text"] for got in self.came.of("/chat")]

    def history(self) -> list[str]:
        with self.watch.work(installation()) as work:
            [alert] = [*looking.active(work), *looking.past(work)]
            return [one.state for one in looking.account(work, alert.id).history]

    def close(self) -> None:
        self.watch.close()
        self.outbox.close()


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> Iterator[House]:
    with sink.running() as came, mail.running() as box, jira.running() as site:
        made = House(engine, tmp_path, came, box, site)
        yield made
        made.close()


def down() -> ServiceWentDown:
    return ServiceWentDown(tenant="acme", **PLACE, was="healthy", reason="refused")


@pytest.mark.census("ATP-085", "ATP-103", "ATP-105")
def test_from_a_service_that_is_down_to_a_closed_ticket(house: House) -> None:
    house.happens(down())
    [event] = house.came.of("/v2/enqueue")
    assert (event.body["event_action"], event.body["payload"]["severity"]) == (
        "trigger",
        "critical",
    )
    assert house.chat() == [":red_circle: query in prod, eastus is down"]
    [ticket] = house.site.issues
    assert (ticket["summary"], ticket["status"]) == ("query in prod, eastus is down", OPEN)
    house.watch.pass_time(minutes=30)
    house.outbox.now = house.watch.now
    house.settle()
    assert [one.recipients for one in house.box.got] == [("boss@example.com",)]
    with house.watch.work(installation()) as work:
        [page] = paged.listed(work, "acme")
        answering.acknowledge(work, page.id, by="Ada", eta_min=15)
    house.settle()
    house.happens(
        ServiceCameBack(tenant="acme", **PLACE, was="down", reason="", after_s=1860), minutes=1
    )
    house.watch.pass_time(minutes=1)
    house.outbox.now = house.watch.now
    house.settle()
    assert (len(house.site.issues), ticket["status"]) == (1, DONE)
    assert [got.body["event_action"] for got in house.came.of("/v2/enqueue")] == [
        *("trigger", "acknowledge", "resolve")
    ]
    assert house.chat()[-1] == ":white_check_mark: Resolved: query in prod, eastus is down"
    assert house.history()[-1] == "resolved"


@pytest.mark.census("AG-026")
def test_a_failed_sync_is_an_alert_and_a_notification_at_once(house: House) -> None:
    house.happens(
        SyncFailed(
            tenant="acme",
            domain="costs",
            run="r1",
            state="failed",
            failure="authentication",
            error="AADSTS7000215",
            recommended="rotate the secret",
            **dict.fromkeys(("seen", "added", "changed", "removed"), 0),
            changes="",
        )
    )
    with house.watch.work(installation()) as work:
        [alert] = looking.active(work)
    assert (alert.sign.type, alert.sign.severity.value) == ("sync_failure", "critical")
    assert house.chat() == [":red_circle: Sync of costs failed: authentication"]
    assert timedelta(0) <= alert.seen_at - alert.starts_at
