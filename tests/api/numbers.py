"""Numbers of what the alert rule of the examples looks at."""

from datetime import datetime, timedelta

from starlette.testclient import TestClient

from api.conftest import Headers
from quarterdeck.api.examples import BODIES

OF = BODIES["apply_alert_rule"]["rule"]["threshold"]["of"]


def sampled(client: TestClient, who: Headers, tenant: str, now: datetime) -> dict[str, str]:
    """Have a tenant's series hold numbers of the hour before ``now``, and say from when to when."""
    until = now.replace(second=0, microsecond=0)
    ats = [(until - timedelta(minutes=n)).isoformat() for n in range(60, -1, -1)]
    samples = [{"metric": OF, "value": 40 + n % 7, "at": at} for n, at in enumerate(ats)]
    path = f"/api/v1/metrics/samples?tenant={tenant}"
    answer = client.post(path, json={"samples": samples, "backfill": True}, headers=who)
    assert answer.is_success, answer.text
    return {"from": ats[0], "to": ats[-1]}
