"""Policies are shown by what people call them; where that is not known, by their id."""

import json
from datetime import timedelta

import pytest

from governance.compliance.conftest import Checked
from governance.compliance.said import ASSIGNED, POLICIES, state
from governance.estate import FakeCloud
from quarterdeck.governance.cloud.ports import CloudFailure, Denied, FailureClass
from quarterdeck.governance.compliance.model.names import can_be_asked
from quarterdeck.governance.compliance.model.state import Filter, PolicyState
from quarterdeck.governance.compliance.service import checks, queries
from quarterdeck.governance.sync.model import RunState
from quarterdeck.kernel.work import ANY, Tenants

EVERYONE = Tenants(frozenset({ANY}))
TLS = "871b6d14-10aa-478d-b590-94f262ecfa99"
SET = "/providers/microsoft.authorization/policysetdefinitions/baseline-set"


def defined(title: object) -> list[list[bytes] | CloudFailure]:
    """A definition as Azure has it: only its display name matters."""
    return [[json.dumps({"name": "x", "properties": {"displayName": title}}).encode()]]


def named(cloud: FakeCloud, cloud_id: str, title: object) -> None:
    cloud.said["policy_definition", cloud_id] = defined(title)


def asked(cloud: FakeCloud) -> list[object]:
    return [call[1] for call in cloud.asked if call[0] == "policy_definition"]


def shown(estate: Checked, **wanted: str) -> list[PolicyState]:
    with estate.look() as work:
        return queries.page(work, Filter(**wanted), EVERYONE, None, 100)  # type: ignore[arg-type]


@pytest.fixture
def cloud(estate: Checked) -> FakeCloud:
    """Tenant ``acme``, whose one policy is a GUID in a set, and is called "Use TLS"."""
    _, cloud = estate.connect("acme")
    of_set = {"policySetDefinitionId": SET.upper(), "policySetDefinitionName": "baseline-set"}
    estate.say(cloud, [state("a", TLS, **of_set), state("b", TLS, word="NonCompliant", **of_set)])
    named(cloud, f"{POLICIES}/{TLS}", "Use TLS")
    named(cloud, SET, "The baseline")
    named(cloud, f"{ASSIGNED}/baseline", "Baseline of acme")
    return cloud


def test_a_state_bears_what_people_call_policy_set_and_assignment(
    estate: Checked, cloud: FakeCloud
) -> None:
    assert estate.sync().state is RunState.SUCCESS
    assert len(asked(cloud)) == 3
    one = shown(estate)[0]
    assert (one.policy_name, one.policy_title) == (TLS, "Use TLS")
    assert (one.policy_set_title, one.assignment_title) == ("The baseline", "Baseline of acme")
    assert (one.policy_words, one.assignment_words) == ("Use TLS", "Baseline of acme")
    found = estate.summed()
    assert found.titles[TLS] == "Use TLS"
    with estate.look() as work:
        [group] = queries.group(work, "rg", Filter(), EVERYONE)
        described = queries.described(work, one.id)
    assert group.titles[TLS] == described.state.policy_title == "Use TLS"
    with estate.work() as work:
        made = checks.check(work, checks.Asked(tenant="acme", framework="the baseline"))
    assert [(f.policy_title, f.assignment_title) for f in made.findings] == [
        ("Use TLS", "Baseline of acme")
    ]
    with estate.look() as work:
        assert checks.check_of(work, made.id).findings == made.findings


def test_a_filter_finds_by_display_name_too(estate: Checked, cloud: FakeCloud) -> None:
    del cloud
    estate.sync()
    for wanted in ({"policy": "use tls"}, {"policy": TLS}, {"assignment": "BASELINE OF ACME"}):
        assert len(shown(estate, **wanted)) == 2, wanted
    assert shown(estate, policy="Use SSL") == []
    with estate.look() as work:
        elsewhere = Tenants(frozenset({"other"}))
        assert queries.total(work, Filter(policy="use tls"), elsewhere).total == 0


def test_a_filter_minds_no_case_in_any_alphabet(estate: Checked, cloud: FakeCloud) -> None:
    named(cloud, f"{POLICIES}/{TLS}", "Größe ÜBERALL")
    estate.say(cloud, [state("a", TLS), state("b", "Prüfung")])
    estate.sync()
    assert len(shown(estate, policy="GRÖSSE überall")) == 1
    assert len(shown(estate, policy="Prüfung")) == 1
    assert shown(estate, policy="Grosse") == []


def test_a_name_that_is_known_is_asked_for_again_after_a_week(
    estate: Checked, cloud: FakeCloud
) -> None:
    estate.sync()
    estate.pass_time(hours=4)
    estate.sync()
    assert len(asked(cloud)) == 3
    named(cloud, f"{POLICIES}/{TLS}", "Use TLS 1.3")
    estate.pass_time(days=7)
    estate.sync()
    assert shown(estate)[0].policy_title == "Use TLS 1.3"


@pytest.mark.parametrize(
    "refused",
    [
        [Denied("403", missing="Reader")],
        [],
        [[b"no json"]],
        [[b'{"properties": {"displayName": 7}}']],
        [[b'{"properties": {"displayName": "\\u0000"}}']],
    ],
)
def test_where_a_name_is_not_to_be_had_the_id_stands_and_nothing_fails(
    estate: Checked, cloud: FakeCloud, refused: list[list[bytes] | CloudFailure]
) -> None:
    cloud.said["policy_definition", f"{POLICIES}/{TLS}"] = refused
    run = estate.sync()
    assert (run.state, run.missing) == (RunState.SUCCESS, ())
    assert (shown(estate)[0].policy_title, shown(estate)[0].policy_words) == ("", TLS)
    before = len(asked(cloud))
    estate.pass_time(hours=4)
    estate.sync()
    assert len(asked(cloud)) == before, "not asked every four hours"
    named(cloud, f"{POLICIES}/{TLS}", "Use TLS")
    estate.pass_time(days=1)
    estate.sync()
    assert shown(estate)[0].policy_title == "Use TLS"


@pytest.mark.parametrize(
    "refused", [CloudFailure(FailureClass.DATA, "no JSON"), Denied("403", missing="Reader")]
)
def test_one_name_that_is_not_to_be_had_keeps_no_other_from_being_known(
    estate: Checked, cloud: FakeCloud, refused: CloudFailure
) -> None:
    cloud.said["policy_definition", f"{POLICIES}/{TLS}"] = [refused]
    estate.sync()
    one = shown(estate)[0]
    assert (one.policy_title, one.policy_set_title) == ("", "The baseline")
    assert one.assignment_title == "Baseline of acme"
    before = len(asked(cloud))
    estate.pass_time(hours=4)
    estate.sync()
    assert len(asked(cloud)) == before, "not asked every four hours"


def test_a_cloud_in_trouble_keeps_the_names_that_were_known_and_is_asked_next_time(
    estate: Checked, cloud: FakeCloud
) -> None:
    late = CloudFailure(FailureClass.TIMEOUT, "late")
    cloud.said["policy_definition", f"{ASSIGNED}/baseline"] = [late]
    assert estate.sync().state is RunState.SUCCESS
    estate.pass_time(hours=4)
    named(cloud, f"{ASSIGNED}/baseline", "Baseline of acme")
    estate.sync()
    assert shown(estate)[0].assignment_title == "Baseline of acme"
    cloud.said["policy_definition", f"{ASSIGNED}/baseline"] = []
    estate.pass_time(days=8)
    estate.sync()
    assert shown(estate)[0].assignment_title == "Baseline of acme", "a name known is not lost"


def test_a_name_that_means_two_things_is_shown_where_it_is_one(estate: Checked) -> None:
    for tenant, title in (("acme", "Ours"), ("beta", "Theirs")):
        _, cloud = estate.connect(tenant)
        mine = f"/subscriptions/{tenant}/providers/microsoft.authorization/policydefinitions/tags"
        estate.say(cloud, [state("a", "tags", policyDefinitionId=mine)])
        named(cloud, mine, title)
    estate.sync()
    estate.pass_time(seconds=timedelta(minutes=1).total_seconds())
    assert {one.tenant: one.policy_title for one in shown(estate)} == {
        "acme": "Ours",
        "beta": "Theirs",
    }
    assert "tags" not in estate.summed().titles


@pytest.mark.parametrize(
    ("cloud_id", "may"),
    [
        (f"{POLICIES}/{TLS}", True),
        (f"{ASSIGNED}/a b", True),
        ("/providers/Microsoft.Management/managementGroups/m" + f"{POLICIES}/x", True),
        ("", False),
        (f"{POLICIES}/../../../secrets", False),
        (f"{POLICIES}/x?api-version=1", False),
        (f"{POLICIES}/x/versions/1", False),
        ("/providers/Microsoft.KeyVault/vaults/v", False),
        ("https://elsewhere" + f"{POLICIES}/x", False),
        (f"@elsewhere{POLICIES}/x", False),
    ],
)
def test_only_what_is_a_definition_is_asked_for(cloud_id: str, *, may: bool) -> None:
    assert can_be_asked(cloud_id) is may
