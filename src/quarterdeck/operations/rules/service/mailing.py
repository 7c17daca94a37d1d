"""Mails of rules: what fires, and its end, to the recipients that the rule names."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.alerts.labels import severity_of
from quarterdeck.operations.alerts.pushed import Push
from quarterdeck.operations.messages.model import Address, Content, Urgency, Where
from quarterdeck.operations.messages.service import looking
from quarterdeck.operations.messages.service.posting import post
from quarterdeck.operations.rules.model import MAIL, Rule
from quarterdeck.operations.silences import service as silences
from quarterdeck.operations.silences.matchers import all_match
from quarterdeck.operations.silences.model import Silence

log = structlog.get_logger("rules")

WITHIN_AN_HOUR = "within_1_hour"


@dataclass(slots=True, kw_only=True)
class Mailing:
    """The mails of one round of a tenant. The same firing is told once, and once as it rises."""

    work: Work
    tenant: str
    _silences: list[Silence] | None = field(default=None)

    def tell(self, rule: Rule, push: Push) -> None:
        """Mail what fires, or its end, if anybody was told that it fired."""
        to = [one for action in rule.actions if action.type == MAIL for one in action.recipients]
        if not to or self._is_silenced(push):
            return
        about = f"rule/{rule.name}/{push.fingerprint}"
        state = "firing" if push.ends_at is None else "resolved"
        worse = push.labels.get("severity", "") if state == "firing" else ""
        if state == "resolved" and not self._was_told(about):
            return
        posted = post(
            self.work,
            self.tenant,
            [Address(where=Where.MAIL, name=one) for one in to],
            _content(push, state),
            key=f"{about}/{push.starts_at.isoformat()}/{state}/{worse}",
            about=about,
            urgency=Urgency.BATCH if rule.notification == WITHIN_AN_HOUR else Urgency.PROMPT,
        )
        for one in posted:
            if one.why:
                log.warning("a rule's mail has no way", rule=rule.name, why=one.why)

    def _was_told(self, about: str) -> bool:
        return bool(looking.about(self.work.db, Tenants(frozenset({self.tenant})), about))

    def _is_silenced(self, push: Push) -> bool:
        if self._silences is None:
            self._silences = silences.holding(self.work, self.tenant)
        return any(all_match(one.matchers, push.labels) for one in self._silences)


def _content(push: Push, state: str) -> Content:
    said = push.annotations
    runbook = said.get("runbook_url", "")
    links = (("Runbook", runbook), ("Rule", push.generator_url))
    return Content(
        title=said.get("summary") or push.labels.get("alertname", "an alert"),
        text=said.get("description", ""),
        severity=severity_of(push.labels).value,
        state=state,
        facts=tuple(_facts(push)),
        links=tuple((label, url) for label, url in links if "://" in url),
    )


def _facts(push: Push) -> Sequence[tuple[str, str]]:
    labels = [(k, v) for k, v in sorted(push.labels.items()) if k != "alertname"]
    value = push.annotations.get("value", "")
    return [*labels, *([("value", value)] if value else [])]
