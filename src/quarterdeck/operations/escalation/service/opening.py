"""Opens pages. For features of this platform: whoever calls has asked for the permission."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from quarterdeck.events.escalation import PageChanged, PageOpened
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.alerts.model import AlertState
from quarterdeck.operations.alerts.service import placing
from quarterdeck.operations.alerts.service.looking import LARGEST_ID
from quarterdeck.operations.escalation.model.faults import NoSuchEscalation
from quarterdeck.operations.escalation.model.page import (
    Change,
    Page,
    PageState,
    Wanted,
    What,
    check_flags,
)
from quarterdeck.operations.escalation.service.answering import joined, wanted_again
from quarterdeck.operations.escalation.service.frozen import promise, promise_anew
from quarterdeck.operations.escalation.service.held import Held, gone, held
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
    under = held(work, tenant, policy)
    if under is None:
        raise NoSuchEscalation(
            f"no escalation policy {policy[:80]!r}; quarterdeck escalation list shows what there is"
        )
    wanted = Wanted(policy=policy, what=what, key=key, alerts=alerts)
    return _page_all(work, tenant, [wanted], {policy: under})[key]


def page_anyway(
    work: Work, tenant: str, policy: str, what: What, *, key: str, alerts: Collection[int] = ()
) -> Page:
    """As ``page``; where the policy is gone, a page of which nobody can be told.

    The auditor finds that, and says so to whoever hears of what nobody else did.
    """
    wanted = Wanted(policy=policy, what=what, key=key, alerts=alerts)
    return page_all(work, tenant, [wanted])[key]


def page_all(work: Work, tenant: str, wanted: Sequence[Wanted]) -> dict[str, Page]:
    """As ``page_anyway``, of many at once; the pages by their keys."""
    names = dict.fromkeys(one.policy for one in wanted)
    under = {name: held(work, tenant, name) or gone(name) for name in names}
    return _page_all(work, tenant, wanted, under)


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
    pages.note(work.db, [_note(work, made, "changed", words)])
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


def _page_all(
    work: Work, tenant: str, wanted: Sequence[Wanted], under: Mapping[str, Held]
) -> dict[str, Page]:
    own, now = Tenants(frozenset({tenant})), {one.key: one for one in reversed(wanted)}
    standing = pages.open_under(work.db, own, now)
    fresh = [one for one in wanted if one is now[one.key] and one.key not in standing]
    grown = _grown(work, own, standing, now) if standing else {}
    done = grown | _opened(work, tenant, fresh, under)
    # Wanted twice; or, on PostgreSQL, another was quicker: then theirs is the page.
    left = [one for one in wanted if one is not now[one.key] or one.key not in done]
    return done | (_page_all(work, tenant, left, under) if left else {})


def _opened(
    work: Work, tenant: str, wanted: Sequence[Wanted], under: Mapping[str, Held]
) -> dict[str, Page]:
    """Those under whose keys none was open by then."""
    own = Tenants(frozenset({tenant}))
    made = [(_made(work, tenant, one, under[one.policy]), one) for one in wanted]
    there = pages.add(work.db, own, [page for page, _ in made])
    new = [(page, one) for page, one in made if page.id in there]
    promise(work, own, [page for page, _ in new])
    pages.about_alerts(work.db, own, [(page, _about(work, own, one)) for page, one in new])
    pages.note(work.db, [_note(work, page, "opened", _words(page)) for page, _ in new])
    for page, _ in new:
        work.publish(_told(page))
    return {page.key: page for page, _ in new}


def _grown(
    work: Work, own: Tenants, standing: Mapping[str, Page], wanted: Mapping[str, Wanted]
) -> dict[str, Page]:
    """Pages that were open, and may be of something worse now, or about more."""
    known = pages.alerts_of_each(work.db, own, [page.id for page in standing.values()])
    fresh = {
        key: _about(work, own, wanted[key]) - {*known.get(page.id, ())}
        for key, page in standing.items()
    }
    pages.about_alerts(work.db, own, [(page, fresh[key]) for key, page in standing.items()])
    return {
        key: _more(work, own, page, wanted[key].what, joins=bool(fresh[key]))
        for key, page in standing.items()
    }


def _more(work: Work, own: Tenants, there: Page, what: What, *, joins: bool) -> Page:
    worse, flags = _worse(work, there, what), there.what.flags | what.flags
    same = (worse, flags) == (there.severity, there.what.flags)
    made = there if same else change(work, there, severity=worse, flags=flags)
    if joins and made.state is PageState.ACKNOWLEDGED:
        joined(work, own, made, what.title)
    return made


def _made(work: Work, tenant: str, one: Wanted, under: Held) -> Page:
    lost = () if under.version else (("policy", f"there is no policy {one.policy}"),)
    return Page(
        id=work.new_id(),
        tenant=tenant,
        key=one.key,
        policy=under.policy,
        version=under.version,
        document=under.document,
        what=replace(one.what, facts=(*lost, *one.what.facts)) if lost else one.what,
        severity=_severity(work, tenant, one.what.severity),
        state=PageState.OPEN,
        opened_at=work.now,
    )


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


def _words(made: Page) -> str:
    return f"under {made.policy}, version {made.version}"


def _note(work: Work, made: Page, what: str, words: str) -> tuple[Page, Change]:
    change_ = Change(
        at=work.now,
        what=what,
        by=work.actor.id,
        words=words,
        severity=made.severity,
        flags=made.what.flags,
    )
    return made, change_


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


def _about(work: Work, own: Tenants, one: Wanted) -> set[int]:
    return {*one.alerts, *_alert(work, own, one.what.about, one.alerts)}


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
