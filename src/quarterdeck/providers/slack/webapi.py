"""Slack's Web API: one question at a time, by a bot's token.

It answers 200 whatever happens, and says in its body; https://docs.slack.dev/reference/methods.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from quarterdeck.operations.sending.model import Reply
from quarterdeck.providers.webhook.judging import asked_wait, judged
from quarterdeck.providers.webhook.sender import Exchange, HttpSender

JSON = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Quarterdeck"}
PASSING = frozenset(
    {
        *("ratelimited", "rate_limited", "internal_error", "fatal_error", "request_timeout"),
        *("service_unavailable", "team_added_to_org", "accesslimited"),
    }
)
"""Errors that pass by themselves; any other stays until a person does something."""

RENEW = "enter a bot's token that holds: quarterdeck channel set NAME --secret -"
WAYS_OUT = {
    **dict.fromkeys(("invalid_auth", "not_authed", "account_inactive"), RENEW),
    **dict.fromkeys(("token_revoked", "token_expired"), RENEW),
    "missing_scope": "grant the app what it lacks, and install it again",
    "restricted_action": "let the app create channels, in the workspace's settings",
    "is_archived": "it was archived in Slack: restore it there",
    "not_in_channel": "invite the app to it",
}
"""What a person does about an error."""

MOST_ANSWER = 4 << 20
"""Of a page of 999 channels, in bytes."""


class SlackRefused(Exception):
    """Slack did not do it; ``error`` as Slack calls it, ``reply`` says whether to try again."""

    def __init__(self, error: str, reply: Reply) -> None:
        super().__init__(reply.error)
        self.error, self.reply = error, reply


@dataclass(frozen=True, slots=True, kw_only=True)
class WebApi:
    """A workspace, as the owner of ``token`` sees it. Every question raises SlackRefused."""

    sender: HttpSender
    url: str
    token: str

    def ask(self, method: str, **said: Any) -> dict[str, Any]:  # noqa: ANN401  arguments of Slack
        """Have it do something."""
        body = json.dumps(said, ensure_ascii=False).encode()
        return answer_of(self.sender.exchange(f"{self.url}/{method}", self._headers(JSON), body))

    def look(self, method: str, **said: str) -> dict[str, Any]:
        """Ask what there is: Slack takes no JSON for that."""
        url = f"{self.url}/{method}?{urlencode(said)}"
        headers = self._headers({"User-Agent": "Quarterdeck"})
        return answer_of(self.sender.exchange(url, headers, b"", most=MOST_ANSWER, method="GET"))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return {**more, "Authorization": f"Bearer {self.token}"}


def answer_of(got: Exchange) -> dict[str, Any]:
    """What Slack says; raise SlackRefused."""
    if not got.taken:
        raise SlackRefused("", judged(got))
    try:
        answer = json.loads(got.text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        words = "Slack answered with something else"
        raise SlackRefused("", Reply(status=got.status, error=words, again=True))
    if answer.get("ok") is not True:
        raise _refusal(got, answer)
    return answer


def _refusal(got: Exchange, answer: dict[str, Any]) -> SlackRefused:
    error = str(answer.get("error"))[:100]
    lacks = f" {str(answer['needed'])[:100]}" if answer.get("needed") else ""
    todo = f": {WAYS_OUT[error]}" if error in WAYS_OUT else ""
    reply = Reply(
        status=got.status,
        error=f"Slack: {error}{lacks}{todo}",
        again=error in PASSING,
        after=asked_wait(got),
    )
    return SlackRefused(error, reply)
