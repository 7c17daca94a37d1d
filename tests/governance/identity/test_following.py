"""A directory read by its changes: what is asked, what is kept, and when all is read again."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from governance.estate import Estate, FakeCloud
from governance.identity.directory import item, settle, user
from governance.identity.test_reading import people, sync
from quarterdeck.governance.cloud.ports import CloudFailure, Denied, FailureClass, Outdated, Tracked
from quarterdeck.governance.identity import service as identity
from quarterdeck.governance.identity.model.items import Kind, What
from quarterdeck.governance.identity.model.verdict import Verdict
from quarterdeck.governance.sync.model import Run, RunState

EXPIRED = Outdated(FailureClass.DATA, "410, syncStateNotFound")
LISTINGS = {"users", "groups", "applications", "service_principals"}


def told(cloud: FakeCloud, listing: Tracked, *items: bytes, mark: str = "m") -> None:
    """Have this come with the next asking for changes since ``mark``."""
    cloud.said[("changes", listing, mark)] = [list(items)]


def gone(name: str) -> bytes:
    return item(id=name, **{"@removed": {"reason": "changed"}})


def asked(cloud: FakeCloud) -> set[str]:
    found = {str(what[0]) for what in cloud.asked}
    cloud.asked.clear()
    return found


@pytest.fixture
def cloud(estate: Estate) -> FakeCloud:
    """A directory that tells its changes, read once."""
    _, cloud = estate.connect("contoso")
    settle(cloud)
    cloud.marks = dict.fromkeys(Tracked, "m")
    assert sync(estate).since is None
    cloud.asked.clear()
    estate.pass_time(days=1)
    return cloud


def next_day(estate: Estate) -> Run:
    run = sync(estate)
    estate.pass_time(days=1)
    return run


def changes(estate: Estate, name: str, kind: Kind = Kind.USERS) -> list[What]:
    with estate.look() as work:
        return [c.what for c in identity.history(work, name) if c.kind is kind]


def test_where_nothing_changed_no_listing_is_read_and_all_is_current(
    estate: Estate, cloud: FakeCloud
) -> None:
    before = people(estate)
    began = estate.runs()[0].started_at
    run = sync(estate)
    assert (run.state, run.whole, run.drift) == (RunState.SUCCESS, True, 0)
    assert run.since is not None
    assert began <= run.since < run.started_at
    assert not asked(cloud) & {*LISTINGS, "group_members"}
    assert people(estate) == before
    with estate.look() as work:
        assert identity.summary(work).as_of == estate.now


def test_what_changed_is_laid_over_what_is_held(estate: Estate, cloud: FakeCloud) -> None:
    told(
        cloud,
        Tracked.USERS,
        item(id="ada", displayName="Ada Lovelace"),
        user("new"),
        gone("eve"),
    )
    run = sync(estate)
    assert (run.counts.added, run.counts.changed, run.counts.removed) == (1, 1, 1)
    found = people(estate)
    assert found.keys() == {"ada", "bob", "new"}
    assert found["ada"].name == "Ada Lovelace"
    assert found["ada"].last_sign_in is not None, "what is not told is as it was"
    assert changes(estate, "eve") == [What.REMOVED, What.ADDED]


def test_the_next_run_goes_on_from_the_next_mark_and_a_replay_changes_nothing(
    estate: Estate, cloud: FakeCloud
) -> None:
    told(cloud, Tracked.USERS, user("new"), gone("eve"))
    next_day(estate)
    told(cloud, Tracked.USERS, user("new"), gone("eve"), mark="m+")
    cloud.asked.clear()
    run = next_day(estate)
    assert ("changes", Tracked.USERS, "m+") in cloud.asked
    assert (run.counts.added, run.counts.changed, run.counts.removed) == (0, 0, 0)


def test_one_item_told_several_times_is_as_it_was_told_last(
    estate: Estate, cloud: FakeCloud
) -> None:
    told(cloud, Tracked.USERS, gone("bob"), user("bob", displayName="Robert"), gone("ada"))
    sync(estate)
    assert people(estate).keys() == {"bob", "eve"}
    assert people(estate)["bob"].name == "Robert"


def test_who_signed_in_is_asked_for_since_then(estate: Estate, cloud: FakeCloud) -> None:
    when = (estate.now - timedelta(hours=1)).isoformat()
    cloud.said[("sign_ins",)] = [
        [
            item(id="bob", signInActivity={"lastSignInDateTime": when}),
            item(id="stranger", signInActivity={"lastSignInDateTime": when}),
        ]
    ]
    run = sync(estate)
    assert people(estate)["bob"].last_sign_in == estate.now - timedelta(hours=1, seconds=1)
    assert "stranger" not in people(estate)
    assert (run.counts.changed, changes(estate, "bob")) == (0, [What.ADDED])


def test_members_are_read_again_only_of_groups_that_may_have_others(
    estate: Estate, cloud: FakeCloud
) -> None:
    grown = item(id="admins", displayName="Admins", **{"members@delta": [{"id": "bob"}]})
    told(cloud, Tracked.GROUPS, grown)
    cloud.said[("group_members", "admins")] = [[item(id="ada"), item(id="bob")]]
    next_day(estate)
    assert ("group_members", "admins") in cloud.asked
    assert people(estate)["bob"].roles == ("Global Administrator", "Owner")
    assert changes(estate, "admins", Kind.GROUPS) == [What.ADDED], "the group itself is the same"
    cloud.asked.clear()
    next_day(estate)
    assert ("group_members", "admins") not in cloud.asked


def test_members_of_a_group_within_a_group_count(estate: Estate, cloud: FakeCloud) -> None:
    cloud.said[("group_members", "admins")] = [[item(id="ada"), item(id="inner")]]
    told(cloud, Tracked.GROUPS, item(id="admins", **{"members@delta": [{"id": "inner"}]}))
    next_day(estate)
    told(cloud, Tracked.GROUPS, item(id="inner", **{"members@delta": [{"id": "eve"}]}), mark="m+")
    cloud.said[("group_members", "admins")] = [[item(id=n) for n in ("ada", "inner", "eve")]]
    next_day(estate)
    assert people(estate)["eve"].privileged is Verdict.YES


def test_a_run_that_never_came_to_the_members_reads_them_the_next_time(
    estate: Estate, cloud: FakeCloud
) -> None:
    told(cloud, Tracked.GROUPS, item(id="admins", **{"members@delta": [{"id": "bob"}]}))
    cloud.said[("group_members", "admins")] = [[item(id="ada"), item(id="bob")]]
    assignments = cloud.said[("role_assignments",)]
    limit = CloudFailure(FailureClass.RATE_LIMIT, "429", retry_after_s=1)
    cloud.said[("role_assignments",)] = [limit]
    assert next_day(estate).failure == "rate_limit"
    cloud.said[("role_assignments",)] = assignments
    assert next_day(estate).state is RunState.SUCCESS
    assert "Global Administrator" in people(estate)["bob"].roles


@pytest.mark.parametrize(
    "trouble",
    [EXPIRED, Denied("403", missing="Directory.Read.All"), CloudFailure(FailureClass.DATA, "?")],
)
def test_where_changes_are_not_told_any_more_all_is_read(
    estate: Estate, cloud: FakeCloud, trouble: CloudFailure
) -> None:
    cloud.said[("changes", Tracked.USERS, "m")] = [trouble]
    cloud.said[("users",)] = [[user("ada"), user("bob"), user("new")]]
    cloud.marks[Tracked.USERS] = "later"
    run = next_day(estate)
    assert (run.state, run.drift) == (RunState.SUCCESS, 0)
    assert people(estate).keys() == {"ada", "bob", "new"}
    cloud.asked.clear()
    next_day(estate)
    assert ("changes", Tracked.USERS, "later") in cloud.asked


def test_a_change_that_cannot_be_read_has_all_read_and_told_as_ever(
    estate: Estate, cloud: FakeCloud
) -> None:
    told(cloud, Tracked.USERS, item(id="ada", userType={"odd": "form"}))
    assert sync(estate).state is RunState.SUCCESS
    assert "users" in asked(cloud)


def test_a_cloud_that_is_late_leaves_the_mark_and_says_so(estate: Estate, cloud: FakeCloud) -> None:
    late = CloudFailure(FailureClass.TIMEOUT, "no answer")
    cloud.said[("changes", Tracked.USERS, "m")] = [[user("new")], late]
    run = next_day(estate)
    assert (run.failure, run.whole) == ("timeout", False)
    assert "users" not in asked(cloud)
    cloud.said[("users",)] = [[user("ada"), user("bob"), user("new")]]
    assert next_day(estate).state is RunState.SUCCESS
    assert "users" in asked(cloud), "after a gap all is read"
    assert people(estate).keys() == {"ada", "bob", "new"}


def test_after_a_week_all_is_read_again_and_what_was_not_told_is_said(
    estate: Estate, cloud: FakeCloud
) -> None:
    for _ in range(5):
        assert next_day(estate).since is not None
    assert not asked(cloud) & LISTINGS
    mark = "m+++++"
    told(cloud, Tracked.USERS, user("known"), mark=mark)
    told(cloud, Tracked.USERS, user("just"), mark=f"{mark}+")
    everyone = [user("ada"), user("bob", displayName="Robert"), user("known"), user("just")]
    cloud.said[("users",)] = [everyone]
    estate.pass_time(days=1)
    count = ("quarterdeck_sync_drift_total", {"domain": "identity"})
    before = REGISTRY.get_sample_value(*count) or 0
    run = sync(estate)
    assert asked(cloud) >= LISTINGS
    assert (run.state, run.since, run.drift) == (RunState.SUCCESS, None, 2), "bob, and eve"
    [drifted] = estate.told("SyncDrifted")
    assert (drifted.payload["items"], drifted.payload["run"]) == (2, run.id)
    assert REGISTRY.get_sample_value(*count) == before + 2
    assert people(estate).keys() == {"ada", "bob", "known", "just"}
    estate.pass_time(days=1)
    assert sync(estate).since is not None


def test_a_listing_that_was_not_whole_is_read_whole(estate: Estate, cloud: FakeCloud) -> None:
    cloud.said[("changes", Tracked.APPLICATIONS, "m")] = [EXPIRED]
    cloud.said[("applications",)] = [Denied("no", missing="Application.Read.All")]
    assert next_day(estate).missing
    cloud.asked.clear()
    next_day(estate)
    found = asked(cloud)
    assert "applications" in found
    assert "users" not in found, "each listing goes its own way"


def test_where_no_changes_are_told_all_is_read_each_time(estate: Estate) -> None:
    _, cloud = estate.connect("contoso")
    settle(cloud)
    for _ in range(2):
        assert next_day(estate).since is None
    assert sum(what[0] == "users" for what in cloud.asked) == 2


def test_none_by_changes_where_it_is_set_so(estate: Estate, cloud: FakeCloud) -> None:
    estate.identity_whole = timedelta(0)
    assert sync(estate).since is None
    assert "changes" not in asked(cloud)


def test_a_licence_for_sign_ins_that_came_or_ended_has_all_read(
    estate: Estate, cloud: FakeCloud
) -> None:
    cloud.said[("sign_ins",)] = [Denied("no", missing="P1")]
    cloud.said[("users",)] = [[user("ada", signInActivity=None), user("bob", signInActivity=None)]]
    next_day(estate)
    assert "users" in asked(cloud)
    assert people(estate)["ada"].stale is Verdict.NOT_KNOWN
    next_day(estate)
    assert "users" not in asked(cloud), "none are told, as before"
    when = {"lastSignInDateTime": estate.now.isoformat()}
    cloud.said[("sign_ins",)] = [[item(id="ada", signInActivity=when)]]
    cloud.said[("users",)] = [[user("ada", signInActivity=when), user("bob")]]
    next_day(estate)
    assert "users" in asked(cloud)


def test_roles_on_a_subscription_that_is_gone_are_held_until_a_second_list_lacks_it(
    estate: Estate, cloud: FakeCloud
) -> None:
    cloud.pages = {"s2": []}
    cloud.said[("role_assignments",)] = [[]]
    run = sync(estate)
    assert (run.failure, run.state) == ("data", RunState.PARTIAL)
    assert people(estate)["bob"].roles == ("Owner",)
    estate.pass_time(minutes=30)
    estate.wake()
    estate.run_due()
    assert people(estate)["bob"].roles == ()
