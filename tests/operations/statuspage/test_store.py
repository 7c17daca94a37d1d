"""What the store promises: one state at a time, and nobody overwrites what they have not seen."""

from dataclasses import replace
from datetime import timedelta

from operations.statuspage.stage import NOON, Harbour
from quarterdeck.kernel.work import Tenants
from quarterdeck.operations.statuspage.model.component import Status
from quarterdeck.operations.statuspage.model.uptime import Span
from quarterdeck.operations.statuspage.service import keeping
from quarterdeck.operations.statuspage.store import components, pages, posts, subscribers

ACME, BETA = Tenants(frozenset({"acme"})), Tenants(frozenset({"beta"}))
LATER = NOON + timedelta(hours=1)


def test_a_component_is_in_one_state_at_a_time(harbour: Harbour) -> None:
    harbour.page()
    harbour.component()
    with harbour.working() as work:
        db = work.db
        assert components.begin_span(db, "acme", "web", NOON, Status.MAJOR) is True
        assert components.begin_span(db, "acme", "web", LATER, Status.PARTIAL) is False
        assert components.begin_span(db, "beta", "web", NOON, Status.PARTIAL) is True
        assert components.last_known(db, ACME, "web") == NOON
        assert components.end_span(db, BETA, "other", NOON, LATER) is False
        assert components.end_span(db, ACME, "web", LATER, LATER) is False
        assert components.end_span(db, ACME, "web", NOON, LATER) is True
        assert components.end_span(db, ACME, "web", NOON, LATER) is False
        assert components.last_known(db, ACME, "web") == LATER
        assert components.begin_span(db, "acme", "web", LATER, Status.PARTIAL) is True
        assert components.end_span(db, ACME, "web", LATER, LATER) is True  # of no length: none
        known = components.spans_of(db, ACME, NOON)
        assert known == {"web": [Span(since=NOON, until=LATER, status=Status.MAJOR)]}
        assert components.spans_of(db, ACME, LATER) == {}


def test_who_comes_second_with_the_same_version_changes_nothing(harbour: Harbour) -> None:
    harbour.page()
    harbour.component()
    post = harbour.post()
    with harbour.working() as work:
        kept = keeping.one(work, "acme")
        for version in (kept.version, kept.version + 2):
            assert pages.put(work.db, ACME, replace(kept, version=version)) is False
        assert pages.put(work.db, BETA, replace(kept, version=kept.version + 1)) is False
        assert pages.remove(work.db, ACME, kept.version + 1) is False
        assert pages.remove(work.db, BETA, kept.version) is False
        web = components.of_name(work.db, ACME, "web")
        assert web is not None
        assert components.put(work.db, ACME, web) is False
        assert components.remove(work.db, ACME, "web", 2) is False
        assert components.say(work.db, BETA, "web", Status.MAJOR) is False
        assert posts.change(work.db, ACME, post) is False
        assert posts.change(work.db, BETA, replace(post, version=2)) is False
        assert posts.remove(work.db, BETA, post.id, 1) is False
        assert posts.of_id(work.db, BETA, post.id) is None
        assert components.say(work.db, ACME, "web", Status.MAJOR, post=post.id) is True
        assert components.put(work.db, ACME, replace(web, version=2)) is True
        again = components.of_name(work.db, ACME, "web")
        assert again is not None
        assert (again.said, again.post) == (Status.MAJOR, post.id)  # what was said stays


def test_a_window_is_announced_once_and_posts_are_read_by_page(harbour: Harbour) -> None:
    harbour.page()
    made = []
    for _ in range(3):
        harbour.pass_time(seconds=1)
        made.append(harbour.post())
    with harbour.working() as work:
        page = posts.newest(work.db, ACME, before=made[2].id, limit=1)
        assert [one.id for one in page] == [made[1].id]
        first = replace(made[0], id=work.new_id(), window="w-1")
        assert posts.add(work.db, first) is True
        assert posts.add(work.db, replace(first, id=work.new_id())) is False
        assert posts.add(work.db, replace(first, id=work.new_id(), tenant="beta")) is True
        assert posts.announcing(work.db, ACME, "w-1") == first
        assert posts.announcing(work.db, ACME, "w-2") is None
        assert posts.newest(work.db, ACME, is_open=False, limit=9) == []
        assert subscribers.confirmed(work.db, ACME, limit=9) == []
