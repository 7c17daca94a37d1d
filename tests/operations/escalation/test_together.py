"""Pages that are opened together, and have their turn together: each as if it were alone."""

from collections.abc import Sequence

import pytest

from operations.escalation.stage import Desk
from operations.oncall.stage import ROOT
from operations.routing.stage import Watch
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.escalation.model.faults import StepMoved, UnusablePage
from quarterdeck.operations.escalation.model.page import Entry, Page, PageState, Wanted, What
from quarterdeck.operations.escalation.service import looking, opening, telling, timing
from quarterdeck.operations.escalation.service.telling import Call
from quarterdeck.operations.escalation.store import ledger, pages

ACME = Tenants(frozenset({"acme"}))


def wanted(key: str, severity: str = "SEV-2", *alerts: int, policy: str = "incidents") -> Wanted:
    what = What(title=f"{key} is down", severity=severity)
    return Wanted(policy=policy, what=what, key=key, alerts=alerts)


def opened(desk: Desk, *some: Wanted) -> dict[str, Page]:
    with desk.stage.work() as work:
        return opening.page_all(work, "acme", some)


def test_each_that_is_opened_together_has_all_that_one_alone_has(desk: Desk) -> None:
    desk.apply("levels: [{name: L1, targets: [mail x@example.com], notify_at: 0}]", "other")
    found = opened(desk, wanted("a"), wanted("b", "SEV-1", policy="other"))
    assert {key: (one.policy, one.severity) for key, one in found.items()} == {
        "a": ("incidents", "SEV-2"),
        "b": ("other", "SEV-1"),
    }
    assert desk.facts()[-2:] == ["PageOpened", "PageOpened"]
    desk.tick()
    assert desk.told(found["a"]) == {"L1/engage/0": ["ada@example.com"]}
    assert desk.told(found["b"]) == {"L1/notify/0": ["x@example.com"]}
    for page in found.values():
        account = desk.account(page)
        assert (account.page.key, account.page.what) == (page.key, page.what)
        assert [(one.what, one.severity) for one in account.history] == [("opened", page.severity)]


def test_a_key_that_is_wanted_twice_is_one_page_of_the_worst(desk: Desk) -> None:
    some = [wanted("a", "SEV-3", 1), wanted("b"), wanted("a", "SEV-1", 2), wanted("a", "SEV-2", 3)]
    found = opened(desk, *some)
    assert (len(found), found["a"].severity) == (2, "SEV-1")
    again = opened(desk, *some, wanted("c"))
    assert (again["a"].id, again["b"].id) == (found["a"].id, found["b"].id)
    with desk.stage.look(ROOT) as work:
        assert len(looking.listed(work, "acme")) == 3
        assert pages.alerts_of(work.db, ACME, found["a"].id) == [1, 2, 3]


def test_a_policy_that_is_gone_keeps_no_other_page_from_being_opened(desk: Desk) -> None:
    found = opened(desk, wanted("a", policy="gone"), wanted("b"))
    desk.tick()
    assert (desk.told(found["a"]), list(desk.told(found["b"]))) == ({}, ["L1/engage/0"])
    assert found["a"].what.facts == (("policy", "there is no policy gone"),)


def test_a_key_that_cannot_be_kept_is_refused() -> None:
    for key in ("", "x" * 2001, "nul\0"):
        with pytest.raises(UnusablePage):
            wanted(key)


def test_more_of_what_somebody_looks_after_is_said_of_each_page_by_itself(desk: Desk) -> None:
    watch = Watch(desk.engine, now=desk.stage.now)
    watch.push({"alertname": "a"}, {"alertname": "b"}, {"alertname": "c"})
    found = opened(desk, wanted("a", "SEV-2", 1), wanted("b", "SEV-2", 2))
    desk.tick()
    for page in found.values():
        desk.acknowledge(page)
    opened(desk, wanted("a", "SEV-2", 1), wanted("b", "SEV-2", 2, 3))
    said = {page.key: " ".join(desk.titles(page)) for page in found.values()}
    assert ("More of it" in said["a"], "More of it: b is down" in said["b"]) == (False, True)


def test_of_two_who_open_the_same_at_once_one_does(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, quicker = pages.add, dict[str, Page]()

    def slow(db: object, *more: object) -> set[str]:
        if desk.engine.dialect.name == "postgresql" and not quicker:
            quicker.update(dict.fromkeys("ab"))  # type: ignore[arg-type]  # it comes here once
            quicker.update(opened(desk, wanted("b"), wanted("a", "SEV-1")))
        return add(db, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(pages, "add", slow)
    found = opened(desk, wanted("a"), wanted("b"), wanted("c"))
    with desk.stage.look(ROOT) as work:
        stored = {one.key: one.id for one in looking.listed(work, "acme")}
    assert {key: one.id for key, one in found.items()} == stored
    assert all(found[key].id == one.id for key, one in quicker.items())
    assert desk.facts().count("PageOpened") == 3


def test_pages_in_one_turn_each_stand_as_if_alone(desk: Desk) -> None:
    desk.apply(
        "levels:\n"
        "  - {name: L1, targets: [channel gone], engage_at: 0}\n"
        "  - {name: L2, targets: [mail boss@example.com], engage_at: 1h}\n",
        "hole",
    )
    watch = Watch(desk.engine, now=desk.stage.now)
    watch.push({"alertname": "over"})
    over, hole = wanted("over", "SEV-1", 1), wanted("hole", "SEV-1", policy="hole")
    found = opened(desk, over, hole, wanted("usual", "SEV-1"))
    watch.push({"alertname": "over"}, resolved=True)
    desk.tick()
    assert desk.account(found["over"]).page.state is PageState.RESOLVED
    assert {key: desk.told(page) for key, page in found.items()} == {
        "over": {},
        "hole": {"L2/engage/0": ["boss@example.com"]},
        "usual": {"L1/engage/0": ["ada@example.com"], "L2/notify/0": ["bob@example.com"]},
    }
    links = {
        dict(one.content.links)["Acknowledge"]
        for page in found.values()
        for one in desk.account(page).sent.values()
        if one.content.title.startswith("[SEV-1]")
    }
    assert len(links) == 3  # each has a secret of its own


def test_what_is_told_and_the_ledger_does_not_take_is_not_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, other = desk.page(), desk.page(key="other")

    def tell(work: Work, calls: Sequence[Call], url: str) -> list[Entry]:
        told = telling.tell(work, calls, url)
        if any(one.page.id == page.id for one in calls):
            ledger.void(work.db, ACME, page.id, work.now, "by somebody who had not taken it")
        return told

    monkeypatch.setattr(timing, "tell", tell)
    with pytest.raises(StepMoved):
        desk.tick()
    assert (desk.told(page), desk.titles(page)) == ({}, [])
    assert len(desk.told(other)) == 2
