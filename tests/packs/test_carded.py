"""Quick-reference cards of the runbooks, as their packs have them."""

import pytest
from sqlalchemy import Engine

from packs.test_watched import ROOT, apply
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.work import read
from quarterdeck.operations.cards import service
from quarterdeck.packs import carded


@pytest.mark.census("ATP-011", "ATP-024", "ATP-028", "ATP-030")
def test_atp_has_the_five_cards_of_its_runbook(engine: Engine) -> None:
    apply(engine, "atp")
    with read(engine, ROOT, utc_now) as work:
        found = {one.card.name: one.card for one in service.listed(work, "atp")}
    assert sorted(found) == ["critical-incident", "logs", "metrics", "rollback", "service-health"]
    critical = found["critical-incident"]
    assert (critical.severities, len(critical.steps)) == (("SEV-1",), 5)
    assert [step.command for step in found["rollback"].steps] == [
        "helm rollback atp -n atp-system",
        "kubectl rollout undo deployment/{service} -n atp-{service}-ns",
    ]
    assert [step.url for step in found["metrics"].steps] == [
        "https://prometheus.atp.example.com",
        "https://grafana.atp.example.com",
        "https://portal.azure.com",
    ]


def test_banking_has_its_commands_to_hand(engine: Engine) -> None:
    apply(engine, "banking")
    with read(engine, ROOT, utc_now) as work:
        found = {one.card.name: one.card for one in service.listed(work, "banking")}
    commands = [step.command for step in found["emergency"].steps]
    assert [line.split(" -n")[0] for line in commands] == [
        "kubectl rollout restart deployment/{service}",
        "kubectl scale deployment {service} --replicas={count}",
        "helm rollback banking-platform-prod {revision}",
    ]


def test_what_is_no_card_is_refused_before_it_is_applied() -> None:
    with pytest.raises(Invalid, match="more is a runbook"):
        carded.CardSpec(title="Nothing", steps=[])
