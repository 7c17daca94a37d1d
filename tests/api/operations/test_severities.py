"""Severities over HTTP."""

from starlette.testclient import TestClient

from api.conftest import Headers

HERE = "/api/v1/severities"


def test_severities_are_listed_and_an_incident_is_classified(
    client: TestClient, ada: Headers
) -> None:
    found = client.get(f"{HERE}?tenant=acme", headers=ada).json()
    assert [one["name"] for one in found["severities"]] == ["SEV-1", "SEV-2", "SEV-3", "SEV-4"]
    assert (found["version"], found["matrix"]["many"]["high"]) == (0, "SEV-2")
    asked = f"{HERE}/classified?tenant=acme&impact=many&urgency=high"
    calm = client.get(asked, headers=ada).json()
    assert (calm["severity"]["name"], calm["because"]) == ("SEV-2", "impact many, urgency high")
    raised = client.get(f"{asked}&flag=integrity", headers=ada).json()
    assert raised["severity"]["name"] == "SEV-1"
    wrong = client.get(f"{asked}x", headers=ada)
    assert (wrong.status_code, "there are high, normal, low" in wrong.json()["detail"]) == (
        422,
        True,
    )
    assert client.get(f"{asked}&flag=smoke", headers=ada).status_code == 422
