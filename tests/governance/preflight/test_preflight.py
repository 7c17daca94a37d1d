"""Preflight: each feature's own calls, what is missing, and the smallest role that would do."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.estate import Estate, FakeCloud
from governance.identity.directory import GLOBAL_ADMIN, item, settle
from quarterdeck.governance.cloud.ports import (
    CloudCondition,
    CloudFailure,
    CloudStatus,
    Denied,
    FailureClass,
)
from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.preflight import asking, service
from quarterdeck.governance.preflight.calls import cloud_itself, examine
from quarterdeck.governance.preflight.jobs import kinds
from quarterdeck.governance.preflight.model import (
    NEEDS,
    Outcome,
    Result,
    custom_role,
    overall,
    permissions,
    smallest,
)
from quarterdeck.kernel.work import Actor, MissingPermission
from quarterdeck.worker.loop import Worker

SECURITY = Denied("AuthorizationFailed", missing="Microsoft.Security/secureScores/read")


def well() -> CloudStatus:
    return CloudStatus(condition=CloudCondition.HEALTHY, detail="all is well")


def away() -> CloudStatus:
    return CloudStatus(condition=CloudCondition.NOT_KNOWN, detail="no route")


def examined(estate: Estate, cloud: FakeCloud) -> dict[str, Result]:
    with estate.look() as work:
        [connection] = connections.listed(work)
    results, _ = examine(lambda *_: cloud, connection, estate.now.date())
    return {result.name: result for result in results}


@pytest.fixture
def cloud(estate: Estate) -> FakeCloud:
    _, cloud = estate.connect("contoso")
    settle(cloud)
    cloud.pages = {"s1": [[]]}
    return cloud


def test_every_call_that_is_answered_passes(estate: Estate, cloud: FakeCloud) -> None:
    found = examined(estate, cloud)
    assert {r.outcome for n, r in found.items() if n != "directory_role"} == {Outcome.PASS}
    assert set(found) == {need.name for need in NEEDS}
    assert ("costs", "s1") in {asked[:2] for asked in cloud.asked}


@pytest.mark.census("AG-068")
@pytest.mark.parametrize(
    ("call", "role"),
    [
        ("secure_scores", "Security Reader"),
        ("costs", "Cost Management Reader"),
        ("policy_states", "Reader"),
    ],
)
def test_a_missing_role_is_named_with_what_is_lost_and_how_to_grant_it(
    estate: Estate, cloud: FakeCloud, call: str, role: str
) -> None:
    cloud.said[(call,)] = [SECURITY]
    found = examined(estate, cloud)[call]
    assert (found.outcome, found.missing) == (Outcome.FAIL, role)
    assert found.lost
    assert f'--role "{role}" --scope /subscriptions/s1' in found.grant


@pytest.mark.census("AG-067")
def test_a_missing_permission_is_named(estate: Estate, cloud: FakeCloud) -> None:
    cloud.said[("conditional_access",)] = [Denied("no", missing="Policy.Read.All")]
    found = examined(estate, cloud)["conditional_access"]
    assert (found.outcome, found.missing) == (Outcome.FAIL, "Policy.Read.All")
    assert "admin-consent" in found.grant


def test_a_missing_licence_is_named_and_no_command_grants_it(
    estate: Estate, cloud: FakeCloud
) -> None:
    cloud.said[("registrations",)] = [Denied("no", missing="Microsoft Entra ID P1 licence")]
    found = examined(estate, cloud)["registrations"]
    assert (found.missing, found.grant) == ("Microsoft Entra ID P1 licence", "")


@pytest.mark.census("AG-066")
def test_a_credential_that_is_refused_fails_and_leaves_the_rest_not_known(
    estate: Estate, cloud: FakeCloud
) -> None:
    cloud.refusal = CloudFailure(FailureClass.AUTHENTICATION, "AADSTS700016: no such application")
    found = examined(estate, cloud)
    assert found.pop("credential").outcome is Outcome.FAIL
    assert {r.outcome for r in found.values()} == {Outcome.NOT_KNOWN}


def test_what_could_not_be_asked_is_not_known(estate: Estate, cloud: FakeCloud) -> None:
    cloud.said[("users",)] = [CloudFailure(FailureClass.TIMEOUT, "slow")]
    assert examined(estate, cloud)["users"].outcome is Outcome.NOT_KNOWN


def test_a_cloud_that_shows_no_subscription_lacks_the_reader(
    estate: Estate, cloud: FakeCloud
) -> None:
    cloud.pages = {}
    found = examined(estate, cloud)
    assert (found["subscriptions"].outcome, found["subscriptions"].missing) == (
        Outcome.FAIL,
        "Reader",
    )
    assert found["costs"].outcome is Outcome.NOT_KNOWN


@pytest.mark.census("AG-065")
def test_the_directory_role_that_the_application_holds_is_told(
    estate: Estate, cloud: FakeCloud
) -> None:
    cloud.said[("service_principals",)] = [[item(id="sp", appId="app")]]
    cloud.said[("directory_roles",)] = [
        [item(id="1", principalId="sp", roleDefinitionId=GLOBAL_ADMIN)]
    ]
    assert role_told(estate, cloud) == (Outcome.PASS, "holds Global Administrator")


def role_told(estate: Estate, cloud: FakeCloud) -> tuple[Outcome, str]:
    with estate.look() as work:
        [connection] = connections.listed(work)
    results, _ = examine(lambda *_: cloud, replace(connection, client="app"), estate.now.date())
    [found] = [r for r in results if r.name == "directory_role"]
    return found.outcome, found.detail


def test_what_is_no_item_of_a_directory_fails_no_preflight_and_is_counted(
    estate: Estate, cloud: FakeCloud
) -> None:
    cloud.said[("service_principals",)] = [[b"[]", b'{"appId": 7}', item(id="sp", appId="app")]]
    cloud.said[("directory_roles",)] = [[b"{"]]
    outcome, words = role_told(estate, cloud)
    assert outcome is Outcome.PASS
    assert words.endswith("; 1 roles or assignments cannot be read")


@pytest.mark.census("AG-045")
def test_the_status_page_and_the_identity_host_are_entries() -> None:
    assert [(r.name, r.outcome) for r in cloud_itself(well, well)] == [
        ("cloud_status", Outcome.PASS),
        ("identity_host", Outcome.PASS),
    ]
    page, host = cloud_itself(away, away)
    assert (page.outcome, host.outcome) == (Outcome.NOT_KNOWN, Outcome.FAIL)
    assert page.detail.startswith("unreachable")


def ask(estate: Estate, actor: Actor) -> service.Report:
    try:
        return asking.ask(estate.engine, actor, estate.clock, "worker", timedelta(0))
    except asking.Unfinished as unfinished:
        return unfinished.report


def test_a_worker_examines_what_is_asked_and_the_answer_waits_for_it(
    estate: Estate, cloud: FakeCloud
) -> None:
    runner = Actor("ada", frozenset({("preflight:run", "*")}))
    waiting = ask(estate, runner)
    assert (waiting.overall, len(waiting.waiting)) == (Outcome.NOT_KNOWN, 2)
    estate.pass_time(seconds=1)
    run_all(estate)
    with estate.look(runner) as work:
        jobs = {job.id: None for job in estate.jobs("done")}
        found = service.report(work, jobs)
    assert cloud.asked
    assert {one.name for one in found.examined} == {"Contoso", service.CLOUD}
    assert len(estate.told("PreflightRequested")) == 1


def run_all(estate: Estate) -> None:
    worker = Worker(
        name="preflight",
        engine=estate.engine,
        clock=estate.clock,
        kinds={kind.name: kind for kind in kinds(estate.open, well, well)},
        threads=2,
        lease=timedelta(seconds=15),
    )
    with ThreadPoolExecutor(2) as pool:
        worker.turn(pool)
    worker.stop.set()
    worker.run()


def test_nobody_examines_connections_that_are_not_theirs(estate: Estate, cloud: FakeCloud) -> None:
    estate.tenant("other")
    found = ask(estate, Actor("eve", frozenset({("preflight:run", "other")})))
    assert list(found.waiting) == [service.CLOUD]
    with pytest.raises(MissingPermission):
        ask(estate, Actor("nobody", frozenset()))
    assert cloud.asked == []


def test_the_last_examination_is_kept_until_the_connection_goes(
    estate: Estate, cloud: FakeCloud
) -> None:
    ask(estate, Actor("ada", frozenset({("preflight:run", "*")})))
    estate.pass_time(seconds=1)
    run_all(estate)
    with estate.look() as work:
        [connection] = connections.listed(work)
        assert [one.name for one in service.last(work, connection.tenant)] == ["Contoso"]
    with estate.work() as work:
        connections.remove(work, connection.id)
        assert service.last(work, connection.tenant) == []
    assert cloud.asked


def test_the_smallest_role_has_nothing_that_another_action_covers() -> None:
    role = custom_role(["s1"])
    assert role["Actions"] == ["*/read"]
    assert role["AssignableScopes"] == ["/subscriptions/s1"]
    without = custom_role(["s1"], [need for need in NEEDS if need.name != "resources"])
    assert "Microsoft.CostManagement/query/read" in str(without["Actions"])
    assert "Policy.Read.All" in permissions()


ACTIONS = st.lists(
    st.sampled_from(["*", "*/read", "A/*", "A/b/read", "A/b/write", "A/b/*", "C/d/read"])
)


@given(ACTIONS, ACTIONS)
def test_what_is_smallest_covers_all_and_needs_each(some: list[str], more: list[str]) -> None:
    found = smallest(some)
    assert smallest(found) == found
    assert smallest([*some, *more]) == smallest([*found, *more])
    assert smallest([*found, *some]) == found


@given(st.lists(st.sampled_from(Outcome)))
def test_one_failure_fails_all_and_one_unknown_is_never_a_pass(some: list[Outcome]) -> None:
    found = overall(some)
    assert (found is Outcome.FAIL) == (Outcome.FAIL in some)
    assert found is not Outcome.PASS or set(some) == {Outcome.PASS}
