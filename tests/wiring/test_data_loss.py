"""Runbook 004's loss of data: declared, and nothing is accepted, people are called, all is held."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from packs.test_watched import apply
from quarterdeck.access.principals.model import installation as itself
from quarterdeck.access.tenants import service as tenants
from quarterdeck.api.app import build_app
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor, begin
from quarterdeck.operations.changes import hearing as changes
from quarterdeck.operations.changes import service as freezing
from quarterdeck.operations.escalation.service import looking as pages
from quarterdeck.operations.escalation.service.timing import Timers
from quarterdeck.operations.incidents import hearing as incidents
from quarterdeck.operations.incidents.model.incident import Impact, Incident, Role
from quarterdeck.operations.incidents.model.stage import Stage
from quarterdeck.operations.incidents.service import (
    declaring,
    describing,
    leading,
    looking,
    roles,
)
from quarterdeck.operations.severities.model import Flag
from quarterdeck.trail.freeze import hearing as freeze_hears
from quarterdeck.trail.freeze import service as freezes
from quarterdeck.trail.freeze.model import Frozen, IngestStopped
from quarterdeck.trail.holds import hearing as hold_hears
from quarterdeck.trail.holds import service as holds
from quarterdeck.trail.holds.model import Covers
from quarterdeck.worker.delivery import deliver_all
from wiring.house import House, house
from wiring.test_problems import producer

EVENT = {
    "occurred_at": "2026-02-28T12:00:00Z",
    "actor": {"type": "user", "id": "u-1"},
    "action": "orders:create",
    "resource": {"type": "order", "id": "o-1"},
}
ON_CALL = ("incidents:open", "incidents:read", "incidents:write")


class Loss:
    """An installation of the runbook's platform, with two customers: acme and beta."""

    def __init__(self, well: House) -> None:
        self.well = well
        apply(well.engine, "atp")
        with begin(well.engine, itself(), utc_now) as work:
            tenants.create(work, "beta", "Beta")
        self.program = producer(well)
        self.client = TestClient(build_app(well.runtime), base_url="http://127.0.0.1:8080")

    def send(self) -> httpx2.Response:
        """An event of acme, as its program sends it."""
        return self.client.post("/api/v1/audit/events", json=EVENT, headers=self.program)

    def declare(self, actor: Actor | None = None, tenant: str = "atp", **said: str) -> Incident:
        told = declaring.Told(tenant=tenant, symptom="Records are gone", **(KIND | said), **NAMED)  # type: ignore[arg-type]  # as each says
        with begin(self.well.engine, actor or itself(), utc_now) as work:
            return declaring.declare(work, told)[0]

    def hear(self) -> None:
        """Deliver whatever happened, until nothing follows from it; then leaves are appended."""
        ears: list[Subscriber] = [
            incidents.subscriber(),
            changes.subscriber(),
            freeze_hears.subscriber(self.well.runtime.reader.sizes),
            hold_hears.subscriber(),
        ]
        while deliver_all(self.well.engine, utc_now, ears):
            pass
        Timers(engine=self.well.engine, clock=utc_now, url="").beat()
        self.well.work()

    def stopped(self, *logs: str) -> list[str]:
        """Those of ``logs`` that accept nothing."""
        found = []
        with reading(self.well.engine) as db:
            for log in logs:
                try:
                    freezes.refuse_ingest(db, log)
                except IngestStopped:
                    found.append(log)
        return found

    def held(self, tenant: str) -> list[Covers]:
        with reading(self.well.engine) as db:
            return [one.scope.covers for one in holds.standing(db, tenant)]

    def told(self, tenant: str = "atp") -> set[str]:
        """Whom the page of the incident has told."""
        with begin(self.well.engine, itself(), utc_now) as work:
            [page] = pages.listed(work, tenant)
            return {one.address for one in pages.account(work, page.id).sent.values()}

    def lines(self, incident: Incident) -> list[str]:
        with begin(self.well.engine, itself(), utc_now) as work:
            return [one.text for one in looking.account(work, incident.id).timeline]

    def end(self, log: str, outcome: str) -> None:
        """A person says how the investigation of a log ended."""
        security = Actor("sara", frozenset({("integrity:investigate", log)}))
        sizes = self.well.runtime.reader.sizes()
        with begin(self.well.engine, security, utc_now) as work:
            freezes.unfreeze(work, outcome, "a volume was mounted elsewhere", sizes=sizes)
        self.hear()

    def describe(self, incident: Incident, **said: Any) -> None:  # noqa: ANN401  as each says
        with begin(self.well.engine, itself(), utc_now) as work:
            describing.describe(work, incident.id, describing.Said(**said))
        self.hear()

    def resolve(self, incident: Incident) -> None:
        """It is over, and everything is written down that this asks for."""
        said = {"impact": Impact(users="all"), "services": ("trail",), "validated": "y"}
        self.describe(incident, **said, temporary="x")
        with begin(self.well.engine, itself(), utc_now) as work:
            roles.assign(work, incident.id, Role.TL, "tom")
            leading.advance(work, incident.id, Stage.RESOLUTION)
        self.hear()

    def reopen(self, incident: Incident, actor: Actor | None = None) -> None:
        with begin(self.well.engine, actor or itself(), utc_now) as work:
            leading.reopen(work, incident.id, "records are gone again")
        self.hear()

    def size(self, log: str = "acme") -> int:
        return self.well.runtime.reader.sizes()[log]


KIND = {"kind": "data-loss"}
NAMED = {"tenants": ("acme",)}


@pytest.fixture
def loss(engine: Engine, tmp_path: Path) -> Iterator[Loss]:
    with house(engine, tmp_path) as well:
        found = Loss(well)
        with found.client:
            yield found


@pytest.mark.census("ATP-449")
def test_a_loss_that_is_declared_stops_what_is_sent_calls_people_and_holds_all(loss: Loss) -> None:
    assert loss.send().status_code == 200
    made = loss.declare()
    loss.hear()
    refused = loss.send()
    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    said = refused.json()
    assert said["type"] == "/problems/IngestStopped"
    assert made.id in said["detail"]
    assert "integrity:investigate" in said["detail"]
    assert {"security@connectsoft.com", "compliance@connectsoft.com"} <= loss.told()
    assert loss.held("acme") == loss.held("atp") == [Covers.TENANT]
    assert (loss.stopped("acme", "atp", "beta"), loss.held("beta")) == (["acme", "atp"], [])
    with reading(loss.well.engine) as db, pytest.raises(Frozen):
        freezes.refuse_purge(db, "acme")
    with begin(loss.well.engine, itself(), utc_now) as work:
        assert not freezing.may_deploy(work, "acme").allowed
    lines = loss.lines(made)
    for words in (
        "A loss of data is suspected: the trail of atp, acme",
        "Nothing is accepted into the trail of acme",
        "Evidence held: all records of the trail of acme",
    ):
        assert sum(line.startswith(words) for line in lines) == 1, lines


def test_reads_work_and_the_platforms_own_leaves_go_on(loss: Loss) -> None:
    loss.send()
    loss.declare()
    before = loss.size()
    loss.hear()
    assert loss.send().status_code == 503
    assert loss.size() >= before + 2, "the freeze and the hold"
    reader = producer(loss.well, "auditor")
    records = loss.client.get("/api/v1/trail/logs/acme/records", headers=reader).json()["records"]
    assert {"integrity:freeze", "holds:place", "orders:create"} <= {
        one["record"]["action"] for one in records
    }


@pytest.mark.parametrize("outcome", ["false-positive", "confirmed"])
def test_a_person_says_how_it_ended_and_the_incident_tells_of_it(loss: Loss, outcome: str) -> None:
    made = loss.declare()
    loss.hear()
    loss.end("acme", outcome)
    assert loss.stopped("acme", "atp") == ["atp"]
    assert loss.send().status_code == 200
    assert "Investigation of the trail of acme ended" in loss.lines(made)
    assert "a volume was mounted elsewhere" not in str(loss.lines(made)), "acme's own words"
    assert loss.held("acme") == [Covers.TENANT], "evidence stays until it is released"
    with begin(loss.well.engine, itself(), utc_now) as work:
        assert [one.id for one in looking.listed(work)] == [made.id], "it is the same incident's"
    loss.end("atp", outcome)
    ended = f"Investigation of the trail of atp ended, {outcome}: a volume was mounted elsewhere"
    assert ended in loss.lines(made)


def test_a_hold_that_is_released_is_told_too(loss: Loss) -> None:
    made = loss.declare()
    loss.hear()
    theirs, own = (release(loss, log) for log in ("acme", "atp"))
    lines = loss.lines(made)
    asked = "is to be released, once another agrees"
    assert f"Hold {theirs} {asked}" in lines
    assert f"Hold {theirs} released" in lines
    assert f"Hold {own} {asked}: the case of atp is closed" in lines
    assert f"Hold {own} released: the case of atp is closed" in lines
    assert "the case of acme" not in str(lines), "acme's own words"


def release(loss: Loss, log: str) -> str:
    """The id of a log's hold, that two people have let go."""
    with reading(loss.well.engine) as db:
        [hold] = holds.standing(db, log)
    for who in ("legal-1", "legal-2"):
        rights = frozenset({("holds:read", log), ("holds:release", log)})
        with begin(loss.well.engine, Actor(who, rights), utc_now) as work:
            holds.release(work, hold.id, f"the case of {log} is closed")
    loss.hear()
    return hold.id


def test_who_may_declare_for_one_tenant_stops_no_other_by_naming_it(loss: Loss) -> None:
    actor = Actor("oscar", frozenset((right, "atp") for right in ON_CALL))
    loss.declare(actor)
    loss.hear()
    assert loss.stopped("acme", "atp") == ["atp"]
    assert loss.held("acme") == []


def test_a_loss_of_the_platform_stops_every_log(loss: Loss) -> None:
    loss.send()
    loss.declare(tenant=PLATFORM, kind="", severity="SEV-1")
    loss.hear()
    assert loss.stopped("acme") == []
    with begin(loss.well.engine, itself(), utc_now) as work:
        [made] = looking.listed(work, PLATFORM)
        describing.describe(work, made.id, describing.Said(flags=(Flag.DATA_LOSS,)))
    loss.hear()
    assert loss.stopped("acme", "beta", PLATFORM) == ["acme", "beta", PLATFORM]
    assert loss.held("acme") == loss.held(PLATFORM) == [Covers.TENANT]


def test_a_tenant_that_is_found_later_is_stopped_then_and_none_twice(loss: Loss) -> None:
    made = loss.declare()
    loss.hear()
    loss.end("acme", "false-positive")
    with begin(loss.well.engine, itself(), utc_now) as work:
        describing.describe(work, made.id, describing.Said(tenants=("acme", "beta", "nobody")))
    loss.hear()
    assert loss.stopped("acme", "beta", "nobody") == ["beta"]
    assert (loss.held("acme"), loss.held("beta")) == ([Covers.TENANT], [Covers.TENANT])


def test_a_loss_that_is_seen_after_the_end_is_suspected_once_it_is_opened_again(
    loss: Loss,
) -> None:
    made = loss.declare(kind="", severity="SEV-1")
    loss.resolve(made)
    loss.describe(made, flags=(Flag.DATA_LOSS,))
    assert loss.stopped("acme", "atp") == []
    loss.reopen(made)
    assert loss.stopped("acme", "atp") == ["acme", "atp"]
    assert loss.held("acme") == loss.held("atp") == [Covers.TENANT]


def test_a_freeze_that_was_lifted_is_placed_anew_once_it_is_opened_again(loss: Loss) -> None:
    made = loss.declare()
    loss.hear()
    loss.end("acme", "false-positive")
    loss.resolve(made)
    assert loss.stopped("acme", "atp") == ["atp"]
    loss.reopen(made)
    assert loss.stopped("acme", "atp") == ["acme", "atp"]
    assert loss.held("acme") == loss.held("atp") == [Covers.TENANT]


def test_whom_one_might_not_name_another_may(loss: Loss) -> None:
    oscar = Actor("oscar", frozenset((right, "atp") for right in ON_CALL))
    made = loss.declare(oscar)
    loss.hear()
    assert loss.stopped("acme", "atp") == ["atp"]
    loss.describe(made, root_cause=("a volume is gone",))
    assert loss.stopped("acme", "atp") == ["acme", "atp"]


def test_what_was_told_before_the_end_is_not_told_again_by_who_may_not_name_it(
    loss: Loss,
) -> None:
    oscar = Actor("oscar", frozenset((right, "atp") for right in ON_CALL))
    made = loss.declare()
    loss.hear()
    for log in ("acme", "atp"):
        loss.end(log, "false-positive")
    loss.resolve(made)
    loss.reopen(made, oscar)
    assert loss.stopped("acme", "atp") == ["atp"]
    loss.describe(made, root_cause=("a volume is gone",))
    assert loss.stopped("acme", "atp") == ["acme", "atp"]


def test_an_incident_holds_a_tenants_records_once_whatever_it_is_called(loss: Loss) -> None:
    made = loss.declare()
    loss.hear()
    loss.describe(made, symptom="All records are gone", flags=())
    with reading(loss.well.engine) as db:
        [hold] = holds.standing(db, "acme")
    rights = frozenset({("holds:read", "acme"), ("holds:release", "acme")})
    with begin(loss.well.engine, Actor("legal-1", rights), utc_now) as work:
        holds.release(work, hold.id, "the case is closed")
    loss.describe(made, flags=(Flag.DATA_LOSS,))
    with reading(loss.well.engine) as db:
        assert [one.id for one in holds.standing(db, "acme")] == [hold.id]
    with begin(loss.well.engine, Actor("legal-2", rights), utc_now) as work:
        holds.release(work, hold.id, "the case is closed")
    loss.describe(made, flags=())
    loss.describe(made, flags=(Flag.DATA_LOSS,))
    assert loss.held("acme") == [Covers.TENANT], "held anew: the other is released"
