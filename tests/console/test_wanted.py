"""The first page says who is wanted, before all else."""

from starlette.testclient import TestClient

from console.stage import Stage
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.work import begin
from quarterdeck.operations.escalation.model.page import What
from quarterdeck.operations.escalation.service import opening, policies
from quarterdeck.operations.incidents.service.declaring import Told, declare

POLICY = "levels: [{name: L1, targets: [mail ada@example.com], notify_at: 0, engage_at: 0}]"


def test_pages_and_incidents_stand_first_and_are_answered_there(
    client: TestClient, estate: Stage
) -> None:
    assert "Who is wanted?" not in client.get("/").text
    with begin(estate.engine, installation(), estate.clock) as work:
        policies.apply(work, "acme", "incidents", POLICY)
        what = What(title="Checkout is down", severity="SEV-1")
        page = opening.page(work, "acme", "incidents", what, key="k")
        said = Told(tenant="acme", symptom="High Latency", severity="SEV-2", tenants=("acme",))
        made, _ = declare(work, said)
    text = client.get("/").text
    assert "Who is wanted?" in text
    assert text.index("Checkout is down") < text.index("Is it current?")
    assert f"/pages/{page.id}/acknowledge" in text
    assert made.id in text
    assert "nobody leads yet" in text
