"""Timers: ten thousand open pages, each told again every five minutes; how late, and what it costs.

The worker of ``bench.signals_alerts`` on the same machine as the receiver. Then as many as are due
in one instant; and what it takes to look after all of them, as the process that answers does.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import perf_counter, process_time

from sqlalchemy import Engine, select, update

from bench._databases import NAMES, database
from bench.signals_alerts import prepared, show
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel import deliveries
from quarterdeck.kernel.clock import micros, utc_now
from quarterdeck.kernel.db import open_engine, reading
from quarterdeck.kernel.telemetry import log_to_stderr
from quarterdeck.kernel.work import begin
from quarterdeck.operations.channels.model.channel import Channel, Kind
from quarterdeck.operations.channels.service import keeping
from quarterdeck.operations.escalation.model.page import What
from quarterdeck.operations.escalation.service import opening, policies
from quarterdeck.operations.escalation.service.heartbeat import Heartbeat
from quarterdeck.operations.escalation.service.watching import Auditor
from quarterdeck.operations.escalation.store.table import steps
from quarterdeck.providers.sealing.safe import KeySafe
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.log.opening import open_trail
from servers import sink
from waiting import until

PAGES, BURST = int(os.environ.get("BENCH_PAGES", "10000")), 300
SECONDS = float(os.environ.get("BENCH_SECONDS", "30"))
EVERY = timedelta(minutes=5)
PREPARED = timedelta(seconds=20 + PAGES / 100)
BAR_MS = 1_000
POLICY = """\
levels:
  - {name: L1, targets: [channel pager], engage_at: 0, repeat_every: 5m, repeat_most: 2}
"""


def main() -> None:
    """Print a few lines for each database."""
    log_to_stderr("ERROR", "text")
    for name in sys.argv[1:] or NAMES:
        with database(name) as url, TemporaryDirectory() as folder, sink.running() as hook:
            if url:
                prepared(url)
                engine = open_engine(url)
                _apply(engine, Path(folder), hook.url)
                _measured(name, engine, url, Path(folder))
                engine.dispose()


def _measured(name: str, engine: Engine, url: str, folder: Path) -> None:
    first, seconds = utc_now() + PREPARED, int(EVERY.total_seconds())
    for second in range(seconds):
        opened_at = first - EVERY + timedelta(seconds=second)
        _open(engine, opened_at, PAGES // seconds, f"spread {second}")
    with (
        closing(open_trail(engine, folder / "trail", lasting=True)),
        _working(url, folder) as cpu_s,
    ):
        until(lambda: not deliveries.behind(engine, "escalation"), 120, "pages that were opened")
        Event().wait(max(0.0, (first - utc_now()).total_seconds() + 5))
        before, began = cpu_s(), utc_now()
        Event().wait(SECONDS)
        share, ended = (cpu_s() - before) / SECONDS, utc_now()
        what = f"{PAGES:,} open pages, {PAGES // seconds} timers/s"
        late = until(lambda: _late(engine, began, ended), 60, "the last timer")
        show(name, f"{what}: late", late, BAR_MS)
        print(f"{name:<9} {what}: max {late[-1] * 1e3:.0f} ms, {share:.0%} of a core", flush=True)
        at = utc_now() + timedelta(seconds=5)
        _open(engine, at - EVERY, BURST, "burst")
        late = until(lambda: _late(engine, at, at), 60, "the last of the burst")
        show(name, f"{BURST} more in one instant: late", late, 0)
    _looked_after(name, engine)


def _looked_after(name: str, engine: Engine) -> None:
    auditor = Auditor(engine=engine, clock=utc_now, url="")
    heart = Heartbeat(engine=engine, clock=utc_now, bell=_Bell())
    for what, beat in (("auditor", auditor.beat), ("heartbeat", heart.beat)):
        began, cpu = perf_counter(), process_time()
        beat()
        took, busy = perf_counter() - began, process_time() - cpu
        print(f"{name:<9} {what} looks at them in {took:.2f} s, CPU {busy:.2f} s", flush=True)


class _Bell:
    def ring(self) -> str:
        return ""


def _open(engine: Engine, opened_at: datetime, many: int, key: str) -> None:
    """Pages of which the first step was told: the next ones are measured."""
    with begin(engine, installation(), lambda: opened_at) as work:
        for number in range(many):
            what = What(title="It is down", severity="SEV-1")
            made = opening.page(work, "acme", "incidents", what, key=f"{key}/{number}")
            mine = steps.c.page == made.id, steps.c.kind == "engage"
            work.db.execute(update(steps).where(*mine).values(state="told", at=steps.c.due_at))


def _late(engine: Engine, since: datetime, until_: datetime) -> list[float]:
    """How late each was that was due between two instants, seconds; empty: one is yet to be."""
    mine = steps.c.kind == "repeat", steps.c.due_at.between(micros(since), micros(until_))
    with reading(engine) as db:
        rows = db.execute(select(steps.c.due_at, steps.c.at).where(*mine)).all()
    return [] if any(at is None for _, at in rows) else sorted((at - due) / 1e6 for due, at in rows)


def _apply(engine: Engine, folder: Path, hook: str) -> None:
    channel = Channel(name="pager", kind=Kind.WEBHOOK, url=f"{hook}/page")
    with begin(engine, installation(), utc_now) as work:
        keeping.put(work, "acme", channel, secret="", safe=KeySafe(KeyStore(folder / "keys")))
        policies.apply(work, "acme", "incidents", POLICY)


@contextmanager
def _working(url: str, folder: Path) -> Iterator[Callable[[], float]]:
    """A worker; what tells how much CPU it has used, seconds."""
    command = [sys.executable, "-m", "bench.signals_alerts", "work", url, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline(), "it did not start"
        yield lambda: _cpu_s(worker.pid)
        worker.terminate()


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
