"""Pages whose mails are refused for good: who was not reached was not told."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from operations.escalation.stage import Desk
from operations.messages.test_bouncing import report
from quarterdeck.kernel.settings import Settings
from quarterdeck.operations.escalation import hearing
from quarterdeck.operations.escalation.model.page import Page
from quarterdeck.operations.messages.service.bouncing import came_back
from quarterdeck.operations.messages.service.mending import retry
from quarterdeck.operations.messages.service.sending import open_sending
from quarterdeck.providers.webhook.sender import HttpSender
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.wiring.telling import outlet
from quarterdeck.worker.delivery import deliver_all
from servers import mail
from servers.mail import MailBox

TWO = """\
levels:
  - name: L1
    targets: [schedule primary, mail lead@example.com]
    engage_at: 0
  - {name: L2, targets: [mail boss@example.com], engage_at: 1h}
"""
MUST_JOIN = """\
engages_until: resolved
levels:
  - name: L1
    targets: [mail lead@example.com]
    engage_at: 0
  - {name: L2, targets: [mail boss@example.com], engage_at: 10m}
"""
NO_SUCH = "550 5.1.1 no such user"


@dataclass
class Office:
    """A desk whose mails go to a mail server."""

    desk: Desk
    box: MailBox
    folder: Path

    def settle(self) -> None:
        """Send what waits, hear what came of it, tell who is told instead, and send that."""
        settings = Settings(
            smtp_host="127.0.0.1",
            smtp_port=self.box.port,
            smtp_tls="none",
            smtp_from="quarterdeck@acme.example",
        )
        engine, clock = self.desk.engine, self.desk.stage.clock
        with closing(HttpSender()) as sender:
            ways = outlet(settings, KeyStore(self.folder / "keys"), sender)
            with closing(open_sending(engine, clock, ways)) as loop:
                for _ in range(3):
                    self.desk.tick()
                    while loop.beat() or loop.running:
                        loop.wait(0.05)
                    deliver_all(engine, clock, [hearing.subscriber()])

    def history(self, page: Page) -> list[str]:
        return [f"{one.what}: {one.words}" for one in self.desk.account(page).history]


@pytest.fixture
def office(desk: Desk, tmp_path: Path) -> Iterator[Office]:
    desk.taken = False
    with mail.running() as box:
        yield Office(desk, box, tmp_path)


def test_who_is_refused_was_not_told_and_the_next_is_told_instead(office: Office) -> None:
    desk, box = office.desk, office.box
    box.refuses["ada@example.com"] = [NO_SUCH] * 9
    page = desk.page("SEV-2")
    office.settle()
    assert [one.recipients for one in box.got] == [("bob@example.com",)]
    words = (
        "mail to ada@example.com was refused: 550: ada@example.com: 5.1.1 no such user; "
        "L2 is told instead"
    )
    [first, *_] = desk.account(page).steps
    assert (first.state.value, first.why) == ("failed", words)
    assert first.told[0].why == "refused: 550: ada@example.com: 5.1.1 no such user"
    assert f"refused: {words}" in office.history(page)
    assert desk.told(page) == {"L2/engage/0": ["bob@example.com"]}
    [dead] = [one for one in desk.account(page).sent.values() if one.state == "failed"]
    assert dead.address == "ada@example.com"
    assert desk.facts().count("PageTold") == 3  # told, not told after all, and the next
    desk.stage.pass_time(minutes=2)
    assert desk.audit() == 0  # nobody is told by the auditor too


def test_where_another_of_the_level_was_reached_the_next_sleeps_on(office: Office) -> None:
    desk, box = office.desk, office.box
    desk.apply(TWO)
    box.refuses["ada@example.com"] = [NO_SUCH] * 9
    page = desk.page("SEV-2")
    office.settle()
    assert [one.recipients for one in box.got] == [("lead@example.com",)]
    [first, _] = desk.account(page).steps
    assert [one.why for one in first.told][1:] == [""]
    assert office.history(page)[-1].startswith("refused: mail to ada@example.com was refused: 550")
    assert desk.states(page) == {"L1/engage/0": "told", "L2/engage/0": "waiting"}


def test_where_all_are_refused_whoever_hears_of_the_rest_does(office: Office) -> None:
    desk, box = office.desk, office.box
    desk.apply(TWO)
    for person in ("ada", "lead", "boss"):
        box.refuses[f"{person}@example.com"] = [NO_SUCH] * 9
    page = desk.page("SEV-2")
    office.settle()
    assert desk.states(page) == {"L1/engage/0": "failed", "L2/engage/0": "told"}
    assert desk.audit() == 1
    assert len(desk.account(page).lates) == 1
    office.settle()
    assert [one.recipients for one in box.got] == [("outside@example.com",)]


def test_nobody_is_woken_for_a_page_that_somebody_answered(office: Office) -> None:
    desk, box = office.desk, office.box
    box.refuses["ada@example.com"] = [NO_SUCH] * 9
    page = desk.page("SEV-2")
    desk.tick()
    desk.acknowledge(page)
    office.settle()
    assert box.to("bob@example.com") == []
    states = desk.states(page)
    # Where whoever answered does not end it, the level is told again.
    assert (states["L1/engage/0"], states["L2/engage/0"]) == ("told", "held")
    assert "was refused" in office.history(page)[-1]


def test_whose_mail_came_back_was_not_told_either(office: Office) -> None:
    desk, box = office.desk, office.box
    page = desk.page("SEV-2")
    office.settle()
    assert [one.recipients for one in box.got] == [("ada@example.com",)]
    with desk.stage.work() as work:
        came_back(work, report(box))
    office.settle()
    assert [one.recipients for one in box.got][1:] == [("bob@example.com",)]
    [first, *_] = desk.account(page).steps
    assert first.why == (
        "mail to ada@example.com was refused: bounced: 5.2.2 552 mailbox full; L2 is told instead"
    )


def test_who_must_join_whoever_answered_and_is_refused_is_found_to_be_told_of_nothing(
    office: Office,
) -> None:
    desk, box = office.desk, office.box
    desk.apply(MUST_JOIN)
    box.refuses["boss@example.com"] = [NO_SUCH] * 9
    page = desk.page("SEV-2")
    office.settle()
    desk.acknowledge(page)
    desk.stage.pass_time(minutes=10)
    office.settle()
    assert "was refused" in office.history(page)[-1]
    desk.stage.pass_time(minutes=2)
    assert desk.audit() == 1
    office.settle()
    assert [one.recipients for one in box.got][-1:] == [("outside@example.com",)]


def test_what_is_sent_anew_and_taken_is_refused_no_more(office: Office) -> None:
    desk, box = office.desk, office.box
    desk.apply(TWO)
    box.refuses["ada@example.com"] = [NO_SUCH]
    page = desk.page("SEV-2")
    office.settle()
    [first, _] = desk.account(page).steps
    [refused] = [one for one in first.told if one.why]
    with desk.stage.work() as work:
        retry(work, refused.message)
    office.settle()
    assert box.to("ada@example.com") != []
    [first, _] = desk.account(page).steps
    assert [one.why for one in first.told] == ["", ""]
    desk.stage.pass_time(minutes=2)
    assert desk.audit() == 0
