"""From a secret to an actor: what was taken away is refused from the next request on."""

import subprocess
import sys
from collections.abc import Iterator
from threading import Barrier, Thread

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Engine, event

from access.stage import Stage
from quarterdeck.access.authentication.model import Unauthenticated, Why
from quarterdeck.access.authentication.signin import sign_in
from quarterdeck.access.principals import service as principals
from quarterdeck.access.tokens import service as tokens
from quarterdeck.access.tokens.model import TokenHasEnded
from quarterdeck.kernel.db import open_engine
from quarterdeck.kernel.work import Work

IN_ANOTHER_PROCESS = """
import sys
from quarterdeck.access.principals.model import installation
from quarterdeck.access.tokens import service as tokens
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import open_engine
from quarterdeck.kernel.work import begin
engine = open_engine(sys.argv[1])
with begin(engine, installation(), utc_now) as work:
    tokens.revoke(work, sys.argv[2])
engine.dispose()
"""


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def _revoke_twice(work: Work, token: str) -> None:
    tokens.revoke(work, token)
    tokens.revoke(work, token)


@pytest.fixture
def elsewhere(stage: Stage) -> Iterator[Stage]:
    """The same database as another process has it."""
    engine = open_engine(url_of(stage.engine))
    yield Stage(engine)
    engine.dispose()


def test_a_token_revoked_through_another_engine_is_refused_at_the_next_call(
    stage: Stage, elsewhere: Stage
) -> None:
    issued, access = stage.token(stage.someone("sre")), stage.authenticator()
    for _ in range(3):
        access.actor(issued.secret)
    with elsewhere.work() as work:
        tokens.revoke(work, issued.token.id)
    with pytest.raises(Unauthenticated):
        access.actor(issued.secret)


def test_a_token_revoked_by_another_process_is_refused_at_the_next_call_and_heartbeat(
    stage: Stage,
) -> None:
    issued, access = stage.token(stage.someone("sre")), stage.authenticator()
    actor = access.actor(issued.secret)
    assert access.still_good(issued.secret, actor)
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, url_of(stage.engine), issued.token.id]
    subprocess.run(command, check=True, env={"PYTHONPATH": ":".join(sys.path)})
    assert not access.still_good(issued.secret, actor)
    with pytest.raises(Unauthenticated):
        access.actor(issued.secret)


def test_a_role_taken_away_elsewhere_is_gone_at_the_next_call(
    stage: Stage, elsewhere: Stage
) -> None:
    bob = stage.someone("sre", "auditor")
    issued, access = stage.token(bob), stage.authenticator()
    actor = access.actor(issued.secret)
    with elsewhere.look() as work:
        sre = next(g for g in principals.grants(work, principal=bob.id) if g.role == "sre")
    with elsewhere.work() as work:
        principals.revoke(work, sre.id)
    assert not access.actor(issued.secret).may("services:scale", "acme")
    assert not access.still_good(issued.secret, actor)


def test_a_role_given_elsewhere_is_there_at_the_next_call(stage: Stage, elsewhere: Stage) -> None:
    bob = stage.someone()
    issued, access = stage.token(bob), stage.authenticator()
    assert access.actor(issued.secret).grants == frozenset()
    with elsewhere.work() as work:
        principals.grant(work, bob.id, "sre", "_platform")
    assert access.actor(issued.secret).may("services:scale", "acme")


def test_a_change_that_was_rolled_back_changes_nothing(stage: Stage, elsewhere: Stage) -> None:
    issued, access = stage.token(stage.someone("sre")), stage.authenticator()
    actor = access.actor(issued.secret)
    with pytest.raises(TokenHasEnded), elsewhere.work() as work:
        _revoke_twice(work, issued.token.id)
    assert access.actor(issued.secret) == actor


def test_what_is_kept_is_not_looked_up_again_while_others_write(
    stage: Stage, elsewhere: Stage
) -> None:
    issued, access = stage.token(stage.someone("sre")), stage.authenticator()
    access.actor(issued.secret)
    asked = list[str]()

    @event.listens_for(stage.engine, "before_cursor_execute")
    def note(_db: object, _cursor: object, sql: str, *_: object) -> None:
        asked.append(sql)

    with elsewhere.work() as work:
        tokens.mark_used(work.db, {issued.token.id: 1})
    access.actor(issued.secret)
    assert not [sql for sql in asked if "access_token" in sql]


@pytest.mark.parametrize(
    "secret",
    ["", "qd_", "x" * 100, "qd_0198_abc", "é" * 50, "qd_" + "a" * 36 + "_" + "b" * 43, "\0"],
)
def test_nonsense_is_unknown_and_counted(stage: Stage, secret: str) -> None:
    def refused() -> float:
        name = "quarterdeck_credentials_refused_total"
        return REGISTRY.get_sample_value(name, {"why": "unknown"}) or 0

    access, before = stage.authenticator(), refused()
    for shown in (access.actor, access.session):
        with pytest.raises(Unauthenticated) as refusal:
            shown(secret)
        assert refusal.value.why is Why.UNKNOWN
    assert refused() == before + 2
    assert stage.told("AccessRefused") == []


def test_a_right_id_with_a_wrong_secret_is_as_unknown_as_any(stage: Stage) -> None:
    issued, access = stage.token(stage.someone("sre")), stage.authenticator()
    with stage.work() as work:
        tokens.revoke(work, issued.token.id)
    forged = issued.secret[:-1] + ("A" if issued.secret[-1] != "A" else "B")
    with pytest.raises(Unauthenticated) as refusal:
        access.actor(forged)
    assert refusal.value.why is Why.UNKNOWN


def test_a_cookie_is_no_token_and_a_token_no_cookie(stage: Stage) -> None:
    issued, access = stage.token(stage.someone("sre")), stage.authenticator()
    opened = sign_in(access, issued.secret)
    access.session(opened.cookie)
    with pytest.raises(Unauthenticated):
        access.actor(opened.cookie)
    with pytest.raises(Unauthenticated):
        access.session(issued.secret)


def test_a_heartbeat_of_another_principals_secret_is_no_good(stage: Stage) -> None:
    one, other = stage.token(stage.someone("sre")), stage.token(stage.someone("sre"))
    access = stage.authenticator()
    assert not access.still_good(other.secret, access.actor(one.secret))
    assert not access.still_good("nonsense", access.actor(one.secret))


def test_many_threads_ask_at_once_while_rights_come_and_go(stage: Stage) -> None:
    good, access = stage.token(stage.someone("sre")), stage.authenticator()
    doomed = [stage.token(stage.someone("sre")) for _ in range(5)]
    ready, wrong = Barrier(5), list[Exception]()

    def ask() -> None:
        ready.wait()
        try:
            for _ in range(200):
                access.actor(good.secret)
        except Unauthenticated as error:
            wrong.append(error)

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    ready.wait()
    for issued in doomed:
        access.actor(issued.secret)
        with stage.work() as work:
            tokens.revoke(work, issued.token.id)
        with pytest.raises(Unauthenticated):
            access.actor(issued.secret)
    for thread in threads:
        thread.join()
    assert wrong == []
