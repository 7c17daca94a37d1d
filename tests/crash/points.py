"""Points at which a process kills itself: around every statement and before every commit."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine, event

NEVER = 0
READS = ("SELECT", "PRAGMA", "BEGIN", "SHOW")


@dataclass(frozen=True, slots=True)
class Passed:
    """What a process passed that lived.

    Attributes:
        points: how many.
        edges: those on both sides of what changes the world: a commit of something written, and
            whatever was named. Dying anywhere else leaves what dying at one of these does.
    """

    points: int
    edges: tuple[int, ...]


class Points:
    """Counts the points that a process passes, and kills it with SIGKILL at one of them."""

    def __init__(self, deadly: int) -> None:
        self.passed = 0
        self.edges: set[int] = set()
        self._deadly = deadly
        self._wrote = False

    def watch(self, engine: Engine) -> None:
        """Have every statement and commit of ``engine`` be points."""
        event.listen(engine, "before_cursor_execute", self._execute)
        event.listen(engine, "after_cursor_execute", self._pass)
        event.listen(engine, "commit", self._commit)

    def hit(self, *_: object) -> None:
        """Pass a point that has a name: an edge."""
        self.edges.add(self.passed + 1)
        self._pass()

    def _execute(self, *said: object) -> None:
        self._wrote |= not str(said[2]).lstrip().upper().startswith(READS)
        self._pass()

    def _commit(self, *_: object) -> None:
        if self._wrote:
            self.edges |= {self.passed + 1, self.passed + 2}
        self._wrote = False
        self._pass()

    def _pass(self, *_: object) -> None:
        """Do not survive the deadly one."""
        self.passed += 1
        if self.passed == self._deadly:
            os.kill(os.getpid(), signal.SIGKILL)


def in_child(engine: Engine, act: Callable[[Points], None], deadly: int) -> int:
    """``act`` in a fork that dies at the point ``deadly``; how many points it passed, 0 if it died.

    The fork inherits what is compiled and imported, and no connection.
    """
    return _ended(_begun(engine, act, deadly)).points


def passed_in_child(engine: Engine, act: Callable[[Points], None]) -> Passed:
    """What ``act`` passes in a fork that lives."""
    return _ended(_begun(engine, act, NEVER))


def in_children(engine: Engine, act: Callable[[Points], None], many: int) -> None:
    """``act`` in so many forks at the same time, which live."""
    for child in [_begun(engine, act, NEVER) for _ in range(many)]:
        _ended(child)


def _begun(engine: Engine, act: Callable[[Points], None], deadly: int) -> tuple[int, int]:
    engine.dispose()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        _act(engine, act, Points(deadly), write)
    os.close(write)
    return child, read


def _ended(child: tuple[int, int]) -> Passed:
    with os.fdopen(child[1]) as said:
        words = said.read()
    _, status = os.waitpid(child[0], 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return Passed(0, ())
    assert os.WEXITSTATUS(status) == 0, f"a child failed by itself: {words}"
    points, *edges = map(int, words.split())
    return Passed(points, tuple(one for one in edges if one <= points))


def _act(engine: Engine, act: Callable[[Points], None], points: Points, say: int) -> None:
    code = 1
    try:
        points.watch(engine)
        act(points)
        os.write(say, " ".join(map(str, (points.passed, *sorted(points.edges)))).encode())
        code = 0
    except BaseException as error:
        os.write(say, repr(error).encode())
        raise
    finally:
        os._exit(code)  # no destructor of the parent's may run here
