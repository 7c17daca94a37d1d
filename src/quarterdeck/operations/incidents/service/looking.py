"""Looking at incidents: one with all that is known of it, many, and how fast they are answered."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.channels.model.channel import Kind
from quarterdeck.operations.contacts import service as contacts
from quarterdeck.operations.contacts.model import Contact
from quarterdeck.operations.incidents.model.clocks import Clock, clocks, due
from quarterdeck.operations.incidents.model.gates import missing
from quarterdeck.operations.incidents.model.incident import Incident
from quarterdeck.operations.incidents.model.stage import STAGES, Stage
from quarterdeck.operations.incidents.model.timeline import ActionItem, Entry
from quarterdeck.operations.incidents.service.chatting import Chat, chat_of
from quarterdeck.operations.incidents.service.delivered import Standing, standings
from quarterdeck.operations.incidents.service.keeping import READ, found, own
from quarterdeck.operations.incidents.service.leading import facts_of
from quarterdeck.operations.incidents.service.telling import for_severity
from quarterdeck.operations.incidents.store import incidents as store
from quarterdeck.operations.incidents.store import timeline
from quarterdeck.operations.messages.model import Message
from quarterdeck.operations.messages.service import looking as messages
from quarterdeck.operations.severities import service as severities
from quarterdeck.operations.severities.model import Verdict

MOST = 200
SECOND = 1_000_000  # microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An incident with all that is known of it.

    Attributes:
        about: what it is linked with: ``alert/12``.
        overdue: what should be done by now.
        following: the stage that comes next; None after the last.
        lacks: what must be recorded before it is there.
        proposed: a worse severity that its flags demand.
        knowing: contacts that know about its services or flags, as far as the actor sees them.
        chat: what became of its channel in Slack; None: it has none at its severity.
        bulletins: what audiences were told, and what became of that.
    """

    incident: Incident
    timeline: list[Entry]
    actions: list[ActionItem]
    about: list[str]
    messages: list[Message]
    clocks: list[Clock]
    overdue: list[Clock]
    following: Stage | None
    lacks: list[str]
    proposed: Verdict | None
    knowing: list[Contact]
    chat: Chat | None
    bulletins: list[Standing]

    @property
    def tickets(self) -> list[str]:
        """As the systems of tickets call it: ``OPS-17``."""
        found_ones = (m.receipt for m in self.messages if m.kind == Kind.JIRA and m.receipt)
        return [*dict.fromkeys(found_ones)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast incidents of a severity were answered and resolved; None: none was."""

    severity: str
    many: int
    acknowledge_s: float | None
    resolve_s: float | None


def account(work: Work, incident_id: str) -> Account:
    """One incident; raise NoSuchIncident."""
    return account_of(work, found(work, work.tenants(READ), incident_id))


def account_of(work: Work, one: Incident) -> Account:
    """As ``account``; it asks for no permission."""
    mine, place = own(one), STAGES.index(one.stage)
    following = STAGES[place + 1] if place + 1 < len(STAGES) else None
    facts = facts_of(work, one)
    ladder = severities.ladder(work.db, one.tenant)
    told = messages.about(work.db, mine, f"incident/{one.id}")
    return Account(
        incident=one,
        timeline=timeline.listed(work.db, mine, one.id),
        actions=timeline.actions_of(work.db, mine, one.id),
        about=store.linked(work.db, mine, one.id),
        messages=told,
        clocks=clocks(one),
        overdue=due(one, work.now),
        following=following,
        lacks=missing(one, following, facts) if following else [],
        proposed=ladder.proposed(one.severity.name, one.flags),
        knowing=knowing(work, one),
        chat=chat_of(work, one, told),
        bulletins=standings(work, one, told),
    )


def about_alert(work: Work, tenant: str, alert: int) -> list[Incident]:
    """The incidents of an alert, oldest first, as far as the actor sees them."""
    if not work.actor.may(READ, tenant):
        return []
    mine = work.require(READ, tenant)
    return [found(work, mine, one) for one in store.about(work.db, mine, f"alert/{alert}")]


def knowing(work: Work, incident: Incident) -> list[Contact]:
    """Who could help; whoever is there for critical incidents only is left out of all others."""
    about = [*incident.services, incident.service, *(flag.value for flag in incident.flags)]
    return for_severity(work, incident, contacts.suggested(work, incident.tenant, about))


def one(work: Work, incident_id: str) -> Incident:
    """One incident as it stands; raise NoSuchIncident."""
    return found(work, work.tenants(READ), incident_id)


def listed(
    work: Work,
    tenant: str = "",
    *,
    is_open: bool | None = None,
    severity: str = "",
    before: tuple[bool, int, str] | None = None,
    limit: int = MOST,
) -> list[Incident]:
    """Incidents: those that are open first, then the newest."""
    tenants = work.require(READ, tenant) if tenant else work.tenants(READ)
    return store.newest(
        work.db, tenants, is_open=is_open, severity=severity, before=before, limit=limit
    )


def open_actions(
    work: Work, tenant: str = "", *, after: tuple[str, int] = ("", 0), limit: int = MOST
) -> list[ActionItem]:
    """What is to be done because of incidents, across all of them."""
    tenants = work.require(READ, tenant) if tenant else work.tenants(READ)
    return timeline.open_actions(work.db, tenants, after=after, limit=limit)


def paces(work: Work, tenant: str, within: timedelta) -> list[Pace]:
    """How fast the incidents of a time were answered and resolved, by severity."""
    tenants = work.require(READ, tenant) if tenant else work.tenants(READ)
    return _paces(times for _, times in store.times(work.db, tenants, work.now - within))


def paces_of(work: Work, tenants: Tenants, since: datetime) -> dict[str, list[Pace]]:
    """As ``paces``, for each tenant, in no person's name."""
    found_ones: dict[str, list[store.Times]] = {}
    for tenant, times in store.times(work.db, tenants, since):
        found_ones.setdefault(tenant, []).append(times)
    return {tenant: _paces(times) for tenant, times in found_ones.items()}


def _paces(times: Iterable[store.Times]) -> list[Pace]:
    found_ones: dict[str, list[tuple[int, int | None, int | None]]] = {}
    for severity, declared, acknowledged, resolved in times:
        found_ones.setdefault(severity, []).append((declared, acknowledged, resolved))
    return [
        Pace(
            severity=severity,
            many=len(rows),
            acknowledge_s=_mean([ack - at for at, ack, _ in rows if ack is not None]),
            resolve_s=_mean([end - at for at, _, end in rows if end is not None]),
        )
        for severity, rows in sorted(found_ones.items())
    ]


def counts(work: Work, tenants: Tenants) -> dict[tuple[str, str], int]:
    """How many are open, by tenant and severity; in no person's name."""
    return store.counts(work.db, tenants)


def _mean(spans: list[int]) -> float | None:
    return sum(spans) / len(spans) / SECOND if spans else None
