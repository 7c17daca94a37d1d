from datetime import timedelta

import pytest

from governance.compliance.conftest import EVERYONE, Checked
from governance.compliance.said import advice, secure_score, state
from quarterdeck.governance.cloud.ports import CloudFailure, Denied, FailureClass
from quarterdeck.governance.compliance.model.coverage import Age, Part
from quarterdeck.governance.compliance.model.state import Filter
from quarterdeck.governance.compliance.model.verdict import Tally, Verdict
from quarterdeck.governance.compliance.service import checks, queries
from quarterdeck.governance.sync.model import Run, RunState


def test_states_land_with_scores_and_advice(read_once: Checked) -> None:
    read_once.clouds["acme"].said["advice", "s1"] = [[advice("1"), advice("2", "Low")]]
    run = read_once.sync()
    assert run.state is RunState.SUCCESS, run.error
    found = read_once.summed()
    assert found.tally == Tally(compliant=2, non_compliant=1, exempt=1)
    assert (found.tally.score_percent, found.failing_resources) == (66.6, 1)
    assert (found.points.percent, found.points.subscriptions) == (50.0, 1)
    assert found.coverage.whole
    assert found.state is Age.CURRENT
    with read_once.look() as work:
        given = queries.advice(work, "", EVERYONE, None, 10)
    assert [one.impact for one in given] == ["High", "Low"]


def test_a_state_that_is_gone_is_closed_and_its_history_stays(read_once: Checked) -> None:
    read_once.say(read_once.clouds["acme"], [state("a")], [state("b", word="NonCompliant")])
    read_once.pass_time(hours=1)
    read_once.sync()
    assert read_once.summed().tally == Tally(compliant=1, non_compliant=1)
    with read_once.look() as work:
        [b] = queries.page(work, Filter(text="/b"), EVERYONE, None, 9)
        history = queries.described(work, b.id).history
        every = queries.page(work, Filter(closed=True), EVERYONE, None, 9)
    assert [(c.was, c.became) for c in history] == [
        (Verdict.COMPLIANT, Verdict.NON_COMPLIANT),
        (None, Verdict.COMPLIANT),
    ]
    assert sum(one.closed_at is not None for one in every) == 2
    assert len(every) == 4


def test_a_listing_cut_short_closes_nothing(read_once: Checked) -> None:
    late = CloudFailure(FailureClass.TIMEOUT, "no answer in 60 s")
    read_once.say(read_once.clouds["acme"], [state("a")], late)
    run = read_once.sync()
    assert run.state is RunState.PARTIAL
    found = read_once.summed()
    assert found.tally.total == 4
    assert [s.reason for s in found.coverage.silent] == ["no answer in 60 s"]


def test_an_item_that_cannot_be_read_is_kept_and_closes_nothing(read_once: Checked) -> None:
    read_once.say(read_once.clouds["acme"], [state("a"), b'{"resourceId": 7}'])
    run = read_once.sync()
    assert (run.state, run.counts.quarantined) == (RunState.PARTIAL, 1)
    assert read_once.summed().tally.total == 4
    assert not read_once.summed().coverage.whole


def test_what_may_not_be_read_is_not_known_and_names_the_role(estate: Checked) -> None:
    _, cloud = estate.connect("acme")
    denied = Denied("403 AuthorizationFailed", missing="Resource Policy Contributor")
    estate.say(cloud, denied)
    run = estate.sync()
    assert run.state is not RunState.SUCCESS
    found = estate.summed()
    assert (found.tally, found.tally.score_percent) == (Tally(), None)
    [silent] = found.coverage.silent
    assert (silent.missing, silent.part) == ("Resource Policy Contributor", Part.STATES)
    assert found.state is Age.NEVER
    assert found.points.percent == 50.0


def test_a_denied_score_leaves_the_states_as_they_are(read_once: Checked) -> None:
    cloud = read_once.clouds["acme"]
    cloud.said["secure_scores", "s1"] = [Denied("403", missing="Security Reader")]
    read_once.sync()
    found = read_once.summed()
    assert (found.tally.total, found.coverage.whole) == (4, True)
    assert [s.missing for s in found.points.coverage.silent] == ["Security Reader"]


@pytest.mark.parametrize(
    ("page", "unread"),
    [([b'{"name": 7}'], 0), ([secure_score(58, name="other"), b'{"name": 7}'], 1)],
)
def test_a_score_that_cannot_be_read_is_no_score_that_is_gone(
    read_once: Checked, page: list[bytes], unread: int
) -> None:
    read_once.clouds["acme"].said["secure_scores", "s1"] = [page]
    read_once.sync()
    found = read_once.summed().points
    assert (found.percent, found.coverage.whole) == (50.0, False)
    assert (len(found.coverage.silent), found.coverage.unread) == (1 - unread, unread)


def test_a_score_that_a_readable_listing_lacks_is_gone(read_once: Checked) -> None:
    read_once.clouds["acme"].said["secure_scores", "s1"] = [[secure_score(58, name="other")]]
    read_once.sync()
    assert read_once.summed().points.percent is None


def test_a_subscription_that_is_gone_speaks_no_more_and_is_not_missed(read_once: Checked) -> None:
    cloud = read_once.clouds["acme"]
    read_once.say(cloud, [state("z")], sub="s2")
    read_once.sync()
    assert read_once.summed().coverage.subscriptions == 2
    del cloud.pages["s1"]
    assert read_once.sync().failure == "data"
    assert read_once.summed().coverage.subscriptions == 2, "not known whether it is gone"
    read_once.pass_time(minutes=30)
    read_once.wake()
    read_once.run_due()
    found = read_once.summed()
    assert (found.coverage.subscriptions, found.coverage.whole) == (1, True)
    assert found.tally.total == 1


def test_reading_the_same_again_changes_nothing(read_once: Checked) -> None:
    run = read_once.sync()
    assert (run.counts.added, run.counts.changed, run.counts.removed) == (0, 0, 0)


def test_a_run_counts_what_it_changed_and_its_leaf_commits_to_it(read_once: Checked) -> None:
    first = read_once.runs()[0]
    assert (first.counts.seen, first.counts.added) == (4, 4)
    [fact] = read_once.told("SyncCompleted")
    assert fact.payload["added"] == 4
    assert (
        fact.payload["changes"]
        != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


def test_a_day_ends_as_its_last_reading_and_a_day_without_one_is_a_gap(
    read_once: Checked,
) -> None:
    first = read_once.now.date()
    read_once.pass_time(days=2)
    read_once.say(read_once.clouds["acme"], [state("a"), state("c", word="NonCompliant")])
    read_once.clouds["acme"].said["secure_scores", "s1"] = [[secure_score(58)]]
    read_once.sync()
    with read_once.look() as work:
        days = queries.trend(work, EVERYONE, first, read_once.now.date())
    assert [d.score_percent for d in days] == [66.6, None, 50.0]
    assert [d.secure_percent for d in days] == [50.0, None, 100.0]
    assert days[1].tally is None


def test_drift_is_what_turned_from_compliant_to_not(read_once: Checked) -> None:
    turned = read_once.now + timedelta(hours=4)
    read_once.pass_time(hours=4)
    words = {"a": "NonCompliant", "b": "Compliant", "c": "NonCompliant", "d": "NonCompliant"}
    read_once.say(
        read_once.clouds["acme"], [state(name, word=word) for name, word in words.items()]
    )
    read_once.sync()
    with read_once.look() as work:
        [found] = queries.drift(work, Filter(), EVERYONE, None, 10)
    assert found.resource.endswith("/a")
    assert (found.was, found.policy_name) == (Verdict.COMPLIANT, "tls")
    assert found.since >= turned
    read_once.pass_time(hours=4)
    read_once.say(read_once.clouds["acme"], [state(name) for name in words])
    read_once.sync()
    with read_once.look() as work:
        assert queries.drift(work, Filter(), EVERYONE, None, 10) == []


def test_tenants_never_read_are_named_and_score_nothing(read_once: Checked) -> None:
    read_once.connect("quiet")
    found = read_once.summed()
    assert (found.coverage.tenants, found.coverage.heard_tenants) == (2, 1)
    by_tenant = {one.tenant: one for one in found.tenants}
    assert by_tenant["quiet"].tally.score_percent is None  # type: ignore[index]
    assert by_tenant["quiet"].coverage.state(read_once.now) is Age.NEVER  # type: ignore[index]


@pytest.mark.census("PX-046")
def test_a_resource_group_is_summed_up_by_policy(estate: Checked) -> None:
    _, cloud = estate.connect("acme")
    estate.say(
        cloud,
        [
            state("a"),
            state("b", word="NonCompliant"),
            state("a", "tags"),
            state("x", group="other"),
        ],
    )
    estate.sync()
    with estate.look() as work:
        [found] = queries.group(work, "RG", Filter(), EVERYONE)
        with pytest.raises(queries.GroupNotFound):
            queries.group(work, "nowhere", Filter(), EVERYONE)
    assert (found.tally, found.failing_resources) == (Tally(compliant=2, non_compliant=1), 1)
    assert found.policies == (
        ("baseline", "tls", Tally(compliant=1, non_compliant=1)),
        ("baseline", "tags", Tally(compliant=1)),
    )


def test_states_that_cannot_be_read_leave_the_others_current_and_a_check_open(
    estate: Checked,
) -> None:
    _, cloud = estate.connect("acme")
    estate.say(cloud, [state("a"), state("b")], [b'{"resourceId": "/x"}'])
    run = estate.sync()
    assert (run.whole, run.counts.unread) == (True, 1)
    found = estate.summed()
    assert (found.coverage.items, found.coverage.unread) == (3, 1)
    assert (found.state, found.coverage.whole, found.coverage.silent) == (Age.CURRENT, False, ())
    with estate.work() as work:
        made = checks.check(work, checks.Asked(tenant="acme"))
    assert (made.result, made.reason) == ("not_known", "1 of 3 policy states cannot be read")


def test_where_most_states_cannot_be_read_the_subscription_does_not_speak(
    estate: Checked,
) -> None:
    _, cloud = estate.connect("acme")
    estate.say(cloud, [state("a"), b"[]", b'{"resourceId": "/x"}'])
    assert not estate.sync().whole
    [silent] = estate.summed().coverage.silent
    assert "form has changed" in silent.reason


def test_what_a_listing_lacks_is_kept_while_it_may_be_unreadable_and_the_run_says_so(
    read_once: Checked,
) -> None:
    cloud = read_once.clouds["acme"]
    cloud.said["advice", "s1"] = [[advice("1"), advice("2"), advice("3")]]
    read_once.sync()
    read_once.say(cloud, [state("a"), state("b"), b"{}"])
    cloud.said["advice", "s1"] = [[advice("1"), advice("2"), b"{}"]]
    run = read_once.sync()
    assert run.error.count("2 that it lacks are kept") == 1
    assert run.error.count("1 that it lacks are kept") == 1
    with read_once.look() as work:
        assert len(queries.advice(work, "", EVERYONE, None, 10)) == 3
    assert read_once.summed().tally.total == 4


def test_no_states_and_no_advice_are_believed_when_the_doubted_are_asked_again(
    read_once: Checked,
) -> None:
    cloud = read_once.clouds["acme"]
    cloud.said["advice", "s1"] = [[advice("1")]]
    read_once.sync()
    late = CloudFailure(FailureClass.TIMEOUT, "no answer in 60 s")
    cloud.said["advice", "s1"] = [late]
    read_once.say(cloud, late)
    assert read_once.sync().failure == "timeout"
    cloud.said["advice", "s1"] = [[]]
    read_once.say(cloud, [])
    assert (repeated(read_once).failure, held(read_once)) == ("data", (4, 1))
    assert (repeated(read_once).state, held(read_once)) == (RunState.SUCCESS, (0, 0))


def repeated(estate: Checked) -> Run:
    """The repetition of the last run, once it is due."""
    estate.pass_time(minutes=30)
    estate.wake()
    estate.run_due()
    return estate.runs()[0]


def held(estate: Checked) -> tuple[int, int]:
    """States and advice that are live."""
    with estate.look() as work:
        given = queries.advice(work, "", EVERYONE, None, 10)
    return estate.summed().tally.total, len(given)
