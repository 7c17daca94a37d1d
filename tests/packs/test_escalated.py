"""Escalation policies of the runbooks, minute by minute."""

from datetime import timedelta
from functools import cache

import pytest
from sqlalchemy import Engine

from operations.escalation.stage import ONE, Desk
from operations.oncall.stage import NOON
from packs.test_watched import SHIPPED
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.clock import EPOCH, utc_now
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import begin, read
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Channel, Contact, Means, Section
from quarterdeck.operations.escalation.model.plan import Case, StepKind, plan
from quarterdeck.operations.escalation.model.policy import Policy
from quarterdeck.operations.escalation.service import policies
from quarterdeck.packs import escalated, loader
from quarterdeck.packs.kinds import KINDS
from quarterdeck.packs.model import Step
from quarterdeck.packs.reading import files_of, parse

ROOT = installation()
NONE: frozenset[str] = frozenset()
LEVELS = {
    "L1": "primary",
    "L2": "secondary",
    "L3": "manager",
    "L4": "vp",
    "L5": "cto",
    "Security": "security",
    "Compliance": "compliance",
}
SEV1 = [(0, "primary"), (30, "secondary"), (60, "manager"), (120, "vp")]
SEV2 = [(0, "primary"), (60, "secondary"), (120, "manager")]
SEV3 = [(120, "secondary"), (240, "manager")]
MATRIX = [("SEV-1", SEV1), ("SEV-2", SEV2), ("SEV-3", SEV3)]
TWO_PER_HOUR = 30


@cache
def item_of(pack: str) -> escalated.PolicySpec:
    """The one policy of a pack as it is shipped, without an installation."""
    found = parse(files_of(SHIPPED / pack))
    [item] = [one for one in found.items if one.kind == "escalation_policy"]
    spec = KINDS[item.kind].read(item.spec)
    assert isinstance(spec, escalated.PolicySpec)
    return spec


def shipped(pack: str) -> Policy:
    return item_of(pack).policy(pack)


def engaged(
    policy: Policy, severity: str, flags: frozenset[str], minutes: float
) -> tuple[str, ...]:
    """The levels that must have joined so many minutes after a page was opened."""
    times = [(level.name, level.engaged(severity, flags)) for level in policy.levels]
    passed = timedelta(minutes=minutes)
    return tuple(name for name, at in times if at is not None and at <= passed)


def joined(severity: str, minutes: float, *flags: str) -> list[str]:
    names = engaged(shipped("atp"), severity, frozenset(flags), minutes)
    return [LEVELS[name] for name in names]


@pytest.mark.census("ATP-033", "ATP-034", "ATP-035", "ATP-036")
@pytest.mark.census("ATP-182", "ATP-183", "ATP-184", "ATP-185", "ATP-171", "ATP-176")
@pytest.mark.census("ATP-466", "ATP-467", "ATP-473", "ATP-474")
@pytest.mark.parametrize(("severity", "matrix"), MATRIX)
def test_the_matrix_holds_at_each_minute_and_sharp_at_its_edges(
    severity: str, matrix: list[tuple[int, str]]
) -> None:
    for minute in range(300):
        wanted = [who for since, who in matrix if since <= minute]
        assert joined(severity, minute) == wanted, minute
    for since, who in matrix[1:]:
        assert who not in joined(severity, since - 1 / 60)
        assert who in joined(severity, since)


@pytest.mark.census("ATP-164")
def test_a_sev_1_pages_all_four_at_once_and_only_the_first_must_join() -> None:
    steps = plan(shipped("atp"), Case(severity="SEV-1", flags=NONE, opened_at=EPOCH))
    at_once = [(one.level, one.kind) for one in steps if one.due_at == EPOCH]
    assert at_once == [
        ("L1", StepKind.ENGAGE),
        ("L2", StepKind.NOTIFY),
        ("L3", StepKind.NOTIFY),
        ("L4", StepKind.NOTIFY),
    ]
    assert joined("SEV-1", 0) == ["primary"]
    assert plan(shipped("atp"), Case(severity="SEV-4", flags=NONE, opened_at=EPOCH)) == ()


@pytest.mark.census("ATP-105", "ATP-171", "ATP-176", "ATP-466", "ATP-467", "ATP-474", "ATP-475")
@pytest.mark.census("ATP-476")
@pytest.mark.parametrize(("severity", "matrix"), MATRIX)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_who_answers_and_does_not_resolve_is_joined_by_each_level_sharp(
    engine: Engine, severity: str, matrix: list[tuple[int, str]]
) -> None:
    desk = Desk(engine)
    names = ("primary", "secondary", "manager", "vp-engineering", "cto")
    with desk.stage.work() as work:
        policies.put(work, "acme", "atp", item_of("atp"))
    for name in names:
        desk.stage.apply(ONE.format(person=f"{name}@example.com"), name)
    page = desk.page(severity, policy="atp")
    desk.tick()
    desk.acknowledge(page)
    for minute, _ in matrix:
        for at in (timedelta(minutes=minute, seconds=-1), timedelta(minutes=minute)):
            desk.stage.now = max(NOON, NOON + at)
            desk.tick()
    kept = [one for one in desk.account(page).steps if one.kind is StepKind.ENGAGE and one.at]
    joined_at = [((one.at or NOON) - NOON, LEVELS[one.level]) for one in kept if one.messages]
    assert joined_at == [(timedelta(minutes=minute), who) for minute, who in matrix]
    by = {one.level: [each.by for each in one.told] for one in kept}
    assert by.get("L3", ["pager", "phone"]) == ["pager", "phone"]
    assert by.get("L4", ["mail", "phone"]) == ["mail", "phone"]


@pytest.mark.census("ATP-036", "ATP-476", "ATP-477")
def test_an_outage_wakes_the_vp_and_customers_wake_the_cto() -> None:
    assert joined("SEV-2", 0, "major-outage") == ["primary", "vp"]
    assert "cto" not in joined("SEV-1", 10_000)
    assert "cto" not in joined("SEV-1", 239.9, "customer-impact")
    assert joined("SEV-1", 240, "customer-impact")[-1] == "cto"


@pytest.mark.census("ATP-475", "ATP-476", "ATP-477", "ATP-473")
def test_each_level_says_by_what_it_is_reached() -> None:
    by = {level.name: level.by for level in shipped("atp").levels}
    assert by == {
        "L1": ("pager",),
        "L2": ("pager",),
        "L3": ("pager", "phone"),
        "L4": ("phone", "mail"),
        "L5": ("phone", "mail"),
        "Security": (),
        "Compliance": (),
    }


@pytest.mark.census("ATP-449")
def test_a_loss_of_data_calls_security_and_compliance_at_once_and_nothing_else_does() -> None:
    assert joined("SEV-1", 0, "data-loss") == ["primary", "security", "compliance"]
    assert joined("SEV-1", 0, "security") == ["primary", "security"]
    assert not {"security", "compliance"} & {*joined("SEV-1", 10_000)}


@pytest.mark.census("CG-048")
def test_cloudgov_escalates_to_the_director_of_engineering() -> None:
    found = shipped("cloudgov")
    assert found.levels[-1].title == "Director of Engineering"
    assert engaged(found, "SEV-2", NONE, TWO_PER_HOUR) == ("L1", "L2")


@pytest.mark.census("AG-109")
def test_azure_governance_has_the_path_that_the_runbook_writes() -> None:
    found = shipped("azure-governance")
    times = [level.engaged("SEV-1", NONE) for level in found.levels]
    assert times == [timedelta(0), timedelta(minutes=15), timedelta(minutes=75)]
    assert [level.title for level in found.levels][-1] == "VP Engineering"


WHO = ("platform-support", "devops-manager", "vp-eng")
SUPPORT, DEVOPS, VP = (f"{who}@company.com" for who in WHO)
TEAMS = ["database-team", "platform-team", "security-team"]
HEADS = ["ceo", "cto", "engineering-manager"]


@pytest.mark.parametrize(
    ("pack", "name", "minutes"),
    [
        ("azure-governance", "platform-support", {0: [SUPPORT], 15: [DEVOPS], 75: [VP]}),
        ("banking", "monitoring", {0: ["operations"], 15: TEAMS, 60: HEADS}),
    ],
)
def test_a_policy_tells_whom_its_runbook_says_at_the_minute_and_nobody_else(
    engine: Engine, pack: str, name: str, minutes: dict[int, list[str]]
) -> None:
    desk = Desk(engine)
    with desk.stage.work() as work:
        policies.put(work, "acme", name, item_of(pack), why="as the pack has it")
        for who in ("operations", *TEAMS, *HEADS):
            way = Channel(means=Means.MAIL, address=f"{who}@bank.example")
            said = {"section": Section.ESCALATION, "channels": (way,)}
            contacts.put(work, "acme", Contact(name=who, title=who, **said))  # type: ignore[arg-type]
    page, known, found = desk.page(policy=name), set[str](), dict[int, list[str]]()
    for minute in range(241):
        desk.tick(minutes=1 if minute else 0)
        told = {one for some in desk.told(page).values() for one in some}
        if fresh := told - known:
            found[minute] = sorted(word.removesuffix("@bank.example") for word in fresh)
        known |= told
    assert found == minutes


@pytest.mark.census("BK-083")
@pytest.mark.parametrize(("severity", "called"), [("SEV-1", True), ("SEV-2", False)])
def test_the_ceo_of_the_bank_is_called_for_critical_incidents_alone(
    engine: Engine, severity: str, *, called: bool
) -> None:
    desk = Desk(engine)
    with desk.stage.work() as work:
        policies.put(work, "acme", "monitoring", item_of("banking"), why="as the pack has it")
        found = parse(files_of(SHIPPED / "banking"))
        [ceo] = [one.spec for one in found.items if one.name == "banking/ceo"]
        way = Channel(means=Means.MAIL, address="ceo@bank.example")
        critical = ceo["critical_only"] is True
        boss = Contact(
            name="ceo",
            title="CEO",
            section=Section.ESCALATION,
            critical_only=critical,
            channels=(way,),
        )
        contacts.put(work, "acme", boss)
    page = desk.page(severity, policy="monitoring")
    for _ in range(61):
        desk.tick(minutes=1)
    told = {who for some in desk.told(page).values() for who in some}
    assert ("CEO" in told) is called


@pytest.mark.census("BK-037")
def test_bankings_decision_tree_ends_in_a_level_or_none(engine: Engine) -> None:
    with begin(engine, ROOT, utc_now) as work:
        loader.apply(work, files_of(SHIPPED / "banking"))
    with read(engine, ROOT, utc_now) as work:
        ends = {
            " ".join(answers): policies.decide(work, "banking", "monitoring", answers).level
            for answers in (["no"], ["yes", "yes"], ["yes", "no", "yes"], ["yes", "no", "no"])
        }
    assert ends == {"no": "L3", "yes yes": "none", "yes no yes": "L2", "yes no no": "L1"}


@pytest.mark.parametrize("pack", ["atp", "azure-governance", "banking", "cloudgov"])
def test_applying_twice_is_applying_once(engine: Engine, pack: str) -> None:
    for step in (Step.ADD, Step.KEEP):
        with begin(engine, ROOT, utc_now) as work:
            _, done = loader.apply(work, files_of(SHIPPED / pack))
        assert {one.step for one in done if one.item.kind == "escalation_policy"} == {step}
    with read(engine, ROOT, utc_now) as work:
        assert "escalation_policy.yaml" in loader.export(work, "mine")


@pytest.mark.parametrize("name", ["incidents", "acme/", "/incidents", "acme/incidents/x"])
def test_a_policy_says_whose_it_is(engine: Engine, name: str) -> None:
    with read(engine, ROOT, utc_now) as work, pytest.raises(Invalid):
        escalated.policy(work, name)
