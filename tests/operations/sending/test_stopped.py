"""A process that was stopped, and goes on when another has taken over."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine

from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.work import Work
from quarterdeck.operations.sending import service
from quarterdeck.operations.sending.model import NOT_BEGUN, Reply
from quarterdeck.operations.sending.ports import Claimed
from quarterdeck.operations.sending.service import LEASE, Loop
from waiting import until


@dataclass
class Watch:
    """What the time is to whoever sends."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Desk:
    """One line of three, of which the first takes as long as ``stops`` says."""

    watch: Watch
    stops: timedelta
    sent: list[int] = field(default_factory=list)
    ended: list[tuple[int, Reply | None]] = field(default_factory=list)
    given: bool = False

    def any_due(self, _db: Connection) -> bool:
        return not self.given

    def claim(
        self, _work: Work, _free: int, _under_way: Sequence[Sequence[int]], _lease: timedelta
    ) -> Claimed[int]:
        lines = [] if self.given else [[(one, lambda one=one: self._send(one)) for one in range(3)]]
        self.given = True
        return Claimed(lines=lines)

    def renew(self, _db: Connection, _held: Sequence[int], _lease: timedelta) -> None:
        pass

    def settle(self, _work: Work, ended: Sequence[tuple[int, Reply | None]]) -> None:
        self.ended += ended

    def _send(self, one: int) -> Reply:
        self.sent.append(one)
        self.watch.now += self.stops.total_seconds() if one == 0 else 0
        return Reply()


def sent(engine: Engine, watch: Watch, stops: timedelta) -> Desk:
    desk = Desk(watch=watch, stops=stops)
    loop = Loop(engine=engine, clock=utc_now, desk=desk)
    loop.beat()
    until(lambda: not loop.beat() and len(desk.ended) == 3, what="the end of the line")
    loop.close()
    return desk


@pytest.mark.parametrize(
    ("stops", "begun"), [(LEASE - timedelta(seconds=1), [0, 1, 2]), (LEASE, [0])]
)
def test_what_another_may_have_sent_by_now_is_not_begun(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, stops: timedelta, begun: list[int]
) -> None:
    watch = Watch()
    monkeypatch.setattr(service, "monotonic", watch)
    desk = sent(engine, watch, stops)
    assert desk.sent == begun
    assert [one for one, reply in desk.ended if reply is not NOT_BEGUN] == begun
