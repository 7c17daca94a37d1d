"""The estate in numbers: what Prometheus is told, of what is known and of what is not."""

from math import isnan

from prometheus_client import REGISTRY

from governance.compliance.said import state
from governance.estate import Estate
from governance.identity.directory import settle, unlicensed
from governance.preflight.test_preflight import run_all
from quarterdeck.access.tenants import service as tenants
from quarterdeck.governance.exports import service as exports
from quarterdeck.governance.exports.service import NewExport
from quarterdeck.governance.preflight import service as preflight
from quarterdeck.governance.sync.model import COMPLIANCE, IDENTITY, policies
from quarterdeck.governance.sync.service.requests import request_sync
from quarterdeck.wiring.numbers import EVERYONE, measure_estate


def told(family: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"quarterdeck_{family}", labels)


def read(estate: Estate, domain: str) -> None:
    with estate.work() as work:
        request_sync(work, policies(among=[domain]), domain)
    estate.run_due()


def test_of_a_directory_that_was_never_read_no_number_is_told(estate: Estate) -> None:
    _, cloud = estate.connect("contoso")
    measure_estate(estate.engine, estate.clock)
    users, gaps = told("identity_users"), told("identity_unread_listings")
    assert users is not None
    assert gaps is not None
    assert (isnan(users), isnan(gaps)) == (True, True)
    assert told("identity_answers", question="enforced", answer="yes") is None
    assert told("identity_credentials", state="ended") is None
    settle(cloud)
    read(estate, IDENTITY)
    measure_estate(estate.engine, estate.clock)
    assert told("identity_users") == 3


def test_users_are_told_by_what_is_known_of_them(estate: Estate) -> None:
    _, cloud = estate.connect("contoso")
    settle(cloud)
    unlicensed(cloud)
    read(estate, IDENTITY)
    measure_estate(estate.engine, estate.clock)
    users = told("identity_users")
    assert users
    assert told("identity_answers", question="enforced", answer="not_known") == users
    assert told("identity_unread_listings") == 2
    assert told("identity_credentials", state="ended") is not None


def test_policy_states_are_told_by_verdict_and_who_is_silent(estate: Estate) -> None:
    _, cloud = estate.connect("contoso")
    measure_estate(estate.engine, estate.clock)
    assert told("compliance_silent") == 1
    cloud.pages = {"s1": []}
    cloud.said[("policy_states",)] = [[state("vm"), state("db", word="NonCompliant")]]
    read(estate, COMPLIANCE)
    measure_estate(estate.engine, estate.clock)
    tallies = {
        verdict: told("compliance_states", tenant="contoso", verdict=verdict)
        for verdict in ("compliant", "non_compliant", "not_known")
    }
    assert tallies == {"compliant": 1, "non_compliant": 1, "not_known": 0}
    assert told("compliance_silent") == 0


def test_preflight_is_told_by_outcome_and_age(estate: Estate) -> None:
    _, cloud = estate.connect("contoso")
    settle(cloud)
    cloud.pages = {"s1": [[]]}
    with estate.work() as work:
        preflight.request(work, EVERYONE)
    run_all(estate)
    estate.pass_time(hours=1)
    measure_estate(estate.engine, estate.clock)
    assert told("preflight_checks", tenant="contoso", outcome="pass")
    assert told("preflight_age_seconds", tenant="contoso") == 3600
    estate.pass_time(hours=-2)
    measure_estate(estate.engine, estate.clock)
    assert told("preflight_age_seconds", tenant="contoso") == 0


def test_an_export_that_falls_behind_is_overdue(estate: Estate) -> None:
    estate.connect("contoso")
    new = NewExport(tenant="contoso", name="nightly", what="resources", wanted={})
    with estate.work() as work:
        exports.schedule(work, new)
    measure_estate(estate.engine, estate.clock)
    assert told("exports_overdue") == 0
    estate.pass_time(hours=49)
    measure_estate(estate.engine, estate.clock)
    assert told("exports_overdue") == 1
    assert told("export_age_seconds", tenant="contoso", name="nightly") == 49 * 3600
    assert told("export_rows", tenant="contoso", name="nightly") is None
    estate.pass_time(hours=-50)
    measure_estate(estate.engine, estate.clock)
    assert told("export_age_seconds", tenant="contoso", name="nightly") == 0


def test_an_export_of_a_tenant_that_ended_is_expected_no_more(estate: Estate) -> None:
    for name in ("contoso", "fabrikam"):
        estate.connect(name)
        with estate.work() as work:
            new = NewExport(tenant=name, name="nightly", what="resources", wanted={})
            exports.schedule(work, new)
    with estate.work() as work:
        tenants.archive(work, "contoso")
    estate.pass_time(hours=49)
    measure_estate(estate.engine, estate.clock)
    assert told("exports_overdue") == 1
    assert told("export_age_seconds", tenant="contoso", name="nightly") is None
    assert told("export_age_seconds", tenant="fabrikam", name="nightly") == 49 * 3600
