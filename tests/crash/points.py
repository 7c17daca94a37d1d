"""Points at which a process kills itself: around every statement and before every commit."""

import os
import signal
from collections.abc import Callable

from sqlalchemy import Engine, event

NEVER = 0


class Points:
    """Counts the points that a process passes, and kills it with SIGKILL at one of them."""

    def __init__(self, deadly: int) -> None:
        self.passed = 0
        self._deadly = deadly

    def watch(self, engine: Engine) -> None:
        """Have every statement and commit of ``engine`` be points."""
        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(engine, name, self.hit)

    def hit(self, *_: object) -> None:
        """Pass a point; do not survive the deadly one."""
        self.passed += 1
        if self.passed == self._deadly:
            os.kill(os.getpid(), signal.SIGKILL)


def in_child(engine: Engine, act: Callable[[Points], None], deadly: int) -> int:
    """``act`` in a fork that dies at the point ``deadly``; how many points it passed, 0 if it died.

    The fork inherits what is compiled and imported, and no connection.
    """
    engine.dispose()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        _act(engine, act, Points(deadly), write)
    os.close(write)
    with os.fdopen(read) as said:
        words = said.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return 0
    assert os.WEXITSTATUS(status) == 0, f"a child failed by itself: {words}"
    return int(words)


def _act(engine: Engine, act: Callable[[Points], None], points: Points, say: int) -> None:
    code = 1
    try:
        points.watch(engine)
        act(points)
        os.write(say, str(points.passed).encode())
        code = 0
    except BaseException as error:
        os.write(say, repr(error).encode())
        raise
    finally:
        os._exit(code)  # no destructor of the parent's may run here
