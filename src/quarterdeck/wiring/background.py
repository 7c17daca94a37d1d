"""A role that answers nobody, whatever it does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event

from quarterdeck.kernel import gathering
from quarterdeck.kernel.supervise import say_ready, stop_on_signals
from quarterdeck.runtime import Runtime
from quarterdeck.wiring import problems
from quarterdeck.worker.pulse import Pulse

METRICS_S = 5.0


@contextmanager
def in_background(runtime: Runtime, role: str, stopping: Event) -> Iterator[None]:
    """A role that answers nobody: it ends on a signal, and others read what it counts."""
    stop_on_signals(stopping)
    say_ready()
    folder = Path(runtime.settings.data) / gathering.FOLDER
    metrics = partial(_tell_metrics, runtime, folder, role)
    telling = Pulse(name="metrics", every_s=METRICS_S, beat=metrics, stop=stopping)
    telling.start()
    try:
        yield
    finally:
        stopping.set()
        telling.join(runtime.settings.stop_grace_s)
        gathering.leave(folder, role)


def _tell_metrics(runtime: Runtime, folder: Path, role: str) -> None:
    try:
        problems.measure(runtime)
    finally:
        # What was counted is told also where the database cannot be asked: then above all.
        gathering.write(folder, role)
