"""How domains are kept up to date: read, changed, paused and resumed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection as Database

from quarterdeck.events.governance import SyncPaused, SyncPolicyChanged, SyncUnpaused
from quarterdeck.governance.connections import service as connections
from quarterdeck.governance.sync.model import Backoff, Policies, Policy, policy
from quarterdeck.governance.sync.service.requests import SYNC, schedule_of
from quarterdeck.governance.sync.store import policies as store
from quarterdeck.governance.sync.waiting import Pause
from quarterdeck.kernel import schedules
from quarterdeck.kernel.errors import Conflict
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import ANY, Tenants, Work

EVERYONE = Tenants(frozenset({ANY}))


class PolicyMovedOn(Conflict):
    """Somebody else changed the policy first; read it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What to change of a policy; None leaves it as it is."""

    interval: timedelta | None = None
    expected_min: timedelta | None = None
    expected_max: timedelta | None = None
    limit: timedelta | None = None
    base: timedelta | None = None
    factor: float | None = None
    cap: timedelta | None = None
    fewest: int | None = None

    def applied(self, kept: Policy) -> Policy:
        """``kept`` with the change; raise UnusablePolicy, naming the field."""
        shortest, longest = kept.expected
        backoff = kept.backoff
        return replace(
            kept if self.interval is None else kept.every(self.interval),
            expected=(
                shortest if self.expected_min is None else self.expected_min,
                longest if self.expected_max is None else self.expected_max,
            ),
            limit=kept.limit if self.limit is None else self.limit,
            backoff=Backoff(
                base=backoff.base if self.base is None else self.base,
                factor=backoff.factor if self.factor is None else self.factor,
                cap=backoff.cap if self.cap is None else self.cap,
            ),
            fewest=kept.fewest if self.fewest is None else self.fewest,
            version=kept.version + 1,
        )


def current(db: Database, known: Policies) -> Policies:
    """``known``, which are the settings', with what people changed since."""
    return store.changed(db, known)


def listed(work: Work, known: Policies) -> Policies:
    """How each domain is kept up to date."""
    work.tenants("sync:read")
    return current(work.db, known)


def change(
    work: Work, known: Policies, domain: str, wanted: Change, *, version: int | None = None
) -> Policy:
    """Change how a domain is kept up to date; the next runs move accordingly.

    Raises:
        UnknownDomain, UnusablePolicy: say what is wrong.
        PolicyMovedOn: ``version`` is given and is not the current one.
    """
    work.tenants("sync:configure")
    before = policy(current(work.db, known), domain)
    work.require("sync:configure", PLATFORM)
    if version is not None and version != before.version:
        raise PolicyMovedOn(f"the policy of {domain} is at version {before.version} by now")
    after = wanted.applied(before)
    _keep(work, after)
    _move(work, before, after)
    _tell(work, before, after)
    return after


def pauses(work: Work) -> list[Pause]:
    """Domains that are paused for single tenants."""
    return store.paused(work.db, work.tenants("sync:read"))


def paused_of(db: Database, tenant: str) -> set[str]:
    """Domains that are paused for a tenant, for other use cases."""
    return {pause.domain for pause in store.paused(db, Tenants(frozenset({tenant})))}


def pause(work: Work, known: Policies, domain: str, tenant: str = "") -> None:
    """Begin no run of a domain, of one tenant or of all, until it is resumed.

    A run that is under way goes on to its end; cancel stops it. Paused twice is paused.
    """
    tenants = work.require("sync:configure", tenant or PLATFORM)
    kept = policy(current(work.db, known), domain)
    if tenant:
        begun = Pause(tenant=tenant, domain=domain, actor=work.actor.id, at=work.now)
        turned = store.pause(work.db, tenants, begun)
    else:
        turned = not kept.paused
        _keep(work, replace(kept, paused=True, version=kept.version + 1))
    for connection in connections.of(work.db, _meant(tenant)):
        schedules.drop(work.db, schedule_of(connection, kept).name)
    if turned:
        work.publish(SyncPaused(tenant=tenant or PLATFORM, domain=domain))


def resume(work: Work, known: Policies, domain: str, tenant: str = "") -> None:
    """End a pause: what is due begins at once. What is not paused stays as it is."""
    tenants = work.require("sync:configure", tenant or PLATFORM)
    kept = policy(current(work.db, known), domain)
    if tenant:
        turned = store.resume(work.db, tenants, domain)
    else:
        turned = kept.paused
        kept = replace(kept, paused=False, version=kept.version + 1)
        _keep(work, kept)
    if turned and not kept.paused:
        _schedule(work, kept, _meant(tenant))
    if turned:
        work.publish(SyncUnpaused(tenant=tenant or PLATFORM, domain=domain))


def _keep(work: Work, kept: Policy) -> None:
    if not store.put(work.db, kept):
        raise PolicyMovedOn(f"somebody else changed the policy of {kept.domain}; read it again")


def _meant(tenant: str) -> Tenants:
    return Tenants(frozenset({tenant})) if tenant else EVERYONE


def _schedule(work: Work, kept: Policy, tenants: Tenants) -> None:
    still = {p.tenant for p in store.paused(work.db, tenants) if p.domain == kept.domain}
    for connection in connections.of(work.db, tenants):
        if connection.tenant not in still:
            schedules.put(work.db, work.now, schedule_of(connection, kept))


def _move(work: Work, before: Policy, after: Policy) -> None:
    """Have the next run of each connection come one new interval after its last."""
    if before.interval == after.interval:
        return
    for schedule, due in _scheduled(work, after.domain):
        wanted = due - schedule.every + after.interval
        moved = replace(schedule, every=after.interval)
        schedules.reset(work.db, moved, max(wanted, work.now))


def _scheduled(work: Work, domain: str) -> Iterable[tuple[schedules.Schedule, datetime]]:
    for schedule, due in schedules.of_tenants(work.db, EVERYONE):
        if schedule.kind == SYNC and schedule.body["domain"] == domain:
            yield schedule, due


def _tell(work: Work, before: Policy, after: Policy) -> None:
    old, new = _figures(before), _figures(after)
    changed = [name for name in old if old[name] != new[name]]
    work.publish(
        SyncPolicyChanged(
            tenant=PLATFORM,
            domain=after.domain,
            before={name: old[name] for name in changed},
            after={name: new[name] for name in changed},
        )
    )


def _figures(kept: Policy) -> dict[str, float]:
    return {
        "interval": kept.interval.total_seconds(),
        "expected_min": kept.expected[0].total_seconds(),
        "expected_max": kept.expected[1].total_seconds(),
        "limit": kept.limit.total_seconds(),
        "backoff_base": kept.backoff.base.total_seconds(),
        "backoff_factor": kept.backoff.factor,
        "backoff_cap": kept.backoff.cap.total_seconds(),
        "fewest": kept.fewest,
    }
