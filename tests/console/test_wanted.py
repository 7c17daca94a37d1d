"""The first page says who is wanted, before all else."""

from starlette.testclient import TestClient

from console.conftest import reader
from console.stage import Stage
from console.test_pages import headline
from operations.oncall.stage import PRIMARY
from quarterdeck.access.principals.model import UNSCOPED, Scope, installation
from quarterdeck.console.wanted import SHOWN
from quarterdeck.kernel.work import begin
from quarterdeck.operations.alerts import service as alerts
from quarterdeck.operations.alerts.model import Severity, Sign
from quarterdeck.operations.escalation.model.page import What
from quarterdeck.operations.escalation.service import opening, policies
from quarterdeck.operations.incidents.service.declaring import Told, declare
from quarterdeck.operations.oncall.service import writing

CRITICAL = Severity.CRITICAL
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
    assert headline(text).startswith("1 unanswered page, 1 open incident. Estate: ")
    assert "Who is wanted?" in text
    assert text.index("Checkout is down") < text.index("Is it current?")
    assert f"/pages/{page.id}/acknowledge" in text
    assert made.id in text
    assert "nobody leads yet" in text


def test_nobody_is_said_only_where_all_of_it_was_looked_at(estate: Stage) -> None:
    with begin(estate.engine, installation(), estate.clock) as work:
        writing.apply(work, "acme", "primary", PRIMARY)
    part = Scope(permissions=frozenset({"access:ask", "oncall:read", "incidents:read"}))
    for scope, said, unsaid in (
        (UNSCOPED, ">nobody<", "you may not see all of it"),
        (part, "you may not see all of it", ">nobody<"),
    ):
        with reader(estate) as browser:
            browser.post("/sign-in", data={"token": estate.token(scope=scope)})
            _, _, rest = browser.get("/").text.partition("Who is wanted?")
            header, _, _ = rest.partition("</header>")
            assert said in header
            assert unsaid not in header


def test_a_critical_alert_that_pages_nobody_is_seen(client: TestClient, estate: Stage) -> None:
    sign = Sign(key="k", tenant="acme", type="Down", severity=CRITICAL, title="Database is down")
    with begin(estate.engine, installation(), estate.clock) as work:
        writing.apply(work, "acme", "primary", PRIMARY)
        alerts.fire(work, sign)
    _, _, rest = client.get("/").text.partition("Who is wanted?")
    assert ">nobody<" not in rest
    assert "Database is down" in rest
    assert "nobody is on it" in rest


def test_that_there_is_more_is_said(client: TestClient, estate: Stage) -> None:
    for many, more in ((SHOWN, False), (1, True)):
        with begin(estate.engine, installation(), estate.clock) as work:
            policies.apply(work, "acme", "incidents", POLICY)
            for number in range(many):
                what = What(title=f"Checkout {number} is down", severity="SEV-1")
                opening.page(work, "acme", "incidents", what, key=f"{many}/{number}")
        text = client.get("/").text
        assert ("More pages" in text, "More incidents" in text) == (more, False)
