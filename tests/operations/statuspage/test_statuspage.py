"""A status page: who sees it, how its components are, and what is posted on it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from operations.statuspage.stage import NOON, Harbour
from quarterdeck.access.tenants import service as tenants
from quarterdeck.kernel.errors import Conflict
from quarterdeck.kernel.work import MissingPermission, TenantNotFound
from quarterdeck.operations.health.model.claim import Finding
from quarterdeck.operations.health.model.state import Outcome, State
from quarterdeck.operations.health.service import observing
from quarterdeck.operations.incidents.service import declaring, describing, noticing
from quarterdeck.operations.severities.model import Flag
from quarterdeck.operations.statuspage import measuring
from quarterdeck.operations.statuspage.model.component import (
    NEVER_SEEN,
    OUT_OF_SIGHT,
    UNSAID,
    UNWATCHED,
    Component,
    Status,
)
from quarterdeck.operations.statuspage.model.faults import (
    NoSuchStatusComponent,
    NoSuchStatusPage,
    NoSuchStatusPost,
    NoticeGated,
    SlugTaken,
    StatusPageChanged,
    UnusableStatusPage,
)
from quarterdeck.operations.statuspage.model.page import StatusPage
from quarterdeck.operations.statuspage.model.post import PostImpact, PostKind, Stage
from quarterdeck.operations.statuspage.service import (
    composing,
    keeping,
    looking,
    posting,
    public,
)
from quarterdeck.wiring.numbers import EVERYONE

FOLLOWS = {"environment": "prod", "service": "web"}


def test_a_page_is_written_published_changed_and_removed(harbour: Harbour) -> None:
    said = StatusPage(slug="acme", title="Acme", support="mailto:help@acme.example")
    with harbour.working() as work:
        made, changed = keeping.put(work, "acme", said, expected=0)
        assert (made.version, made.published, changed) == (1, False, True)
        assert keeping.put(work, "acme", said)[1] is False
        for stale in (0, 2):
            with pytest.raises(StatusPageChanged, match="is at version 1, not"):
                keeping.put(work, "acme", StatusPage(slug="a", title="A"), expected=stale)
        with pytest.raises(NoSuchStatusPage):
            public.published(work, "acme")
        assert keeping.publish(work, "acme", shown=True)[1] is True
        assert keeping.publish(work, "acme", shown=True)[1] is False
        assert public.published(work, "acme").page == said
        with pytest.raises(SlugTaken, match="choose another"):
            keeping.put(work, "beta", said)
    harbour.component()
    with harbour.working() as work:
        keeping.remove(work, "acme", expected=2)
        with pytest.raises(NoSuchStatusPage):
            keeping.one(work, "acme")
        assert composing.listed(work, "acme") == []
    assert [one.get("shown") for one in harbour.facts("StatusPagePublished")] == [True]
    assert len(harbour.facts("StatusPageWritten", "StatusPageRemoved")) == 2


def test_nobody_sees_the_page_of_a_tenant_that_ended(harbour: Harbour) -> None:
    harbour.page()
    with harbour.working() as work:
        tenants.archive(work, "acme")
    harbour.hear()
    with harbour.working() as work:
        with pytest.raises(NoSuchStatusPage):
            public.published(work, "acme")
        with pytest.raises(Conflict):
            keeping.publish(work, "acme", shown=True)


def test_nobody_sees_or_writes_anothers_page(harbour: Harbour) -> None:
    for tenant in ("acme", "beta"):
        harbour.page(tenant)
        harbour.component(tenant=tenant)
    with harbour.working("statuspage:read", "statuspage:write") as work:
        assert [one.tenant for one in keeping.listed(work)] == ["acme"]
        with pytest.raises(TenantNotFound):
            looking.account(work, "beta")
        with pytest.raises(TenantNotFound):
            composing.say(work, "beta", "web", Status.MAJOR)
        with pytest.raises(TenantNotFound):
            keeping.remove(work, "beta")
    with harbour.working("statuspage:read") as work, pytest.raises(MissingPermission):
        composing.say(work, "acme", "web", Status.MAJOR)
    theirs = harbour.post()
    with harbour.working() as work, pytest.raises(NoSuchStatusPost):
        looking.one(work, "beta", theirs.id)
    assert harbour.one(tenant="beta").status is None


@pytest.mark.census("ATP-099")
def test_a_component_follows_its_service_from_the_moment_of_each_fact(harbour: Harbour) -> None:
    harbour.page()
    harbour.service()
    made = harbour.component(**FOLLOWS)
    assert (made.status, harbour.view().components[0].reason) == (None, NEVER_SEEN)
    for minutes, state in ((10, "healthy"), (20, "degraded"), (30, "down"), (40, "unknown")):
        harbour.now = NOON + timedelta(minutes=minutes)
        harbour.edge(state)
    harbour.pass_time(hours=1)  # a worker was away, and hears of it late
    harbour.hear()
    [day] = [day for day in harbour.view().components[0].days if day.lasted.by]
    assert day.lasted.by == {
        Status.OPERATIONAL: timedelta(minutes=10),
        Status.DEGRADED: timedelta(minutes=10),
        Status.MAJOR: timedelta(minutes=10),
    }
    assert day.lasted.percent == Decimal("66.66")
    moved = [(one["old"], one["new"]) for one in harbour.facts("StatusComponentMoved")]
    assert moved[0] == ("", "operational")
    assert moved[-1] == ("major_outage", "")
    assert harbour.view().components[0].status is None


def test_the_first_look_at_a_healthy_service_is_seen_though_no_fact_tells_it(
    harbour: Harbour,
) -> None:
    harbour.page()
    harbour.service()
    harbour.component(**FOLLOWS)
    harbour.pass_time(minutes=1)
    well = Outcome(state=State.HEALTHY, detail="200 in 12 ms", took_ms=12.0)
    with harbour.working() as work:
        [claimed] = observing.claim(work, 1)
        observing.observe(work, [Finding(claim=claimed, outcomes={"http": well}, at=harbour.now)])
    harbour.hear()
    assert harbour.one().status is None
    for _ in range(2):
        harbour.turn()
        assert harbour.one().status is Status.OPERATIONAL
    assert len(harbour.facts("StatusComponentMoved")) == 1


def test_what_is_not_known_is_said_so_with_a_reason_that_tells_nothing_of_us(
    harbour: Harbour,
) -> None:
    harbour.page()
    harbour.service()
    harbour.component(**FOLLOWS)
    harbour.component("hand")
    harbour.component("gone", environment="prod", service="gone")
    shown = {one.kept.component.name: one for one in harbour.view().components}
    assert [shown[name].status for name in ("web", "hand", "gone")] == [None, None, None]
    assert {name: one.reason for name, one in shown.items()} == {
        "web": NEVER_SEEN,
        "hand": UNSAID,
        "gone": UNWATCHED,
    }
    assert "10.0.0.7" not in OUT_OF_SIGHT
    overall = harbour.view().overall
    assert (overall.indicator, overall.description) == (
        None,
        "Status of 3 Components Not Known",
    )
    assert [one.percent for one in shown.values()] == [None, None, None]


def test_a_person_says_how_it_is_and_lets_it_follow_again(harbour: Harbour) -> None:
    harbour.page()
    harbour.service()
    harbour.component(**FOLLOWS)
    harbour.pass_time(minutes=1)
    harbour.edge("healthy")
    harbour.hear()
    harbour.pass_time(minutes=1)
    with harbour.working() as work:
        kept, new = composing.say(work, "acme", "web", Status.PARTIAL)
        assert (kept.status, kept.said, new) == (Status.PARTIAL, Status.PARTIAL, True)
        assert composing.say(work, "acme", "web", Status.PARTIAL)[1] is False
    harbour.pass_time(minutes=1)
    harbour.edge("down")
    harbour.hear()
    assert harbour.one().status is Status.PARTIAL
    with harbour.working() as work:
        assert composing.say(work, "acme", "web", None)[0].said is None
        with pytest.raises(NoSuchStatusComponent, match="statuspage show"):
            composing.say(work, "acme", "nothing", None)
    assert [one["status"] for one in harbour.facts("StatusComponentSet")] == ["partial_outage", ""]


def test_a_component_is_changed_at_its_version_and_taken_off_with_its_history(
    harbour: Harbour,
) -> None:
    with harbour.working() as work, pytest.raises(NoSuchStatusPage):
        composing.put(work, "acme", Component(name="web", title="Web"))
    harbour.page()
    assert harbour.component().version == 1
    with harbour.working() as work:
        composing.say(work, "acme", "web", Status.OPERATIONAL)
        changed = Component(name="web", title="The web", group="Shop")
        kept, new = composing.put(work, "acme", changed, expected=1)
        assert (kept.version, kept.status, new) == (2, Status.OPERATIONAL, True)
        assert composing.put(work, "acme", changed)[1] is False
        with pytest.raises(StatusPageChanged):
            composing.put(work, "acme", Component(name="web", title="W"), expected=1)
        composing.remove(work, "acme", "web", expected=2)
        with pytest.raises(NoSuchStatusComponent):
            composing.one(work, "acme", "web")
    harbour.pass_time(minutes=5)
    assert harbour.component().status is None
    assert harbour.view().components[0].percent is None


@pytest.mark.census("ATP-100")
def test_an_incident_is_posted_updated_and_resolved(harbour: Harbour) -> None:
    harbour.page()
    harbour.component()
    harbour.component("api")
    with harbour.working() as work:
        composing.say(work, "acme", "web", Status.OPERATIONAL)
    harbour.pass_time(minutes=1)
    post = harbour.post(impact=PostImpact.MAJOR, affected={"web": Status.MAJOR})
    assert harbour.one().status is Status.MAJOR
    assert harbour.view().overall.indicator == "critical"
    harbour.pass_time(minutes=5)
    post = harbour.update(post, text="It is the database.", stage=Stage.IDENTIFIED)
    harbour.pass_time(minutes=5)
    post = harbour.update(post, text="We watch it.", stage=Stage.MONITORING)
    assert post.monitoring_at == harbour.now
    harbour.pass_time(minutes=5)
    over = harbour.update(post, text="Over.", stage=Stage.RESOLVED)
    assert (over.is_open, over.resolved_at) == (False, harbour.now)
    [shown] = harbour.view().incidents
    assert [one.stage.value for one in shown.updates] == [
        *("resolved", "monitoring", "identified", "investigating")
    ]
    assert [(c.component, c.old, c.new) for c in shown.updates[0].changes] == [
        ("web", Status.MAJOR, Status.OPERATIONAL)
    ]
    assert harbour.one().post == ""
    told = harbour.facts("StatusUpdated")
    assert next((one["stage"], one["first"]) for one in told) == ("investigating", True)
    assert all("Over." not in str(one) for one in told)
    with harbour.working() as work, pytest.raises(StatusPageChanged):
        posting.update(work, "acme", over.id, posting.NewUpdate(text="x"), expected=1)


def test_what_a_post_said_of_a_follower_holds_until_the_post_is_over(harbour: Harbour) -> None:
    harbour.page()
    harbour.service()
    harbour.component(**FOLLOWS)
    post = harbour.post(affected={"web": Status.DEGRADED})
    assert (harbour.one().said, harbour.one().post) == (Status.DEGRADED, post.id)
    harbour.pass_time(minutes=1)
    harbour.update(post, text="Over.", stage=Stage.RESOLVED, affected={"web": Status.OPERATIONAL})
    assert (harbour.one().said, harbour.one().status) == (None, None)


def test_of_two_posts_about_a_component_the_one_that_goes_on_says_how_it_is(
    harbour: Harbour,
) -> None:
    harbour.page()
    harbour.component()
    harbour.component("api")
    one = harbour.post(affected={"web": Status.DEGRADED, "api": Status.DEGRADED})
    harbour.pass_time(minutes=1)
    other = harbour.post(affected={"web": Status.MAJOR})
    harbour.pass_time(minutes=1)
    harbour.update(other, text="Over.", stage=Stage.RESOLVED)
    assert (harbour.one().status, harbour.one().post) == (Status.DEGRADED, one.id)
    with harbour.working() as work:
        composing.remove(work, "acme", "api")
    harbour.pass_time(minutes=1)
    later = harbour.update(one, text="Still.")
    harbour.update(later, text="Over.", stage=Stage.RESOLVED)
    assert (harbour.one().status, harbour.one().post) == (Status.OPERATIONAL, "")


def test_what_was_posted_by_mistake_is_gone_and_holds_nothing(harbour: Harbour) -> None:
    harbour.page()
    harbour.service()
    harbour.component(**FOLLOWS)
    post = harbour.post(affected={"web": Status.MAJOR})
    with harbour.working() as work:
        posting.withdraw(work, "acme", post.id)
        with pytest.raises(NoSuchStatusPost):
            posting.withdraw(work, "acme", post.id)
    assert (harbour.view().incidents, harbour.one().said) == ([], None)
    assert [one["post"] for one in harbour.facts("StatusPostWithdrawn")] == [post.id]


def test_what_makes_no_post_is_refused_and_changes_nothing(harbour: Harbour) -> None:
    harbour.page()
    harbour.component()
    wrongs: list[dict[str, object]] = [
        {"title": ""},
        {"title": "two\nlines"},
        {"text": " "},
        {"text": "x" * 10_001},
        {"text": "bell \a"},
        {"stage": Stage.SCHEDULED},
        {"impact": PostImpact.MAINTENANCE},
        {"affected": {"nothing": Status.MAJOR}},
        {"kind": PostKind.MAINTENANCE},
        {
            "kind": PostKind.MAINTENANCE,
            "impact": PostImpact.MAINTENANCE,
            "stage": Stage.SCHEDULED,
            "starts_at": NOON,
            "ends_at": NOON,
        },
    ]
    for wrong in wrongs:
        with pytest.raises(UnusableStatusPage):
            harbour.post(**wrong)
    post = harbour.post()
    for late in ({"stage": Stage.POSTMORTEM}, {"stage": Stage.COMPLETED}, {"text": ""}):
        with pytest.raises(UnusableStatusPage):
            harbour.update(post, **{"text": "x"} | late)
    assert len(harbour.facts("StatusUpdated")) == 1


@pytest.mark.census("ATP-445")
def test_an_incident_of_which_customers_heard_nothing_for_61_minutes_is_overdue(
    harbour: Harbour,
) -> None:
    harbour.page()
    post = harbour.post()
    harbour.pass_time(minutes=60)
    with harbour.working() as work:
        assert looking.account(work, "acme").overdue == []
    harbour.pass_time(minutes=1)
    with harbour.working() as work:
        assert [one.id for one in looking.account(work, "acme").overdue] == [post.id]
        measuring.measure(work, EVERYONE)
    samples = [s for m in measuring.OVERDUE.collect() for s in m.samples]
    assert [(s.labels["tenant"], s.value) for s in samples] == [("acme", 1)]
    harbour.update(post, text="Still.")
    with harbour.working() as work:
        assert looking.account(work, "acme").overdue == []
    harbour.pass_time(hours=3)
    harbour.update(post, text="Over.", stage=Stage.RESOLVED)
    harbour.pass_time(hours=3)
    with harbour.working() as work:
        assert looking.account(work, "acme").overdue == []


@pytest.mark.census("ATP-395")
def test_nothing_is_posted_of_lost_data_until_legal_approved(harbour: Harbour) -> None:
    harbour.page()
    harbour.component()
    usual = {"tenant": "acme", "symptom": "Records missing", "severity": "SEV-2"}
    with harbour.working() as work:
        incident = declaring.declare(work, declaring.Told(**usual))[0]  # type: ignore[arg-type]
        lost = declaring.declare(
            work,
            declaring.Told(**usual, flags=(Flag.DATA_LOSS,)),  # type: ignore[arg-type]
        )[0]
    before = harbour.view()
    with pytest.raises(NoticeGated, match=f"incident approve {lost.id}"):
        harbour.post(incident=lost.id, affected={"web": Status.MAJOR})
    assert (harbour.view().incidents, harbour.view().components) == (
        before.incidents,
        before.components,
    )
    post = harbour.post(incident=incident.id)
    with harbour.working() as work:
        describing.describe(work, incident.id, describing.Said(flags=(Flag.SECURITY,)))
    with pytest.raises(NoticeGated):
        harbour.update(post, text="It was a break-in.")
    with harbour.working() as work:
        for one in (incident.id, lost.id):
            noticing.approve(work, one, "case 17")
    harbour.update(post, text="Approved.")
    assert harbour.post(incident=lost.id).incident == lost.id


def test_another_tenants_incident_is_linked_with_nothing(harbour: Harbour) -> None:
    harbour.page()
    with harbour.working() as work:
        theirs = declaring.declare(
            work, declaring.Told(tenant="beta", symptom="Theirs", severity="SEV-2")
        )[0]
    with harbour.working() as work, pytest.raises(Exception, match="no incident"):
        posting.post(work, "acme", posting.NewPost(title="x", text="x", incident=theirs.id))
