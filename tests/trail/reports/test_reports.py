"""Reports: what they count, what they find, and what they say where nothing is known."""

import pytest

from quarterdeck.access.roles.model import ROLES
from quarterdeck.kernel.clock import micros
from quarterdeck.kernel.work import Actor
from quarterdeck.trail.log.record import Outcome, Party
from quarterdeck.trail.reports import service
from quarterdeck.trail.reports.model import FRAMEWORKS, SECTIONS, Period, ReportInvalid
from trail.installation import NOON, Installation
from trail.logs import MINUTE, Logs, record

RITA = Actor("rita", frozenset((name, "acme") for name in ROLES["auditor"].permissions))
READER = Actor("reader", frozenset({("trail:read", "acme")}))
HOUR = Period(since=micros(NOON), until=micros(NOON + 60 * MINUTE))


@pytest.fixture
def ground(installation: Installation) -> service.Ground:
    logs = Logs(installation)
    logs.append(
        record(0, actor=Party("user", "mallory"), action="orders:read"),
        record(1, actor=Party("user", "mallory"), action="orders:read"),
        record(2, actor=Party("user", "mallory"), outcome=Outcome.DENIED),
        record(3, actor=Party("user", "ada")),
        record(99, actor=Party("user", "mallory")),
    )
    logs.sign()
    logs.close()
    return service.Ground(reader=installation.reader, removal=installation.trail.removal)


@pytest.mark.census("ATP-429")
def test_a_report_for_a_period_has_all_its_sections(
    installation: Installation, ground: service.Ground
) -> None:
    with installation.reading(RITA) as work:
        found = service.compliance(work, ground, "acme", HOUR)
    assert set(found) == set(SECTIONS)
    assert all(section["known"] for section in found.values())
    assert found["access"]["count"] == 4
    assert (found["integrity"]["checked"], found["integrity"]["failures"]) == (5, 0)
    assert found["retention"]["checked"] == 5
    assert found["holds"]["holds"] == []


def test_what_may_not_be_seen_is_not_known_and_says_why(
    installation: Installation, ground: service.Ground
) -> None:
    with installation.reading(READER) as work:
        found = service.compliance(work, ground, "acme", HOUR)
    assert not found["holds"]["known"]
    assert "holds:read" in found["holds"]["reason"]
    assert found["access"]["known"]


@pytest.mark.census("ATP-407")
def test_a_review_of_a_window_and_an_actor_bears_the_integrity_result(
    installation: Installation, ground: service.Ground
) -> None:
    with installation.reading(RITA) as work:
        found = service.review(work, ground, "acme", HOUR, "mallory")
    assert found["records"] == {"count": 3, "indices": [0, 1, 2]}
    assert found["actions"]["by"] == [
        {"actor": "mallory", "action": "orders:create", "outcome": "denied", "count": 1},
        {"actor": "mallory", "action": "orders:read", "outcome": "success", "count": 2},
    ]
    assert found["integrity"]["failures"] == 0


def test_an_altered_record_is_a_failure_of_integrity(
    installation: Installation, ground: service.Ground
) -> None:
    installation.alter(1)
    with installation.reading(RITA) as work:
        found = service.review(work, ground, "acme", HOUR)
    integrity = found["integrity"]
    assert integrity["differs"] == [1] or not installation.in_tables


def test_a_framework_has_its_own_sections_and_no_other_name_does(
    installation: Installation, ground: service.Ground
) -> None:
    with installation.reading(RITA) as work:
        found = service.compliance(work, ground, "acme", HOUR, "soc2")
        assert tuple(found) == FRAMEWORKS["soc2"]
        with pytest.raises(ReportInvalid, match="soc2, iso27001"):
            service.compliance(work, ground, "acme", HOUR, "pci")
    with pytest.raises(ReportInvalid):
        Period(since=2, until=1)
