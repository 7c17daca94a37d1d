"""Runbook 004's two emergencies of the trail, from a record on disk to a page that is open."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, update
from starlette.testclient import TestClient

from quarterdeck.access.principals.model import installation as itself
from quarterdeck.api.app import build_app
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import begin
from quarterdeck.operations.alerts.model import Alert
from quarterdeck.operations.alerts.service import looking
from quarterdeck.operations.changes import hearing as changes
from quarterdeck.operations.changes import service as freezing
from quarterdeck.operations.escalation.model.page import Page, PageState
from quarterdeck.operations.escalation.service import looking as pages
from quarterdeck.operations.escalation.service import policies
from quarterdeck.operations.escalation.service.timing import Timers
from quarterdeck.operations.metrics.own import OwnMetrics
from quarterdeck.operations.routing.service import configuring
from quarterdeck.operations.routing.service.dispatching import Dispatcher
from quarterdeck.operations.rules.service import exchanging
from quarterdeck.operations.rules.service.evaluating import Evaluator
from quarterdeck.trail.freeze import service as freezes
from quarterdeck.trail.freeze.model import Frozen
from quarterdeck.trail.integrity.watch import Watcher
from quarterdeck.trail.log.storage.leaves import leaves
from quarterdeck.trail.policy import service as policy
from quarterdeck.trail.policy.model import Kind
from quarterdeck.wiring import numbers
from quarterdeck.wiring.trail import compliance_pulses
from quarterdeck.worker.delivery import deliver_all
from wiring.house import House, house
from wiring.test_problems import producer

ROUTING = """\
route:
  receiver: nobody
  group_by: [alertname]
  group_wait: 0s
  routes:
    - {matchers: ['severity="SEV-1"'], receiver: pager}
receivers:
  - {name: nobody}
  - {name: pager, page_configs: [{policy: emergencies}]}
"""
POLICY = """\
levels:
  - {name: L1, targets: [mail ada@example.com], notify_at: 0, engage_at: 0}
  - {name: L2, targets: [mail boss@example.com], engage_at: {SEV-1: 30m}}
"""


class Emergency:
    """A whole installation with the catalogue of runbook 004, whose alerts page somebody."""

    def __init__(self, well: House) -> None:
        self.well, self.now = well, utc_now()
        with begin(well.engine, itself(), self.clock) as work:
            exchanging.install_catalogue(work, PLATFORM)
            policies.apply(work, PLATFORM, "emergencies", POLICY)
            configuring.apply(work, PLATFORM, ROUTING)

    def clock(self) -> datetime:
        return self.now

    def store(self, *payloads: dict[str, Any]) -> None:
        """Records of acme, as a program sends them."""
        headers = producer(self.well)
        with TestClient(build_app(self.well.runtime), base_url="http://127.0.0.1:8080") as client:
            for number, payload in enumerate(payloads):
                said = {
                    "occurred_at": utc_now().isoformat(),
                    "actor": {"type": "user", "id": "u-1"},
                    "action": "orders:create",
                    "resource": {"type": "order", "id": f"o-{number}"},
                    "payload": payload,
                }
                answer = client.post("/api/v1/audit/events", json=said, headers=headers)
                assert answer.status_code == 200, answer.text
        self.well.work()

    def pass_round(self) -> list[str]:
        """What fires once everything of a worker and of who answers has had its turn."""
        runtime = self.well.runtime
        self.now += timedelta(seconds=15)
        numbers.measure_estate(runtime.engine, runtime.clock)
        OwnMetrics(
            engine=runtime.engine,
            metrics=runtime.metrics,
            clock=self.clock,
            process="web",
            instance="here",
        ).beat()
        Evaluator(engine=runtime.engine, metrics=runtime.metrics, clock=self.clock).beat()
        dispatcher = Dispatcher(engine=runtime.engine, clock=self.clock, url="")
        while dispatcher.beat():
            pass
        Timers(engine=runtime.engine, clock=self.clock, url="").beat()
        deliver_all(runtime.engine, self.clock, [changes.subscriber()])
        return [one.sign.type for one in self.alerts()]

    def alerts(self) -> Sequence[Alert]:
        with begin(self.well.engine, itself(), self.clock) as work:
            return looking.active(work, tenant=PLATFORM)

    def pages(self) -> list[Page]:
        with begin(self.well.engine, itself(), self.clock) as work:
            return pages.listed(work, PLATFORM)

    def told(self, page: Page) -> list[str]:
        """Whom the page has told."""
        with begin(self.well.engine, itself(), self.clock) as work:
            return [one.address for one in pages.account(work, page.id).sent.values()]

    def may_deploy(self) -> bool:
        with begin(self.well.engine, itself(), self.clock) as work:
            return freezing.may_deploy(work, "acme").allowed

    def refused(self) -> bool:
        """Whether nothing leaves acme's trail."""
        with reading(self.well.engine) as db:
            try:
                freezes.refuse_frozen(db, "acme")
            except Frozen:
                return True
        return False

    def end(self) -> None:
        """Somebody says how each investigation ended."""
        with begin(self.well.engine, itself(), self.clock) as work:
            for found in freezes.investigations(work):
                if found.open:
                    freezes.unfreeze(work, "false-positive", "a test", found.id)

    def assert_sev_1(self, name: str, runbook: str) -> None:
        """Alert, freeze and escalation, all three, under one severity."""
        [alert] = [one for one in self.alerts() if one.sign.type == name]
        assert alert.sign.labels["severity"] == "SEV-1"
        assert runbook in alert.sign.annotations["runbook_section"]
        assert self.refused()
        assert not self.may_deploy()
        [page] = self.pages()
        assert (page.severity, page.state) == ("SEV-1", PageState.OPEN)
        assert page.what.about == f"alert/{alert.id}"
        assert self.told(page) == ["ada@example.com"]
        self.now += timedelta(minutes=30)
        Timers(engine=self.well.engine, clock=self.clock, url="").beat()
        assert "boss@example.com" in self.told(page)  # nobody answers: the next level joins


@pytest.fixture
def emergency(engine: Engine, tmp_path: Path) -> Iterator[Emergency]:
    with house(engine, tmp_path, region="eu-north-1") as well:
        yield Emergency(well)


def residency(emergency: Emergency, *sources: str) -> None:
    with begin(emergency.well.engine, itself(), utc_now) as work:
        document = {"storage": ["eu-north-1"], "sources": ["eu-north-1", *sources]}
        policy.put(work, "acme", Kind.RESIDENCY, document)
        # Where a record came from must stand in it for all to read.
        clear = {"rules": [{"path": "/payload/region", "class": "public"}]}
        policy.put(work, "acme", Kind.CLASSIFICATION, clear)
    emergency.well.work()


def look(emergency: Emergency) -> None:
    _, beat = compliance_pulses(emergency.well.runtime)["compliance"]
    beat()


@pytest.mark.census("ATP-124")
def test_a_record_from_outside_its_region_is_an_alert_a_freeze_and_a_page(
    emergency: Emergency,
) -> None:
    residency(emergency)
    emergency.store({"region": "eu-north-1"})
    look(emergency)
    assert "ComplianceViolation" not in emergency.pass_round()
    assert not emergency.refused()
    emergency.store({"region": "us-east-1"})
    look(emergency)
    assert "ComplianceViolation" in emergency.pass_round()
    emergency.assert_sev_1("ComplianceViolation", "19.1")
    residency(emergency, "us-east-1")
    look(emergency)
    assert "ComplianceViolation" not in emergency.pass_round()
    emergency.end()
    emergency.pass_round()
    assert (emergency.refused(), emergency.may_deploy()) == (False, True)


@pytest.mark.census("ATP-124")
def test_an_installation_outside_the_region_of_a_tenant_is_an_alert_a_freeze_and_a_page(
    emergency: Emergency,
) -> None:
    emergency.well.settled(region="us-east-1")
    residency(emergency)
    emergency.store({"region": "eu-north-1"})
    look(emergency)
    assert "ComplianceViolation" in emergency.pass_round()
    emergency.assert_sev_1("ComplianceViolation", "19.1")


@pytest.mark.census("ATP-123")
def test_a_record_changed_on_disk_is_an_alert_a_freeze_and_a_page(emergency: Emergency) -> None:
    emergency.store({"n": 1}, {"n": 2})
    runtime = emergency.well.runtime

    def verify() -> int:
        return Watcher(
            engine=runtime.engine,
            keys=runtime.keys,
            reader=runtime.reader,
            clock=utc_now,
            removal=runtime.removal,
        ).beat()

    emergency.well.sign()
    assert verify() == 0
    assert "TamperDetected" not in emergency.pass_round()
    change_on_disk(emergency.well, b"o-0", b"o-9")
    assert verify() == 1
    assert "TamperDetected" in emergency.pass_round()
    emergency.assert_sev_1("TamperDetected", "17.1")
    emergency.end()
    assert "TamperDetected" not in emergency.pass_round()
    assert (emergency.refused(), emergency.may_deploy()) == (False, True)


def change_on_disk(well: House, old: bytes, new: bytes) -> None:
    """Change what is stored of acme's records, behind the program's back."""
    if well.engine.dialect.name != "sqlite":
        with well.engine.begin() as db:
            for row in db.execute(leaves.select().where(leaves.c.log == "acme")).all():
                here = (leaves.c.log == "acme", leaves.c.idx == row.idx)
                db.execute(update(leaves).where(*here).values(entry=row.entry.replace(old, new)))
        return
    well.runtime.reader.close()
    changed = 0
    for path in well.home.trail.rglob("*"):
        if path.is_file() and old in (found := path.read_bytes()):
            path.write_bytes(found.replace(old, new))
            changed += 1
    assert changed
