"""Alert rules in the console: listed, looked at, tried in place, changed and had back."""

import re
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from console.looking import Watched
from console.stage import Stage
from operations.rules.stage import CPU
from operations.rules.test_forms import PHOENIX, SYNC
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.work import begin
from quarterdeck.operations.metrics.model import Sample
from quarterdeck.operations.metrics.opening import open_metrics
from quarterdeck.operations.metrics.service.recording import record
from quarterdeck.operations.rules.document import rule_of
from quarterdeck.operations.rules.service import writing
from quarterdeck.operations.rules.service.evaluating import Evaluator

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
