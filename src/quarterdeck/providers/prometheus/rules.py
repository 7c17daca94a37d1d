"""Asks a Prometheus how its alert rules are."""

import math
from collections.abc import Iterator, Sequence

import httpx2
import msgspec
from msgspec import Struct

from quarterdeck.operations.rules.ports import PrometheusAway, Remote

TIMEOUT_S = 5.0
NEVER = "0001-01-01T00:00:00Z"


class AlertSaid(Struct):
    """One alert of a rule."""

    state: str
    value: str = "NaN"


class RuleSaid(Struct):
    """One rule; recording rules have no state."""

    name: str
    type: str = ""
    query: str = ""
    state: str = ""
    labels: dict[str, str] = {}
    lastError: str = ""  # noqa: N815  as Prometheus has it
    lastEvaluation: str = NEVER  # noqa: N815
    alerts: list[AlertSaid] = []


class GroupSaid(Struct):
    """A group of rules."""

    name: str
    rules: list[RuleSaid] = []


class Groups(Struct):
    """All groups."""

    groups: list[GroupSaid]


class Answer(Struct):
    """An answer of its HTTP API."""

    status: str
    data: Groups | None = None
    error: str = ""


class HttpPrometheus:
    """The port ``Attached``."""

    def __init__(self, url: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._url = url.rstrip("/")
        self._http = httpx2.Client(headers=headers, timeout=TIMEOUT_S, follow_redirects=False)

    def rules(self) -> Sequence[Remote]:
        """As the port says."""
        return list(_remotes(self._asked()))

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _asked(self) -> Groups:
        try:
            reply = self._http.get(f"{self._url}/api/v1/rules", params={"type": "alert"})
        except (httpx2.RequestError, httpx2.InvalidURL, UnicodeError) as error:
            raise PrometheusAway(f"Prometheus is away: {type(error).__name__}: {error}") from error
        if not reply.is_success:
            raise PrometheusAway(f"Prometheus answers {reply.status_code}: {reply.text[:200]}")
        try:
            answer = msgspec.json.decode(reply.content, type=Answer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise PrometheusAway(f"what Prometheus answers is no list of rules: {error}") from error
        if answer.data is None:
            raise PrometheusAway(f"Prometheus: {answer.error or answer.status}")
        return answer.data


def _remotes(found: Groups) -> Iterator[Remote]:
    for group in found.groups:
        for rule in group.rules:
            if rule.state in ("inactive", "pending", "firing"):
                yield Remote(
                    group=group.name,
                    name=rule.name,
                    query=rule.query,
                    state=rule.state,
                    labels=rule.labels,
                    error=rule.lastError,
                    alerts=[(one.state, _number(one.value)) for one in rule.alerts],
                    evaluated=not rule.lastEvaluation.startswith("0001-"),
                )


def _number(words: str) -> float:
    try:
        return float(words)
    except ValueError:
        return math.nan
