"""Alert rules in the console: listed, looked at, tried in place, changed and had back."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from console.looking import Watched
from console.stage import Stage
from operations.rules.stage import CPU
from operations.rules.test_forms import PHOENIX, SYNC
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.db import writing as writing_to
from quarterdeck.kernel.work import begin
from quarterdeck.operations.alerts import service as alerts
from quarterdeck.operations.alerts.model import Severity, Sign
from quarterdeck.operations.metrics.model import Sample
from quarterdeck.operations.metrics.opening import open_metrics
from quarterdeck.operations.metrics.service.recording import record
from quarterdeck.operations.rules.document import rule_of
from quarterdeck.operations.rules.service import writing
from quarterdeck.operations.rules.service.evaluating import Evaluator
from quarterdeck.operations.rules.store import table

HERE = "/alert-rules/acme/high-cpu"


@pytest.fixture
def ruled(estate: Stage) -> Stage:
    """Two rules of acme, one of which fires for one of two hosts."""
    now = estate.clock()
    metrics = open_metrics(estate.engine, estate.folder / "series")
    with begin(estate.engine, installation(), estate.clock) as work:
        writing.apply(work, "acme", rule_of({**CPU, "for": "PT0S", "auto_remediation": "Scale"}))
        writing.apply(
            work, "acme", rule_of({**CPU, "name": "silent", "threshold": None, "promql": "up == 0"})
        )
        samples = [
            Sample("cpu", {"host": host}, now - timedelta(seconds=15 * n), value)
            for host, value in (("a", 91.5), ("<b>", 12.0))
            for n in range(40, -1, -1)
        ]
        record(work, metrics, "acme", samples)
    Evaluator(engine=estate.engine, metrics=metrics, clock=estate.clock).beat()
    metrics.close()
    return estate


@pytest.mark.usefixtures("ruled")
def test_the_list_says_what_each_rule_says(client: TestClient) -> None:
    page = client.get("/alert-rules").text
    for words in ("1 of 2 rules fires, 1 not known", "91.5", "cpu &gt; 80", "no Prometheus"):
        assert words in page
    assert "high-cpu" not in client.get("/alert-rules?state=unknown").text.split("</table>")[0]
    assert "No rule is so" in client.get("/alert-rules?state=error").text


def test_an_alerts_page_has_the_picture_of_what_its_rule_saw(
    ruled: Stage, client: TestClient
) -> None:
    with begin(ruled.engine, installation(), ruled.clock) as work:
        [alert] = alerts.active(work, types=["high-cpu"])
    page = client.get(f"/alerts/{alert.id}").text
    _, _, picture = page.partition("What its rule saw")
    assert 'class="limit"' in picture
    assert "<polyline" in picture
    assert f'href="{HERE}"' in picture
    assert "&lt;b&gt;" not in picture.partition("</section>")[0]  # of another host
    other = Sign(key="k", tenant="acme", type="Down", severity=Severity.INFO, title="Down")
    with begin(ruled.engine, installation(), ruled.clock) as work:
        alerts.fire(work, other)
        [down] = alerts.active(work, types=["Down"])
    assert "What its rule saw" not in client.get(f"/alerts/{down.id}").text


def say(stage: Stage, **states: str) -> None:
    with writing_to(stage.engine) as db:
        for name, state in states.items():
            query = update(table.rules).where(table.rules.c.name == name.replace("_", "-"))
            db.execute(query.values(state=state, enabled=state != "disabled"))


def test_the_headline_counts_what_fires_and_what_cannot_be_evaluated_apart(
    ruled: Stage, client: TestClient
) -> None:
    for states, words in (
        ({"high_cpu": "firing", "silent": "error"}, "1 of 2 rules fires<"),
        ({"high_cpu": "error", "silent": "inactive"}, "2 rules, none known to fire<"),
        ({"high_cpu": "inactive", "silent": "unknown"}, "2 rules, none known to fire, 1 not known"),
        ({"high_cpu": "inactive", "silent": "inactive"}, "2 rules, none fires<"),
        ({"high_cpu": "disabled", "silent": "disabled"}, "2 rules, all disabled<"),
    ):
        say(ruled, **states)
        page = client.get("/alert-rules").text
        assert words in page
        assert ("1 rule cannot be evaluated" in page) is ("error" in states.values())


@pytest.mark.usefixtures("ruled")
def test_of_promql_without_a_prometheus_nothing_is_known_here(client: TestClient) -> None:
    row = client.get("/alert-rules").text.split("/acme/silent")[1].split("</tr>")[0]
    assert "not known here" in row
    assert "nothing recorded" not in row
    page = client.get("/alert-rules/acme/silent").text
    assert "no Prometheus is attached" in page
    assert "Not known here: PromQL is for an attached Prometheus" in page
    instances = page.split('id="instances-title"')[1].split("</section>")[0]
    assert "Not known." in instances


@pytest.mark.usefixtures("ruled")
def test_a_rule_is_deleted_on_a_second_look_and_for_a_reason(client: TestClient) -> None:
    page = client.get(HERE).text
    form = re.search(rf'<details>(?:(?!</details>).)*action="{HERE}/delete".*?</details>', page)
    assert form
    assert re.search(r'<input id="delete-why" name="why" required', form[0])


@pytest.mark.usefixtures("ruled")
def test_a_rules_page_says_all_of_it_and_tries_it_in_place(client: TestClient) -> None:
    page = client.get(HERE).text
    for words in ("high-cpu: firing", "host=a", "Scale", "not run", "&lt;b&gt;", "Dashed"):
        assert words in page
    tried = client.get(
        HERE, params={"at": re.findall(r'id="at" name="at" value="([^"]+)', page)[0]}
    )
    assert "beyond" in tried.text
    assert "expected a time" in client.get(f"{HERE}?at=noon").text
    assert "with its zone" in client.get(f"{HERE}?at=2026-03-01").text
    for at in ("1969-12-31T23:59:59Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"):
        assert "expected a time from 1971" in client.get(HERE, params={"at": at}).text
    assert client.get("/alert-rules/acme/none").status_code == 404


@pytest.mark.usefixtures("ruled")
def test_a_rule_is_changed_compared_had_back_and_deleted(client: TestClient) -> None:
    text = re.findall(r'name="text"[^>]*>(.*?)</textarea>', client.get(HERE).text, re.DOTALL)[0]
    changed = text.replace("&#39;", "'").replace("&gt;", ">").replace("value: 80", "value: 95")
    done = client.post("/alert-rules", data={"of": "acme", "text": changed, "why": "too often"})
    assert (done.status_code, done.headers["location"]) == (303, HERE)
    page = client.get(f"{HERE}?old=1&new=2").text
    assert "+  value: 95" in page
    assert "too often" in page
    assert client.post(f"{HERE}/rollback", data={"version": "1"}).status_code == 303
    assert "rolled back to 1" in client.get(HERE).text
    assert client.post(f"{HERE}/disable", data={}).status_code == 303
    assert "high-cpu: disabled" in client.get(HERE).text
    assert client.post(f"{HERE}/enable", data={}).status_code == 303
    assert client.post(f"{HERE}/delete", data={}).status_code == 303
    assert client.get(HERE).status_code == 404


@pytest.mark.usefixtures("ruled")
def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused(client: TestClient) -> None:
    page = client.get(HERE).text
    fields = dict(re.findall(r'type="hidden" name="(of|seen)" value="([^"]*)"', page))
    text = re.findall(r'name="text"[^>]*>(.*?)</textarea>', page, re.DOTALL)[0]
    text = text.replace("&#39;", "'").replace("&gt;", ">")

    def change(value: int) -> tuple[int, str]:
        words = text.replace("value: 80", f"value: {value}")
        done = client.post("/alert-rules", data={**fields, "text": words})
        return done.status_code, done.text

    assert change(95)[0] == 303
    code, refused = change(60)
    assert code == 200
    assert "rule high-cpu is at version 2, not 1: look at it again" in refused
    assert "value: 60" in refused
    assert "value: 95" in client.get(HERE).text


def test_rules_of_others_are_applied_and_what_is_wrong_is_said_beside_them(
    client: TestClient,
) -> None:
    for text in (SYNC, PHOENIX):
        assert client.post("/alert-rules", data={"of": "acme", "text": text}).status_code == 303
    assert "high-cpu-usage" in client.get("/alert-rules").text
    wrong = PHOENIX.replace("PT5M", "5 minutes")
    page = client.post("/alert-rules", data={"of": "acme", "text": wrong}).text
    assert "expected a duration" in page
    assert "5 minutes" in page
    assert client.post("/alert-rules/catalogue", data={"of": "acme"}).status_code == 303
    assert "TamperDetected" in client.get("/alert-rules").text


@pytest.mark.browser
@pytest.mark.usefixtures("ruled")
@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_is_wider_than_the_screen(ada: Watched, width: int) -> None:
    ada.page.set_viewport_size({"width": width, "height": 844})
    for path in ("/alert-rules", HERE):
        ada.page.goto(path)
        ada.page.get_by_role("heading", level=1).wait_for()
        assert ada.page.evaluate("document.documentElement.scrollWidth") <= width, path
