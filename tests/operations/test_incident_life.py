"""Whom an incident tells, by each way that there is, until its ticket is closed."""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from operations.incidents.stage import NOON
from operations.messages.stage import KEY
from operations.messages.stage import Stage as Outbox
from packs.test_graded import ladder
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Work
from quarterdeck.operations.channels.model.channel import Kind
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Channel, Contact, Means, Section
from quarterdeck.operations.escalation.service import policies
from quarterdeck.operations.escalation.service.timing import Timers
from quarterdeck.operations.incidents.model.clocks import RESPOND, clocks
from quarterdeck.operations.incidents.model.incident import Impact, Incident, Role
from quarterdeck.operations.incidents.model.stage import Stage
from quarterdeck.operations.incidents.service import (
    declaring,
    describing,
    leading,
    looking,
    noticing,
    roles,
)
from quarterdeck.operations.severities import service as severities
from quarterdeck.trail.keys.keystore import KeyStore
from servers import jira, mail, sink
from servers.jira import DONE, OPEN, Jira
from servers.sink import Sink

POLICY = """\
levels:
  - name: L1
    targets: [channel pager]
    notify_at: {SEV-1: 0, SEV-2: 0}
"""
CUSTOMER = Contact(
    name="acme",
    title="Acme",
    section=Section.CUSTOMER,
    tenants=("acme",),
    channels=(Channel(means=Means.MAIL, address="it@acme.example"),),
)


class House:
    """A tenant with every channel that runbook 004 names (topic 5), each with its own sink."""

    def __init__(
        self, engine: Engine, folder: Path, came: Sink, box: mail.MailBox, site: Jira
    ) -> None:
        self.engine, self.came, self.box, self.site = engine, came, box, site
        self.outbox = Outbox(engine, KeyStore(folder / "keys"), came, box, now=NOON)
        self.outbox.channel("pager", Kind.PAGERDUTY, KEY)
        for name in ("atp-incidents", "atp-ops"):
            self.outbox.channel(name, Kind.SLACK, f"{came.url}/{name}")
        for name, to in (("atp-oncall-mail", "oncall"), ("atp-ops-mail", "ops")):
            self.outbox.channel(name, Kind.EMAIL, to=(f"{to}@acme.example",))
        secret = "bot@acme.example:token"
        self.outbox.channel("tickets", Kind.JIRA, secret, url=site.url, place="OPS/Incident")
        with self.work() as work:
            policies.apply(work, "acme", "incidents", POLICY)
            contacts.put(work, "acme", CUSTOMER)

    def work(self) -> AbstractContextManager[Work]:
        return self.outbox.work()

    def grade(self, pack: str, tenant: str) -> None:
        """Have incidents be as severe as a pack says; what it says of paging is there, too."""
        found = ladder(self.engine, pack, tenant)
        with self.work() as work:
            severities.put(work, "acme", found)
            for name in {one.policy for one in found.severities} - {"", "incidents"}:
                text = policies.one(work, tenant, name).version.text
                policies.apply(work, "acme", name, text)

    def declare(self, severity: str) -> Incident:
        told = declaring.Told(
            tenant="acme",
            symptom="High Latency",
            severity=severity,
            service="Ingestion",
            tenants=("acme",),
        )
        with self.work() as work:
            made, _ = declaring.declare(work, told)
        self.settle()
        return made

    def resolve(self, incident: str) -> None:
        with self.work() as work:
            said = describing.Said(impact=Impact(users="slow"), temporary="x", validated="green")
            describing.describe(work, incident, said)
            roles.assign(work, incident, Role.TL, "tom")
            leading.advance(work, incident, Stage.RESOLUTION)
        self.settle()

    def settle(self) -> None:
        Timers(engine=self.engine, clock=self.outbox.clock, url="").beat()
        self.outbox.settle()

    def told(self) -> Counter[str]:
        """How many messages came out at each sink."""
        came = Counter(got.path.strip("/") for got in self.came.got)
        came += Counter(address for got in self.box.got for address in got.recipients)
        return came + Counter({"issues": len(self.site.issues)})


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> Iterator[House]:
    with sink.running() as came, mail.running() as box, jira.running() as site:
        made = House(engine, tmp_path, came, box, site)
        yield made
        made.outbox.close()


def test_a_high_one_pages_chats_mails_and_has_a_ticket(house: House) -> None:
    house.grade("atp", "atp")
    house.declare("SEV-2")
    assert house.told() == {
        "v2/enqueue": 1,
        "atp-incidents": 1,
        "oncall@acme.example": 1,
        "issues": 1,
    }


@pytest.mark.census("ATP-107")
def test_a_medium_one_wakes_nobody(house: House) -> None:
    house.grade("atp", "atp")
    house.declare("SEV-3")
    assert house.told() == {"atp-ops": 1, "ops@acme.example": 1, "issues": 1}


@pytest.mark.census("ATP-180")
def test_a_low_one_is_a_ticket_in_the_backlog(house: House) -> None:
    house.grade("atp", "atp")
    house.declare("SEV-4")
    assert house.told() == {"issues": 1}
    [ticket] = house.site.issues
    assert ticket["priority"] == {"name": "Lowest"}
    assert "priority-backlog" in ticket["labels"]


@pytest.mark.census("ATP-156")
def test_the_ticket_has_the_form_of_the_runbook(house: House) -> None:
    made = house.declare("SEV-3")
    [ticket] = house.site.issues
    assert ticket["issuetype"] == {"name": "Incident"}
    assert ticket["summary"] == f"{made.id} {made.title}"
    words = ticket["description"].splitlines()
    assert words[0] == f"# {made.id}: {made.title}"
    assert [line for line in words if line.startswith("## ")] == [
        f"## {name}"
        for name in ("Timeline", "Impact", "Root Cause", "Resolution", "Action Items", "Links")
    ]
    assert f"Declared: {made.title}" in ticket["description"]
    with house.work() as work:
        assert looking.account(work, made.id).tickets == ["OPS-1"]


@pytest.mark.census("ATP-134")
def test_with_its_end_ticket_and_page_end_and_tenants_are_told(house: House) -> None:
    house.grade("atp", "atp")
    made = house.declare("SEV-1")
    [ticket] = house.site.issues
    assert ticket["status"] is OPEN
    house.outbox.now = NOON + timedelta(hours=4)
    house.resolve(made.id)
    assert ticket["status"] is DONE
    assert [got.body["event_action"] for got in house.came.of("/v2/enqueue")] == [
        *("trigger", "acknowledge", "resolve")
    ]
    with house.work() as work:
        found = looking.account(work, made.id)
    lines = [one.text for one in found.timeline]
    assert found.incident.notified_at == NOON  # its clock stands at when they first were told
    assert f"Customers told: acme: {noticing.OVER}" in lines
    assert house.told()["it@acme.example"] == 2


SUPPORT, MANAGER = "platform-support@company.com", "devops-manager@company.com"


@pytest.mark.parametrize(
    ("word", "hours", "path"),
    [
        pytest.param("P2", 1, [SUPPORT, MANAGER], marks=pytest.mark.census("AG-102")),
        pytest.param("P3", 4, [], marks=pytest.mark.census("AG-103")),
        pytest.param("P4", 24, [], marks=pytest.mark.census("AG-104")),
    ],
)
def test_runbook_000_has_a_ticket_a_time_to_answer_and_a_path(
    house: House, word: str, hours: int, path: list[str]
) -> None:
    house.grade("azure-governance", PLATFORM)
    made = house.declare(word)
    [due] = [one.due_at for one in clocks(made) if one.name == RESPOND]
    assert due - made.declared_at == timedelta(hours=hours)
    assert house.told() == Counter({"issues": 1}) + Counter(path[:1])
    house.outbox.now = made.declared_at + timedelta(minutes=61)
    house.settle()
    assert house.told() == Counter({"issues": 1}) + Counter(path)
