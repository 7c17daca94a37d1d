"""Opens pages. For features of this platform: whoever calls has asked for the permission."""

from collections.abc import Collection
from dataclasses import replace
from hashlib import sha256

from quarterdeck.events.escalation import PageChanged, PageOpened
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.alerts.model import AlertState
from quarterdeck.operations.alerts.service import placing
from quarterdeck.operations.alerts.service.looking import LARGEST_ID
from quarterdeck.operations.escalation.document import spec_of, text_of
from quarterdeck.operations.escalation.model.faults import NoSuchEscalation
from quarterdeck.operations.escalation.model.page import (
    Change,
    Page,
    PageState,
    What,
    check_flags,
    check_key,
)
from quarterdeck.operations.escalation.model.policy import (
    ANY,
    NOTHING,
    Kind,
    Level,
    Policy,
    Target,
)
from quarterdeck.operations.escalation.service import policies
from quarterdeck.operations.escalation.service.answering import joined, wanted_again
from quarterdeck.operations.escalation.service.frozen import promise, promise_anew
from quarterdeck.operations.escalation.severity import LADDER, named, severity_of
from quarterdeck.operations.escalation.store import pages
from quarterdeck.operations.severities.service import ladder

ALERT = "alert/"


def page(
    work: Work, tenant: str, policy: str, what: What, *, key: str, alerts: Collection[int] = ()
) -> Page:
    """Open a page under a policy, frozen as it is now; the same open key is the same page.

    Of one that is open, a worse severity and more flags hold from now on. ``alerts``: what it
    is about; whoever answers the page looks after these, and the other way round.

    Raises:
        NoSuchEscalation: neither the tenant nor the platform has one of that name.
    """
    holding = policies.holding(work, tenant, policy)
    if holding is None:
        raise NoSuchEscalation(
            f"no escalation policy {policy[:80]!r}; quarterdeck escalation list shows what there is"
        )
    return _page(work, (tenant, holding.policy, holding.version.version), what, key, alerts)


def _page(
    work: Work, of: tuple[str, Policy, int], what: What, key: str, alerts: Collection[int]
) -> Page:
    check_key(key)
    own = Tenants(frozenset({of[0]}))
    standing = pages.open_under(work.db, own, key)
    there = standing or _opened(work, own, of, what, key)
    about = {*alerts, *_alert(work, own, what.about, alerts)}
    fresh = about - {*(pages.alerts_of(work.db, own, there.id) if standing else ())}
    pages.about_alerts(work.db, own, there, about)
    worse, flags = _worse(work, there, what), there.what.flags | what.flags
    same = (worse, flags) == (there.severity, there.what.flags)
    made = there if same else change(work, there, severity=worse, flags=flags)
    if fresh and made.state is PageState.ACKNOWLEDGED:
        joined(work, own, made, what.title)
    return made


def page_anyway(
    work: Work, tenant: str, policy: str, what: What, *, key: str, alerts: Collection[int] = ()
) -> Page:
    """As ``page``; where the policy is gone, a page of which nobody can be told.

    The auditor finds that, and says so to whoever hears of what nobody else did.
    """
    try:
        return page(work, tenant, policy, what, key=key, alerts=alerts)
    except NoSuchEscalation:
        lost = replace(what, facts=(("policy", f"there is no policy {policy}"), *what.facts))
        return _page(work, (tenant, _none(policy), 0), lost, key, alerts)


def change(
    work: Work,
    page: Page,
    *,
    severity: str = "",
    flags: frozenset[str] | None = None,
    why: str = "",
) -> Page:
    """Have a page be of another severity, of other flags: what has not happened is planned anew.

    The times of the policy count from when the page was opened: what would have been due by
    now is due now. Whoever looks after a page looks after what it was: of one that became worse
    people are told anew.
    """
    own = Tenants(frozenset({page.tenant}))
    now = pages.taken(work.db, own, page.id) or page
    check_flags(flags or frozenset())
    wanted = _severity(work, now.tenant, severity) if severity else now.severity
    said = now.what.flags if flags is None else flags
    if now.state is PageState.RESOLVED or (wanted, said) == (now.severity, now.what.flags):
        return now
    made = replace(now, severity=wanted, what=replace(now.what, flags=said))
    pages.save(work.db, own, made)
    words = why or f"{now.severity} became {wanted}, flags {', '.join(sorted(said)) or 'none'}"
    promise_anew(work, own, made, words)
    _note(work, made, "changed", words)
    work.publish(
        PageChanged(
            tenant=made.tenant,
            page=made.id,
            severity=wanted,
            flags=",".join(sorted(said)),
            why=words,
        )
    )
    if made.state is PageState.ACKNOWLEDGED and _is_worse(wanted, now.severity):
        return wanted_again(work, own, made, words)
    return made


def _opened(work: Work, own: Tenants, of: tuple[str, Policy, int], what: What, key: str) -> Page:
    tenant, policy, version = of
    made = Page(
        id=work.new_id(),
        tenant=tenant,
        key=key,
        policy=policy.name,
        version=version,
        document=text_of(spec_of(policy)),
        what=what,
        severity=_severity(work, tenant, what.severity),
        state=PageState.OPEN,
        opened_at=work.now,
    )
    if not pages.add(work.db, own, made):
        # On PostgreSQL another may have been quicker: then theirs is the page.
        return pages.open_under(work.db, own, key) or made
    promise(work, own, made)
    _note(work, made, "opened", f"under {made.policy}, version {version}")
    work.publish(_told(made))
    return made


def _told(made: Page) -> PageOpened:
    return PageOpened(
        tenant=made.tenant,
        page=made.id,
        policy=made.policy,
        version=str(made.version),
        severity=made.severity,
        what=made.what.about,
        title=made.what.title,
        digest=sha256(made.document.encode()).hexdigest(),
    )


def _note(work: Work, made: Page, what: str, words: str) -> None:
    change_ = Change(
        at=work.now,
        what=what,
        by=work.actor.id,
        words=words,
        severity=made.severity,
        flags=made.what.flags,
    )
    pages.note(work.db, made, change_)


def _is_worse(one: str, other: str) -> bool:
    return LADDER.index(one) < LADDER.index(other)


def _worse(work: Work, there: Page, what: What) -> str:
    """The worse of what a page is and what is said of it now."""
    said = what.severity or there.severity
    return min(there.severity, _severity(work, there.tenant, said), key=LADDER.index)


def _severity(work: Work, tenant: str, word: str) -> str:
    """What a word means: of the usual ladder; else by its place on the tenant's own."""
    if usual := named(word):
        return usual
    own = ladder(work.db, tenant)
    if (found := own.named(word)) is None:
        return severity_of(word)
    return LADDER[min(own.rank(found.name), len(LADDER) - 1)]


def _none(name: str) -> Policy:
    """In place of a policy that is gone: one level, of a channel that is not there."""
    target = Target(Kind.CHANNEL, f"(no policy {name[:100]})")
    at_once = {ANY: NOTHING}
    level = Level(name="L1", targets=(target,), notify_at=at_once, engage_at=at_once)
    return Policy(name=name, levels=(level,))


def _alert(work: Work, own: Tenants, about: str, named: Collection[int]) -> set[int]:
    """The alert that it is about, if that wants somebody: one that does not ends no page."""
    number = about.removeprefix(ALERT)
    if not (about.startswith(ALERT) and number.isdecimal() and int(number) <= LARGEST_ID):
        return set()
    if int(number) in named:
        return set()  # whoever named it has looked
    known = placing.of_ids(work, own, [int(number)])
    return {
        id_ for id_, one in known.items() if one.fires(work.now) and one.state is AlertState.FIRING
    }
