from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from governance.compliance.conftest import Checked
from governance.compliance.said import secure_score, state
from quarterdeck.governance.cloud.ports import Denied
from quarterdeck.governance.programmes import service
from quarterdeck.governance.programmes.jobs import kinds
from quarterdeck.governance.programmes.model import (
    Phase,
    Programme,
    Requirement,
    Standing,
    State,
    UnusableProgramme,
)
from quarterdeck.governance.programmes.service import (
    DecidedByMeasure,
    NoSuchProgramme,
    NoSuchRequirement,
    ProgrammeNotEnabled,
    Said,
)
from quarterdeck.kernel.work import Actor, MissingPermission, TenantNotFound
from quarterdeck.packs import loader
from quarterdeck.worker.loop import Worker

RIVERSIDE = Programme(
    name="riverside",
    title="Riverside",
    deadline=date(2100, 1, 1),
    phases=(Phase(id="one", title="One"),),
    requirements=(
        Requirement(id="owners", title="Owners", phase="one"),
        Requirement(
            id="policies", title="Policies", phase="one", measure="compliance.score", at_least=60
        ),
        Requirement(
            id="tls",
            title="TLS",
            phase="one",
            measure="compliance.policy",
            about="TLS",
            at_least=100,
        ),
        Requirement(
            id="secure",
            title="Secure",
            phase="one",
            measure="compliance.secure_score",
            at_least=60,
        ),
    ),
)


@pytest.fixture
def estate(engine: Engine) -> Checked:
    """Tenant ``acme`` takes part in Riverside; of its 3 states 2 comply."""
    made = Checked(engine)
    _, cloud = made.connect("acme")
    made.say(cloud, [state("a"), state("b"), state("c", word="NonCompliant")])
    cloud.said["secure_scores", "s1"] = [[secure_score(29)]]
    made.sync()
    with made.work() as work:
        service.define(work, RIVERSIDE)
        service.enable(work, "riverside", "acme")
    return made


def judge(estate: Checked) -> Standing:
    """Have what is due judged, and look."""
    worker = Worker(
        name="judge",
        engine=estate.engine,
        clock=estate.clock,
        kinds={kind.name: kind for kind in kinds()},
        threads=2,
        lease=timedelta(seconds=15),
    )
    estate.pass_time(seconds=1)
    with ThreadPoolExecutor(2) as pool:
        worker.turn(pool)
    worker.stop.set()
    worker.run()
    return look(estate)


def look(estate: Checked) -> Standing:
    with estate.look() as work:
        return service.stand(work, "riverside", "acme")


def states(stood: Standing) -> dict[str, str]:
    return {j.requirement.id: j.state.value for p in stood.phases for j in p.judgements}


def test_what_decides_itself_is_judged_by_what_is_known(estate: Checked) -> None:
    assert states(look(estate)) == dict.fromkeys(
        ["owners", "policies", "tls", "secure"], "not_known"
    )
    with estate.work() as work:
        assert len(service.request_sync(work, "riverside")) == 1
    stood = judge(estate)
    assert states(stood) == {
        "owners": "not_known",
        "policies": "met",
        "tls": "unmet",
        "secure": "unmet",
    }
    assert (stood.maturity.percent, stood.maturity.at_most_percent) == (25.0, 50.0)
    assert stood.judged_at is not None
    with estate.look() as work:
        [day] = service.trend(work, "riverside", "acme").values()
    assert day.percent == 25.0
    [fact] = estate.told("ProgrammeJudged")
    assert (fact.payload["met"], fact.payload["unmet"], fact.payload["not_known"]) == (1, 2, 1)


def test_what_may_not_be_read_is_not_known_with_the_role(estate: Checked) -> None:
    estate.clouds["acme"].said["policy_states", "s1"] = [Denied("403", missing="Reader")]
    estate.sync()
    with estate.work() as work:
        service.request_sync(work, "riverside")
    stood = judge(estate)
    reasons = {j.requirement.id: j.reason for p in stood.phases for j in p.judgements}
    assert states(stood)["policies"] == "not_known"
    assert "Reader" in reasons["policies"]
    # One that fails is known to fail, whatever else there is.
    assert states(stood)["tls"] == "unmet"


def test_old_knowledge_decides_nothing(estate: Checked) -> None:
    estate.pass_time(hours=6)
    with estate.work() as work:
        service.request_sync(work, "riverside")
    assert states(judge(estate))["policies"] == "not_known"


def test_evidence_counts_until_other_evidence_comes(estate: Checked) -> None:
    for said in (State.MET, State.UNMET):
        estate.pass_time(seconds=1)
        with estate.work() as work:
            service.record(work, "riverside", "acme", "owners", Said(state=said, note="seen"))
    assert states(look(estate))["owners"] == "unmet"
    with estate.look() as work:
        every = service.evidence_of(work, "riverside", "acme", "owners")
    assert [one.state for one in every] == [State.UNMET, State.MET]
    assert len(estate.told("EvidenceRecorded")) == 2


def test_what_decides_itself_takes_no_evidence(estate: Checked) -> None:
    said = Said(state=State.MET, note="trust me")
    with estate.work() as work, pytest.raises(DecidedByMeasure):
        service.record(work, "riverside", "acme", "policies", said)
    with estate.work() as work, pytest.raises(NoSuchRequirement):
        service.record(work, "riverside", "acme", "nothing", said)


def test_a_tenant_that_takes_part_no_more_is_judged_no_more(estate: Checked) -> None:
    with estate.work() as work:
        service.disable(work, "riverside", "acme")
        service.disable(work, "riverside", "acme")
    with estate.work() as work, pytest.raises(ProgrammeNotEnabled):
        service.request_sync(work, "riverside")
    assert len(estate.told("ProgrammeDisabled")) == 1


@pytest.mark.parametrize(
    "measure", ["identity.mfa_registered", "identity.mfa_enforced", "identity.expired_credentials"]
)
def test_identity_that_was_never_read_decides_nothing(estate: Checked, measure: str) -> None:
    one = Requirement(id="mfa", title="", phase="one", measure=measure, at_least=0)
    with estate.work() as work:
        service.define(work, replace(RIVERSIDE, requirements=(one,)))
        service.request_sync(work, "riverside")
    stood = judge(estate)
    assert states(stood) == {"mfa": "not_known"}
    assert stood.missing[0].reason == "identity is known of 0 of 1 directories"


def test_what_is_not_defined_is_not_found(estate: Checked) -> None:
    with estate.work() as work, pytest.raises(NoSuchProgramme):
        service.request_sync(work, "lakeside")
    with estate.work() as work, pytest.raises(NoSuchProgramme):
        service.enable(work, "lakeside", "acme")


def test_an_unknown_measure_is_refused_and_the_known_ones_are_named(estate: Checked) -> None:
    odd = Requirement(id="r", title="", phase="one", measure="moon.phase", at_least=1)
    wrong = Programme(
        name="odd",
        title="",
        deadline=date(2100, 1, 1),
        phases=RIVERSIDE.phases,
        requirements=(odd,),
    )
    with estate.work() as work, pytest.raises(UnusableProgramme, match=r"compliance\.score"):
        service.define(work, wrong)


def test_rights_are_asked_for(estate: Checked) -> None:
    reader = Actor("r", frozenset({("programmes:read", "acme")}))
    with estate.work(reader) as work:
        assert service.stand(work, "riverside", "acme").tenant == "acme"
        with pytest.raises(MissingPermission):
            service.enable(work, "riverside", "acme")
        with pytest.raises(MissingPermission):
            service.define(work, RIVERSIDE)
        with pytest.raises(MissingPermission):
            service.request_sync(work, "riverside")
    stranger = Actor("s", frozenset({("programmes:read", "other")}))
    with estate.work(stranger) as work, pytest.raises(TenantNotFound):
        service.stand(work, "riverside", "acme")


def test_the_shipped_pack_defines_riverside_and_applies_twice_as_once(engine: Engine) -> None:
    folder = Path(loader.__file__).parent / "azure-governance"
    files = {p.name: p.read_text() for p in folder.glob("*.yaml")}
    estate = Checked(engine)
    with estate.work() as work:
        loader.apply(work, files)
    with estate.work() as work:
        _, again = loader.diff(work, files)
        assert {d.step.value for d in again if d.item.kind == "programme"} == {"keep"}
        exported = loader.export(work, "copy")
        _, same = loader.diff(work, exported)
        assert {d.step.value for d in same if d.item.kind == "programme"} == {"keep"}
        assert service.programme_of(work, "riverside").title == "Riverside (sample)"
