from collections.abc import Callable

import pytest

from access.stage import Stage
from quarterdeck.access.roles import service as roles
from quarterdeck.access.sessions import service as sessions
from quarterdeck.access.tokens import service as tokens
from quarterdeck.kernel.work import Actor, MissingPermission, Work

MUTE = Actor("mute", frozenset({("health:read", "acme")}))


@pytest.mark.parametrize(
    "ask",
    [
        roles.all_roles,
        lambda work: roles.can_i(work, "health:read", "acme"),
        lambda work: roles.effective(work, "acme"),
        lambda work: sessions.sessions(work, principal="mute"),
        lambda work: sessions.end(work, "some"),
        lambda work: tokens.tokens(work, principal="mute"),
        lambda work: tokens.revoke(work, "some"),
        lambda work: tokens.rotate(work, "some"),
    ],
    ids=["roles", "can_i", "effective", "sessions", "end", "tokens", "revoke", "rotate"],
)
def test_even_ones_own_affairs_need_a_permission(
    stage: Stage, ask: Callable[[Work], object]
) -> None:
    with stage.work(MUTE) as work, pytest.raises(MissingPermission):
        ask(work)
