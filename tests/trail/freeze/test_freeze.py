"""A freeze stops purge and export until somebody says how the investigation ended."""

import pytest
from sqlalchemy import Engine

from quarterdeck.kernel import outbox
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.work import Actor, TenantNotFound, begin
from quarterdeck.trail.freeze import service
from quarterdeck.trail.freeze.model import (
    EvidenceHeld,
    Frozen,
    IngestStopped,
    Investigation,
    InvestigationNotFound,
    InvestigationUnclear,
    OutcomeMissing,
    Quarantine,
    ReasonMissing,
    Suspicion,
)
from trail.installation import NOON

SARA = Actor("sara", frozenset({("integrity:investigate", "*"), ("holds:release", "*")}))
ACME = Actor("ann", frozenset({("integrity:investigate", "acme")}))


def freeze(
    engine: Engine,
    tenant: str = "_platform",
    suspicion: Suspicion = Suspicion.TAMPERING,
    **sizes: int,
) -> Investigation:
    with begin(engine, SARA, lambda: NOON) as work:
        return service.freeze(work, "tamper-investigation", tenant, suspicion, sizes)


def unfreeze(
    engine: Engine, outcome: str, cause: str, which: str = "", by: Actor = SARA
) -> Investigation:
    with begin(engine, by, lambda: NOON) as work:
        return service.unfreeze(work, outcome, cause, which, {"acme": 9, "late": 4})


def stops(engine: Engine, tenant: str = "acme") -> list[str]:
    """Which doors are shut."""
    doors = {
        "export": service.refuse_frozen,
        "purge": service.refuse_purge,
        "ingest": service.refuse_ingest,
    }
    shut = []
    with reading(engine) as db:
        for name, refuse in doors.items():
            try:
                refuse(db, tenant)
            except (Frozen, EvidenceHeld, IngestStopped):
                shut.append(name)
    return shut


def names(engine: Engine, tenant: str = "_platform") -> list[str]:
    with reading(engine) as db:
        return [fact.name for fact in outbox.after(db, tenant, 0, 50)]


@pytest.mark.census("ATP-396", "ATP-012")
def test_a_freeze_of_the_platform_stops_export_and_purge_of_every_log_and_not_ingest(
    engine: Engine,
) -> None:
    assert stops(engine) == []
    opened = freeze(engine)
    assert stops(engine) == stops(engine, "other") == ["export", "purge"]
    assert names(engine) == ["FreezePlaced"]
    with reading(engine) as db, pytest.raises(Frozen, match=opened.id):
        service.refuse_frozen(db, "acme")


def test_a_freeze_of_one_tenant_leaves_the_others_alone(engine: Engine) -> None:
    freeze(engine, "acme")
    assert (stops(engine), stops(engine, "other")) == (["export", "purge"], [])


@pytest.mark.census("ATP-400", "ATP-507")
@pytest.mark.parametrize(
    ("outcome", "cause"),
    [("", "why"), ("false-positive", ""), ("false-positive", "  "), ("over", "why")],
)
def test_unfreezing_without_an_outcome_or_its_cause_is_refused(
    engine: Engine, outcome: str, cause: str
) -> None:
    freeze(engine)
    with pytest.raises(OutcomeMissing):
        unfreeze(engine, outcome, cause)
    assert stops(engine) == ["export", "purge"]


@pytest.mark.census("ATP-400", "ATP-507")
def test_a_false_positive_with_its_cause_opens_every_door_and_is_told(engine: Engine) -> None:
    freeze(engine)
    closed = unfreeze(engine, "false-positive", "a disk was read while it was swapped")
    assert stops(engine) == []
    assert (closed.outcome, closed.closed_by) == ("false-positive", "sara")
    assert names(engine) == ["FreezePlaced", "FreezeLifted"]


@pytest.mark.census("ATP-399")
def test_confirmed_tampering_is_told_as_sev_1_and_holds_the_evidence(engine: Engine) -> None:
    opened = freeze(engine)
    unfreeze(engine, "confirmed", "an administrator edited a bundle")
    assert stops(engine) == ["purge"]
    with reading(engine) as db:
        told = outbox.after(db, "_platform", 0, 9)[-1]
    assert told.name == "TamperConfirmed"
    assert told.payload["severity"] == "SEV-1"
    assert told.payload["teams"] == ["security", "compliance"]
    with begin(engine, SARA, lambda: NOON) as work:
        service.release_evidence(work, opened.id)
    assert stops(engine) == []
    with begin(engine, SARA, lambda: NOON) as work, pytest.raises(InvestigationNotFound):
        service.release_evidence(work, opened.id)


def test_of_two_investigations_one_must_be_named_and_the_other_goes_on(engine: Engine) -> None:
    first, second = freeze(engine), freeze(engine, "acme")
    with pytest.raises(InvestigationUnclear, match=first.id):
        unfreeze(engine, "false-positive", "none")
    unfreeze(engine, "false-positive", "none", first.id)
    assert (stops(engine), stops(engine, "other")) == (["export", "purge"], [])
    unfreeze(engine, "false-positive", "none", second.id)
    with pytest.raises(InvestigationNotFound):
        unfreeze(engine, "false-positive", "again", second.id)


def test_who_investigates_one_tenant_cannot_end_what_concerns_all(engine: Engine) -> None:
    freeze(engine)
    with pytest.raises(InvestigationNotFound):
        unfreeze(engine, "false-positive", "none", by=ACME)
    with begin(engine, ACME, lambda: NOON) as work, pytest.raises(TenantNotFound):
        service.freeze(work, "why", "other")


@pytest.mark.census("ATP-450")
def test_a_suspected_loss_of_data_stops_ingest_too(engine: Engine) -> None:
    freeze(engine, "acme", Suspicion.DATA_LOSS)
    assert stops(engine) == ["export", "purge", "ingest"]
    assert stops(engine, "other") == []


def test_what_comes_while_a_log_is_looked_into_is_in_quarantine(engine: Engine) -> None:
    opened = freeze(engine, "acme", acme=5, other=7)
    assert (opened.quarantine_from, opened.quarantine_to) == (5, None)
    closed = unfreeze(engine, "false-positive", "none")
    assert (closed.quarantine_from, closed.quarantine_to) == (5, 9)


def held(engine: Engine, tenant: str) -> list[tuple[int, int | None, str]]:
    with reading(engine) as db:
        found = service.quarantines(db, tenant)
    return [(one.first, one.end, one.outcome) for one in found]


@pytest.mark.parametrize("outcome", ["confirmed", "false-positive"])
def test_what_comes_into_any_log_while_all_are_looked_into_is_in_quarantine(
    engine: Engine, outcome: str
) -> None:
    opened = freeze(engine, acme=5, quiet=7)
    assert held(engine, "acme") == [(5, None, "")]
    assert held(engine, "late") == [(0, None, "")]  # it begins meanwhile
    unfreeze(engine, outcome, "why")
    assert held(engine, "acme") == [(5, 9, outcome)]
    assert held(engine, "late") == [(0, 4, outcome)]
    assert held(engine, "later") == []
    with begin(engine, SARA, lambda: NOON) as work:
        shown = service.ranges_of(work, opened)
    assert {one.tenant for one in shown} == {"acme", "quiet", "late"}


def test_a_record_is_in_doubt_while_it_is_looked_into_and_once_it_was_confirmed(
    engine: Engine,
) -> None:
    reader = Actor("rita", frozenset({("trail:read", "acme")}))

    def doubted() -> list[str]:
        with begin(engine, reader, lambda: NOON) as work:
            return [one.investigation for one in service.in_doubt(work, "acme")]

    first, second = freeze(engine, acme=5), freeze(engine, "acme", acme=6)
    freeze(engine, "other", other=1)
    assert sorted(doubted()) == sorted([first.id, second.id])
    unfreeze(engine, "false-positive", "none", first.id)
    assert doubted() == [second.id]
    unfreeze(engine, "confirmed", "an administrator", second.id)
    assert doubted() == [second.id]


def test_a_quarantine_holds_what_is_within_it() -> None:
    over = Quarantine(investigation="1", tenant="acme", first=5, end=9)
    assert [n for n in range(12) if over.overlaps(n, n + 1)] == [5, 6, 7, 8]
    going = Quarantine(investigation="1", tenant="acme", first=5, end=None)
    assert [n for n in range(9) if going.overlaps(n, n + 1)] == [5, 6, 7, 8]
    empty = Quarantine(investigation="1", tenant="acme", first=5, end=5)
    assert not empty.overlaps(0, 9)


def test_a_freeze_needs_a_reason(engine: Engine) -> None:
    with begin(engine, SARA, lambda: NOON) as work, pytest.raises(ReasonMissing):
        service.freeze(work, " ")


def test_one_finding_opens_one_investigation(engine: Engine) -> None:
    with begin(engine, SARA, lambda: NOON) as work:
        assert service.detected(work, "acme", "entry 3", "altered", 9)
        assert service.detected(work, "acme", "entry 3", "altered", 9) is None
        assert service.detected(work, "acme", "entry 4", "altered", 9)
    assert names(engine, "acme") == ["TamperDetected", "TamperDetected"]
