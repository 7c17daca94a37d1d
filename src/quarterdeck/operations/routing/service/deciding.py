"""Decides, when a group's turn has come, who is told what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import accumulate

from quarterdeck.kernel.clock import EPOCH
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.alerts.labels import under
from quarterdeck.operations.alerts.model import Alert, AlertState
from quarterdeck.operations.alerts.service import placing as alerts
from quarterdeck.operations.escalation.model.page import Wanted
from quarterdeck.operations.escalation.service.opening import page_all
from quarterdeck.operations.routing.ids import worked_out
from quarterdeck.operations.routing.model import Config, Handed, Route, Webhook
from quarterdeck.operations.routing.notification import DROPPED, WAITING, Notification
from quarterdeck.operations.routing.notifying import About, Standing, body, standing, wants
from quarterdeck.operations.routing.notifying import Told as Known
from quarterdeck.operations.routing.service.muting import mutings
from quarterdeck.operations.routing.service.outcomes import NOTIFIED
from quarterdeck.operations.routing.service.paging import pages_of
from quarterdeck.operations.routing.store import groups, leaving, notifications
from quarterdeck.operations.routing.store.groups import Group
from quarterdeck.operations.routing.store.leaving import Left
from quarterdeck.operations.routing.wording import Told, urgency_of, wording

AT_ONCE = 100
MOST_ALERTS = 1000  # at once: in a storm senders wait for this, and whoever else writes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """The groups whose turn has come, and what is decided of them.

    Attributes:
        members: the alerts of each group, under the labels that they have there.
        left: those that left it when their labels changed, as ended: nothing mutes that.
        pages: whom those groups want paged.
        gone: pairs of a group and those of its alerts that nobody need be told of any more.
        ended: alerts that fire no more, and inhibit no more.
        kept: for how long what webhooks know is kept, and the ids of that.
    """

    work: Work
    own: Tenants
    config: Config
    url: str
    groups: Sequence[Group]
    members: dict[str, list[Alert]]
    left: dict[str, list[Alert]]
    muted: set[int]
    told: dict[str, Known]
    open: dict[str, Notification]
    pages: list[Wanted] = field(default_factory=list)
    new: list[Notification] = field(default_factory=list)
    gone: list[tuple[str, list[int]]] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    kept: dict[timedelta, list[str]] = field(default_factory=dict)


def decide(work: Work, tenant: str, config: Config, url: str) -> int:
    """Give some groups of a tenant whose time has come their turn; how many."""
    own = Tenants(frozenset({tenant}))
    groups.take_turn(work.db, own, work.now)
    due = groups.next_due(work.db, own, work.now, AT_ONCE)
    members = groups.members_of(work.db, own, [group.id for group in due])
    found = _some(due, members)
    if not found:
        return 0
    routes = {route.id: route for route in config.root.every()}
    turn = _turn(work, config, url, found, {group.id: members[group.id] for group in found})
    for group in found:
        if (route := routes.get(group.route)) is None:
            turn.over.append(group.id)
        else:
            _group(turn, route, group)
    _write(turn, routes)
    return len(found)


def told_id(group: Group, receiver: str, webhook: int) -> str:
    """Under which id it is kept what a webhook knows of a group, also after a change of routes."""
    return worked_out(group.tenant, group.key, receiver, webhook)


def kept_for(route: Route) -> timedelta:
    """How long it is kept what a webhook knows: until the group has had its next turn, at least."""
    return 3 * max(route.repeat_interval, route.group_interval)


def take_turn(work: Work, tenant: str) -> None:
    """Be the only one who decides for a tenant until the transaction ends."""
    groups.take_turn(work.db, Tenants(frozenset({tenant})), work.now)


def settled(work: Work, tenant: str, told: Sequence[Notification]) -> None:
    """Forget what receivers have now been told is over; end the groups where nothing is left.

    Whoever calls has taken the tenant's turn.
    """
    own, found = Tenants(frozenset({tenant})), sorted({one.group for one in told})
    members = groups.members_of(work.db, own, found)
    left = leaving.of_groups(work.db, own, found)
    known = alerts.of_ids(work, own, sorted({alert for some in members.values() for alert in some}))
    for group in found:
        over = frozenset[str]().union(
            *(one.standing.resolved for one in told if one.group == group)
        )
        mine = [known[alert] for alert in members[group] if alert in known]
        gone = [one.id for one in map(_placed, mine) if _is_over(work, one, over)]
        if gone:
            groups.leave_group(work.db, own, group, gone)
            groups.end_sources(work.db, own, gone)
        gone_before = {some.fingerprint for some in left[group]}
        if gone_before:
            leaving.forget(work.db, own, group, gone_before & over)
        if len(gone) == len(members[group]) and gone_before <= over:
            groups.remove(work.db, own, [group])


def _is_over(work: Work, alert: Alert, told: frozenset[str]) -> bool:
    return not alert.fires(work.now) and alert.fingerprint in told


def _placed(alert: Alert) -> Alert:
    """Under the labels by which it is in its groups."""
    return alert if alert.was is None else under(alert, alert.was)


def _ended(alert: Alert, left: Left) -> Alert:
    """As it stands in the group that it left."""
    gone = under(alert, left.labels)
    return replace(gone, state=AlertState.RESOLVED, ends_at=max(left.at, gone.starts_at))


def _some(due: Sequence[Group], members: Mapping[str, Sequence[int]]) -> list[Group]:
    """The first of ``due`` with as many alerts as go together; one group at least."""
    sizes = accumulate(len(members[group.id]) for group in due)
    fits = [group for group, size in zip(due, sizes, strict=True) if size <= MOST_ALERTS]
    return fits or [*due[:1]]


def _turn(
    work: Work, config: Config, url: str, found: Sequence[Group], ids: Mapping[str, Sequence[int]]
) -> _Turn:
    (tenant,) = {group.tenant for group in found}
    own = Tenants(frozenset({tenant}))
    receivers = {r.id: config.receivers[r.receiver] for r in config.root.every()}
    left = leaving.of_groups(work.db, own, [group.id for group in found])
    needed = {one for some in ids.values() for one in some}
    needed |= {one.alert for some in left.values() for one in some}
    known = alerts.of_ids(work, own, sorted(needed))
    muted = mutings(work, tenant, config, list(known.values()))
    told = [
        told_id(group, receiver.name, n)
        for group in found
        if (receiver := receivers.get(group.route))
        for n in range(len(receiver.webhooks))
    ]
    return _Turn(
        work=work,
        own=own,
        config=config,
        url=url,
        groups=found,
        members={
            group: [_placed(known[i]) for i in some if i in known] for group, some in ids.items()
        },
        left={
            group: [_ended(known[one.alert], one) for one in some if one.alert in known]
            for group, some in left.items()
        },
        muted={alert for alert, why in muted.items() if why},
        told=notifications.known(work.db, own, told),
        open=notifications.waiting(work.db, own, told),
    )


def _group(turn: _Turn, route: Route, group: Group) -> None:
    # One a label set, the newest: its cause may have begun another meanwhile.
    members = sorted(turn.members[group.id], key=lambda a: a.id)
    left = {one.fingerprint: one for one in turn.left[group.id]}
    newest = {one.fingerprint: one for one in members}
    shown = [one for one in newest.values() if one.id not in turn.muted]
    shown += [one for one in left.values() if one.fingerprint not in newest]
    if turn.config.muted(route, turn.work.now):
        shown = []
    receiver = turn.config.receivers[route.receiver]
    turn.pages.extend(pages_of(group, receiver, shown, turn.work.now))
    still = [
        _webhook(turn, route, group, shown, number) for number in range(len(receiver.webhooks))
    ]
    kept = {one.id for one in newest.values() if one.fires(turn.work.now)}
    gone = [one.id for one in members if one.id not in kept]
    if any(still):
        return  # what has ended stays until they were told
    if left:
        leaving.forget(turn.work.db, turn.own, group.id, left)
    if gone:
        turn.gone.append((group.id, gone))
        turn.ended.extend(one.id for one in members if not one.fires(turn.work.now))
    if not kept:
        turn.over.append(group.id)


def _webhook(turn: _Turn, route: Route, group: Group, shown: Sequence[Alert], number: int) -> bool:
    """Decide of one webhook; whether it is yet to be told something."""
    work, receiver = turn.work, turn.config.receivers[route.receiver]
    hook, told = receiver.webhooks[number], told_id(group, receiver.name, number)
    if told in turn.told:
        turn.kept.setdefault(kept_for(route), []).append(told)
    now = standing(shown, work.now)
    wanted = bool(shown) and wants(
        turn.told.get(told),
        now,
        resolved_too=hook.send_resolved,
        repeat=route.repeat_interval,
        now=work.now,
    )
    waits = turn.open.get(told)
    if not wanted:
        if waits is not None and waits.state == WAITING:
            if notifications.drop(work.db, turn.own, waits.id, work.now):
                NOTIFIED.labels(DROPPED).inc()
            return False
        return waits is not None
    made = _notification(turn, route, group, (now, shown), (hook, number, told))
    if waits is None:
        turn.new.append(made)
    elif waits.standing.firing != now.firing or waits.standing.resolved != now.resolved:
        notifications.replace(work.db, turn.own, waits.id, made)
    return True


def _notification(
    turn: _Turn,
    route: Route,
    group: Group,
    what: tuple[Standing, Sequence[Alert]],
    to: tuple[Webhook | Handed, int, str],
) -> Notification:
    (now, shown), (hook, number, told), work = what, to, turn.work
    sent = shown if hook.send_resolved else [one for one in shown if one.fires(work.now)]
    # Where only ended ones are left and it does not want those, it is told nothing, and knows.
    text = _text(turn, route, group, sent, hook) if sent else ""
    return Notification(
        id=work.new_id(),
        tenant=group.tenant,
        told=told,
        group=group.id,
        key=group.key,
        receiver=route.receiver,
        webhook=number,
        standing=now,
        body=text,
        forget_after=kept_for(route),
        state=WAITING,
        created_at=work.now,
        due_at=EPOCH,
    )


def _text(
    turn: _Turn, route: Route, group: Group, sent: Sequence[Alert], hook: Webhook | Handed
) -> str:
    now = turn.work.now
    if isinstance(hook, Handed):
        content = wording(sent, group.labels, turn.url, now)
        return Told(content=content, urgency=urgency_of(sent)).written()
    about = About(now=now, url=turn.url, most=hook.most)
    return body(sent, route.receiver, group.labels, group.key, about).decode()


def _write(turn: _Turn, routes: dict[str, Route]) -> None:
    db, own = turn.work.db, turn.own
    for tenant in own.ids if turn.pages else ():
        page_all(turn.work, tenant, turn.pages)
    notifications.add(db, turn.new)
    for span, known in turn.kept.items():
        # Once a third of it is over, not at each turn.
        notifications.keep(db, own, known, turn.work.now + span, span / 3)
    for told_of, alerts_gone in turn.gone:
        groups.leave_group(db, own, told_of, alerts_gone)
    groups.end_sources(db, own, turn.ended)
    over = set(turn.over)
    if over:
        groups.remove(db, own, sorted(over))
    by_interval: dict[timedelta, list[str]] = {}
    for group in turn.groups:
        if group.id not in over:
            by_interval.setdefault(routes[group.route].group_interval, []).append(group.id)
    for interval, ids in by_interval.items():
        groups.move(db, own, ids, turn.work.now + interval)
