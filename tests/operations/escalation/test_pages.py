"""A page's life: who is told when, who answers, and what the ledger says of it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from operations.escalation.stage import MINUTE, Desk
from operations.oncall.stage import NOON, ROOT
from operations.routing.stage import Watch
from quarterdeck.kernel.work import MissingPermission, TenantNotFound, Work
from quarterdeck.operations.alerts.service import lifecycle
from quarterdeck.operations.escalation import auditing
from quarterdeck.operations.escalation.model.faults import NoSuchEscalation, NoSuchPage, PageEnded
from quarterdeck.operations.escalation.model.page import Entry, PageState
from quarterdeck.operations.escalation.service import (
    answering,
    linked,
    linting,
    policies,
    telling,
    timing,
)
from quarterdeck.operations.escalation.service import desk as by_hand
from quarterdeck.operations.escalation.service.telling import Call
from quarterdeck.operations.escalation.store.table import steps


@pytest.mark.census("BK-010")
def test_who_does_not_answer_is_told_again_and_then_the_next_level_is(desk: Desk) -> None:
    page = desk.page()
    for _ in range(13):
        desk.tick(minutes=10)
    found = desk.account(page)
    at = {one.key: (one.at or NOON) - NOON for one in found.steps}
    assert desk.told(page) == {
        "L1/engage/0": ["ada@example.com"],
        "L2/notify/0": ["bob@example.com"],
        "L1/repeat/1": ["ada@example.com"],
        "L1/repeat/2": ["ada@example.com"],
        "L2/engage/0": ["bob@example.com"],
        "L3/engage/0": ["boss@example.com"],
    }
    assert (at["L2/engage/0"], at["L3/engage/0"]) == (30 * MINUTE, 120 * MINUTE)


def test_a_page_keeps_the_policy_under_which_it_was_opened(desk: Desk) -> None:
    page = desk.page()
    desk.apply("levels: [{name: X, targets: [mail x@example.com], notify_at: 0}]\n")
    desk.tick(minutes=30)
    assert "L2/engage/0" in desk.told(page)
    assert list(desk.told(desk.page(key="later"))) == []
    desk.tick()
    assert [level.name for level in desk.account(page).policy.levels] == ["L1", "L2", "L3"]


def test_the_same_open_key_is_the_same_page_with_the_worst_that_was_said(desk: Desk) -> None:
    first = desk.page("SEV-3")
    again = desk.page("P1", "customer-impact")
    assert (again.id, again.severity) == (first.id, "SEV-1")
    assert desk.page("SEV-2").severity == "SEV-1"
    desk.resolve(first)
    assert desk.page().id != first.id
    with pytest.raises(NoSuchEscalation, match="escalation list"):
        desk.page(policy="nobody")


def test_whoever_answers_keeps_the_others_asleep_until_they_did_not_end_it(desk: Desk) -> None:
    page = desk.page()
    desk.tick()
    done = desk.acknowledge(page)
    assert (done.state, done.acknowledged_by) == (PageState.ACKNOWLEDGED, desk.ada.id)
    desk.tick(minutes=119)
    assert list(desk.told(page)) == ["L1/engage/0", "L2/notify/0"]
    desk.tick(minutes=1)  # acknowledged_holds
    assert desk.account(page).page.state is PageState.OPEN
    assert [key for key in desk.told(page) if "repeat" in key] == ["L1/repeat/3", "L2/repeat/1"]
    desk.tick(minutes=30)
    assert "L2/engage/0" in desk.told(page)
    desk.acknowledge(page)
    desk.resolve(page)
    assert {*desk.states(page).values()} == {"told", "void"}
    assert desk.facts()[-2:] == ["PageAcknowledged", "PageResolved"]
    with pytest.raises(PageEnded):
        desk.acknowledge(page)


@pytest.mark.census("ATP-110")
def test_who_was_told_hears_who_answers_and_when(desk: Desk) -> None:
    page = desk.page()
    desk.tick()
    desk.acknowledge(page)
    words = "Acknowledged: It is down. Investigating... ETA: 15 min"
    assert sorted(desk.titles(page))[:2] == [
        f"ada@example.com: {words}",
        "ada@example.com: [SEV-1] It is down",
    ]


def test_another_severity_plans_anew_what_has_not_happened(desk: Desk) -> None:
    page = desk.page("SEV-2")
    desk.tick(minutes=40)
    assert "L2/engage/0" not in desk.told(page)
    desk.change(page, "SEV-1")
    desk.tick()
    assert desk.told(page)["L2/engage/0"] == ["bob@example.com"]  # it was due at 30 minutes
    assert "L3/engage/0" not in desk.told(page)
    desk.change(page, "SEV-4")
    desk.tick(minutes=600)
    assert desk.states(page)["L3/engage/0"] == "void"
    desk.change(page, "", "major-outage")
    desk.tick()
    assert desk.told(page)["L3/engage/0"] == ["boss@example.com"]


def test_what_is_due_for_a_level_together_is_told_once(desk: Desk) -> None:
    page = desk.page()
    desk.tick(minutes=31)  # nobody worked for half an hour
    steps_ = desk.account(page).steps
    assert {one.key for one in steps_ if one.messages} == {
        *("L1/engage/0", "L1/repeat/1", "L1/repeat/2", "L2/notify/0", "L2/engage/0")
    }
    assert len({each for one in steps_ for each in one.messages}) == 2


def test_a_hole_goes_on_to_the_next_level_at_once_and_says_so(desk: Desk) -> None:
    desk.apply(
        "levels:\n"
        "  - {name: L1, targets: [schedule nobodys, phone +1-555], notify_at: 0, engage_at: 0}\n"
        "  - {name: L2, targets: [channel gone], engage_at: 30m}\n"
        "  - {name: L3, targets: [mail boss@example.com], engage_at: 1h}\n",
        "holes",
    )
    page = desk.page(policy="holes")
    desk.tick()
    assert desk.states(page) == {
        "L1/engage/0": "failed",
        "L2/engage/0": "failed",
        "L3/engage/0": "told",
    }
    whys = [one.why for one in desk.account(page).steps]
    assert "there is no such schedule" in whys[0]
    assert "to be called" in whys[0]
    assert "no channel 'gone'" in whys[1]


@pytest.mark.census("ATP-475", "ATP-476")
def test_a_telephone_that_the_policy_names_is_written_down_beside_the_mail(desk: Desk) -> None:
    page = desk.page()
    desk.tick(minutes=120)
    boss = next(one for one in desk.account(page).steps if one.level == "L3")
    assert [(each.by, bool(each.message)) for each in boss.told] == [
        ("mail", True),
        ("phone", False),
    ]


def test_two_workers_at_once_tell_nobody_twice(desk: Desk) -> None:
    pages = [desk.page(key=f"k-{number}") for number in range(6)]
    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            list(pool.map(lambda _: desk.timers().beat(), range(4)))
    for page in pages:
        assert len(desk.account(page).sent) == 2
        assert list(desk.told(page)) == ["L1/engage/0", "L2/notify/0"]


def test_a_crash_between_message_and_ledger_leaves_neither(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = desk.page()

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("quarterdeck.operations.escalation.service.timing.publish", crash)
        with pytest.raises(KeyboardInterrupt):
            desk.tick()
    assert (desk.told(page), desk.titles(page)) == ({}, [])
    desk.tick()
    assert list(desk.told(page)) == ["L1/engage/0", "L2/notify/0"]
    assert len(desk.titles(page)) == 2


def test_a_page_that_fails_holds_up_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = desk.page(key="bad"), desk.page(key="good")

    def tell(work: Work, calls: Sequence[Call], url: str) -> list[Entry]:
        if any(one.page.id == bad.id for one in calls):
            raise ZeroDivisionError
        return telling.tell(work, calls, url)

    monkeypatch.setattr(timing, "tell", tell)
    with pytest.raises(ZeroDivisionError):
        desk.tick()
    assert (desk.told(bad), len(desk.told(good))) == ({}, 2)


def test_a_page_that_fails_blinds_the_auditor_to_no_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [desk.page(key="first"), desk.page(key="second")]
    desk.stage.pass_time(minutes=5)
    found = auditing.faults

    def faults(document: str, moments: Any, *more: Any) -> list[auditing.Fault]:  # noqa: ANN401
        if not tried:
            tried.append(document)
            raise ZeroDivisionError
        return found(document, moments, *more)

    tried: list[str] = []
    monkeypatch.setattr(auditing, "faults", faults)
    with pytest.raises(ZeroDivisionError):
        desk.audit()
    assert sorted(bool(desk.account(one).lates) for one in both) == [False, True]
    assert len(desk.sent_here) == 1


def test_nobody_answers_a_page_of_another_tenant(desk: Desk) -> None:
    page = desk.page()
    eve = desk.stage.actor("eve", "oncall:read")
    with desk.stage.work(eve) as work, pytest.raises(MissingPermission):
        answering.acknowledge(work, page.id)
    with desk.stage.work(ROOT) as work, pytest.raises(NoSuchPage):
        answering.acknowledge(work, "none")
    with desk.stage.work(eve) as work, pytest.raises((MissingPermission, TenantNotFound)):
        by_hand.change_by_hand(work, page.id, severity="SEV-4")


def test_a_link_answers_one_page_once_for_whoever_got_it(desk: Desk) -> None:
    page = desk.page()
    desk.tick()
    sent = {one.address: dict(one.content.links) for one in desk.account(page).sent.values()}
    links = sent["ada@example.com"]
    token = links["Acknowledge"].removeprefix("https://quarterdeck.example/p/")
    assert links["Page"] == f"https://quarterdeck.example/pages/{page.id}"
    with desk.stage.look() as work:
        opened = linked.look(work, token)  # as a program that reads mail would
        with pytest.raises(NoSuchPage):
            linked.look(work, "guessed")
    assert (opened.person, opened.usable) == ("ada@example.com", True)
    assert desk.account(page).page.state is PageState.OPEN
    with desk.stage.work(linked.actor_of(opened)) as work:
        done = linked.answer(work, token)
    assert (done.acknowledged_by, done.means) == ("ada@example.com", "link")
    desk.stage.pass_time(days=2)
    with desk.stage.work(linked.actor_of(opened)) as work, pytest.raises(PageEnded, match="before"):
        linked.answer(work, token)


@pytest.mark.census("AG-109")
def test_a_changed_policy_tells_the_new_contact(desk: Desk) -> None:
    path = "escalation_path:\n  level_1:\n    contact: {}\n    response_time: 15 minutes\n"
    for address in ("old@example.com", "new@example.com"):
        desk.apply(path.format(address), "path")
        page = desk.page(policy="path", key=address)
        desk.tick()
        assert desk.told(page) == {"L1/engage/0": [address]}


def test_the_platforms_policy_serves_a_tenant_without_one(desk: Desk) -> None:
    desk.apply(
        "levels: [{name: L1, targets: [mail x@example.com], notify_at: 0}]", "all", "_platform"
    )
    page = desk.page(policy="all")
    desk.tick()
    assert desk.told(page) == {"L1/notify/0": ["x@example.com"]}


def test_a_policy_hands_over_to_another_which_is_frozen_with_it(desk: Desk) -> None:
    desk.apply("levels: [{name: L1, targets: [mail last@example.com], notify_at: 5m}]", "next")
    desk.apply(
        "levels: [{name: L1, targets: [mail x@example.com], notify_at: 0}]\n"
        "then: next\nthen_after: 1h\n",
        "first",
    )
    page = desk.page(policy="first")
    desk.apply("levels: [{name: L1, targets: [mail other@example.com], notify_at: 0}]", "next")
    desk.tick(minutes=64)
    assert list(desk.told(page)) == ["L1/notify/0"]
    desk.tick(minutes=1)
    assert desk.told(page)["next.L1/notify/0"] == ["last@example.com"]


def test_what_is_handed_over_to_may_change_and_no_page_is_lost(desk: Desk) -> None:
    later = "levels: [{name: L1, targets: [mail last@example.com], notify_at: 1h}]"
    desk.apply(later, "next")
    desk.apply(
        "levels: [{name: L1, targets: [mail x@example.com], notify_at: 0},"
        " {name: L2, targets: [mail y@example.com], notify_at: 2h}]\nthen: next\nthen_after: 1h\n",
        "first",
    )
    desk.apply(later.replace("1h", "0"), "next")
    page = desk.page(policy="first")
    desk.tick()
    desk.tick(minutes=120)
    assert list(desk.told(page)) == ["L1/notify/0", "L2/notify/0"]
    assert desk.audit() == 0
    with desk.stage.work() as work:
        [note] = linting.notes(work, "acme", policies.one(work, "acme", "first").policy)
    assert note.endswith("at any is before L2: its pages go without")


def test_a_page_by_hand_wants_somebody_whatever_became_of_the_alert_it_names(desk: Desk) -> None:
    watch = Watch(desk.engine, now=desk.stage.now)
    for name in ("fires", "looked after", "over"):
        watch.push({"alertname": name})
    watch.push({"alertname": "over"}, resolved=True)
    with desk.stage.work() as work:
        lifecycle.acknowledge(work, 2, "Ada")
    about = {}
    for alert in (1, 2, 3, 10**30):
        page = desk.page(about=f"alert/{alert}", key=f"{alert}")
        desk.tick()
        assert "L1/engage/0" in desk.told(page)
        about[alert] = desk.account(page).alerts
    assert about == {1: [1], 2: [], 3: [], 10**30: []}


def test_the_auditor_is_silent_while_all_is_kept(desk: Desk) -> None:
    page = desk.page()
    for _ in range(6):
        desk.tick(minutes=0.5)
        assert desk.audit() == 0
    desk.acknowledge(page)
    assert desk.audit() == 0


def test_the_auditor_finds_a_step_that_is_gone_from_the_ledger(desk: Desk) -> None:
    page = desk.page()
    desk.tick()
    with desk.engine.begin() as db:
        db.execute(delete(steps).where(steps.c.level == "L2", steps.c.kind == "engage"))
    desk.tick(minutes=32)
    assert desk.audit() == 1
    [late] = desk.account(page).lates
    assert (late.step, late.why) == ("L2/engage/missing", "due 12:30:00, not told")
    titles = desk.titles(page)
    assert "boss@example.com: [SEV-1] LATE: It is down" in titles
    assert "outside@example.com: [SEV-1] LATE: It is down" in desk.everything()
    assert desk.audit() == 0
    assert desk.facts().count("PageLate") == 1


def test_the_auditor_finds_a_worker_that_is_dead(desk: Desk) -> None:
    page = desk.page()
    desk.stage.pass_time(seconds=59)
    assert (desk.audit(), desk.sent_here) == (0, [])
    desk.stage.pass_time(seconds=2)
    assert desk.audit() > 0
    assert desk.sent_here == [desk.stage.now]  # whoever is to hear of it hears without a worker
    assert desk.audit() == 0
    assert len(desk.sent_here) == 2
    found = {one.step for one in desk.account(page).lates}
    assert found == {"L1/engage/missing", "L2/notify/missing"}


def test_the_auditor_finds_what_nobody_takes(desk: Desk) -> None:
    desk.taken = False
    page = desk.page()
    desk.tick()
    desk.stage.pass_time(minutes=2)
    assert desk.audit() == 2
    assert {one.step for one in desk.account(page).lates} == {
        "L1/engage/unsent",
        "L2/notify/unsent",
    }


def test_the_auditor_finds_a_page_of_which_nobody_could_be_told(desk: Desk) -> None:
    desk.apply("levels: [{name: L1, targets: [channel gone], notify_at: 0}]", "hole")
    page = desk.page(policy="hole")
    desk.tick()
    assert desk.audit() == 1
    assert [one.step for one in desk.account(page).lates] == ["nobody"]
    assert desk.stage.now - NOON < timedelta(minutes=1)
