"""Groups of alerts that page somebody, and pages and alerts that are answered together."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from operations.routing.stage import Watch
from quarterdeck.access.principals.model import installation
from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.work import Actor, Tenants
from quarterdeck.operations.alerts.model import Filter
from quarterdeck.operations.alerts.service import lifecycle, looking
from quarterdeck.operations.escalation import hearing
from quarterdeck.operations.escalation.model.page import Page, PageState
from quarterdeck.operations.escalation.service import answering, policies
from quarterdeck.operations.escalation.service import looking as pages
from quarterdeck.operations.escalation.service.timing import Timers
from quarterdeck.operations.escalation.service.watching import Auditor
from quarterdeck.operations.messages.service import looking as messages
from quarterdeck.operations.routing.model import RoutingInvalid
from quarterdeck.operations.routing.service.placing import stalled
from quarterdeck.worker.delivery import deliver_all

ROUTING = """\
route:
  receiver: pager
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1m
receivers:
  - {name: pager, page_configs: [{policy: incidents}]}
"""
POLICY = """\
levels:
  - {name: L1, targets: [mail ada@example.com], notify_at: 0, engage_at: 0}
  - {name: L2, targets: [mail bob@example.com], engage_at: 30m}
"""
ADA = Actor("ada", frozenset((verb, "acme") for verb in ("pages:acknowledge", "pages:read")))


class Paging:
    """A tenant whose alerts page somebody."""

    def __init__(self, engine: Engine) -> None:
        self.watch = Watch(engine)
        self.engine = engine
        with self.watch.work(installation()) as work:
            tenants.create(work, "acme", "Acme")
            policies.apply(work, "acme", "incidents", POLICY)
        self.watch.apply(ROUTING)

    def push(self, *labels: Mapping[str, str], resolved: bool = False) -> None:
        self.watch.push(*labels, resolved=resolved)
        self.settle()

    def settle(self) -> None:
        """Do what a worker would."""
        while self.watch.dispatcher().beat():
            pass
        Timers(engine=self.engine, clock=self.watch.clock, url="").beat()
        deliver_all(self.engine, self.watch.clock, [hearing.subscriber()])

    def pages(self) -> list[Page]:
        with self.watch.work(installation()) as work:
            return pages.listed(work, "acme")

    def told(self, page: str) -> list[str]:
        """Whom a page told until now, and what, oldest first."""
        with self.watch.work(installation()) as work:
            own = Tenants(frozenset({"acme"}))
            found = messages.about(work.db, own, f"page/{page}")
        return [f"{one.address}: {one.content.title}" for one in found]

    def alerts(self) -> dict[int, str]:
        with self.watch.work(installation()) as work:
            found = [*looking.active(work), *looking.past(work)]
        return {one.id: one.state.value for one in found}


@pytest.fixture
def paging(engine: Engine) -> Paging:
    return Paging(engine)


def test_a_group_that_fires_is_one_page_of_its_worst_severity(paging: Paging) -> None:
    paging.push({"severity": "warning", "pod": "a"}, {"severity": "P2", "pod": "b"})
    [page] = paging.pages()
    assert (page.severity, page.what.title) == ("SEV-2", "it is down and 1 more")
    paging.watch.pass_time(minutes=1)
    paging.push({"severity": "critical", "pod": "c"})
    [again] = paging.pages()
    assert (again.id, again.severity) == (page.id, "SEV-1")
    with paging.watch.work(installation()) as work:
        found = pages.account(work, page.id)
    assert len(found.alerts) == 3
    assert [one.address for one in found.sent.values()] == ["ada@example.com"]


@pytest.mark.parametrize("by", ["page", "alert", "alerts"])
def test_who_answers_the_page_answers_its_alerts_and_the_other_way_round(
    paging: Paging, by: str
) -> None:
    paging.push({"pod": "a"}, {"pod": "b"})
    [page] = paging.pages()
    with paging.watch.work(ADA) as work:
        if by == "page":
            answering.acknowledge(work, page.id)
    with paging.watch.work() as work:
        if by == "alert":
            lifecycle.acknowledge(work, 1, "Ada")
            lifecycle.acknowledge(work, 2, "Ada")
        if by == "alerts":
            wanted = Filter(types=("Down",))
            lifecycle.handle(work, "acknowledge", wanted, "Ada")
    paging.settle()
    [page] = paging.pages()
    assert page.state is PageState.ACKNOWLEDGED
    assert page.acknowledged_by == ("ada" if by == "page" else "Ada")
    assert {*paging.alerts().values()} == {"acknowledged"}


def test_what_joins_a_page_that_somebody_looks_after_is_told(paging: Paging) -> None:
    paging.push({"severity": "critical", "pod": "a"})
    [page] = paging.pages()
    with paging.watch.work(ADA) as work:
        answering.acknowledge(work, page.id)
    paging.watch.pass_time(minutes=1)
    paging.push({"severity": "warning", "pod": "b"})
    [page] = paging.pages()
    assert page.state is PageState.ACKNOWLEDGED
    assert paging.told(page.id)[-1] == "ada@example.com: More of it: it is down and 1 more"
    many = len(paging.told(page.id))
    paging.watch.pass_time(minutes=5)
    paging.settle()
    assert len(paging.told(page.id)) == many


def test_who_answered_a_lesser_page_has_not_answered_what_it_became(paging: Paging) -> None:
    paging.push({"severity": "warning", "pod": "a"})
    [page] = paging.pages()
    with paging.watch.work(ADA) as work:
        answering.acknowledge(work, page.id)
    paging.watch.pass_time(minutes=1)
    paging.push({"severity": "critical", "pod": "b"})
    [page] = paging.pages()
    assert (page.state, page.severity) == (PageState.OPEN, "SEV-1")
    paging.watch.pass_time(minutes=40)
    paging.settle()
    assert paging.told(page.id)[-1].startswith("bob@example.com")


def test_alerts_that_nobody_routes_are_seen_to_stand(paging: Paging) -> None:
    paging.watch.push({"pod": "a"})
    with reading(paging.engine) as db:
        assert not stalled(db, paging.watch.clock() - timedelta(minutes=1))
        assert stalled(db, paging.watch.clock())
    paging.settle()
    paging.watch.pass_time(minutes=10)
    with reading(paging.engine) as db:
        assert stalled(db, paging.watch.clock())  # its group's next turn is overdue
    paging.settle()
    with reading(paging.engine) as db:
        assert not stalled(db, paging.watch.clock())


def test_one_of_two_alerts_acknowledged_is_no_answer(paging: Paging) -> None:
    paging.push({"pod": "a"}, {"pod": "b"})
    with paging.watch.work() as work:
        lifecycle.acknowledge(work, 1, "Ada")
    paging.settle()
    assert [one.state for one in paging.pages()] == [PageState.OPEN]


def test_all_alerts_over_end_the_page_and_the_page_ends_all_alerts(paging: Paging) -> None:
    paging.push({"pod": "a"})
    paging.push({"pod": "a"}, resolved=True)
    [page] = paging.pages()
    assert (page.state, page.resolved_by) == (PageState.RESOLVED, "")
    paging.watch.pass_time(minutes=10)
    paging.push({"pod": "a"})
    second = paging.pages()[0]
    assert second.id != page.id
    with paging.watch.work(ADA) as work:
        answering.resolve(work, second.id)
    assert {*paging.alerts().values()} == {"resolved"}


def test_who_is_silenced_pages_nobody(paging: Paging) -> None:
    paging.watch.silence('pod="a"')
    paging.push({"pod": "a"})
    assert paging.pages() == []


def test_a_policy_that_is_gone_is_a_hole_that_is_told_of(paging: Paging) -> None:
    with paging.watch.work(installation()) as work:
        policies.delete(work, "acme", "incidents")
    paging.push({"pod": "a"})
    [page] = paging.pages()
    assert page.what.facts[0] == ("policy", "there is no policy incidents")
    auditor = Auditor(engine=paging.engine, clock=paging.watch.clock, url="")
    assert auditor.beat() == 1


@pytest.mark.parametrize(
    ("config", "why"),
    [("[{}]", "missing policy"), ("[{policy: 'a b'}]", "a name has 1 to 100"), ("[{x: 1}]", "x")],
)
def test_a_page_config_that_cannot_be_is_refused_with_its_line(
    paging: Paging, config: str, why: str
) -> None:
    text = ROUTING.replace("[{policy: incidents}]", config)
    with pytest.raises(RoutingInvalid, match=f"line 7: .*{why}"):
        paging.watch.apply(text)
