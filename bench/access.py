"""Tokens checked a second: alone, while another process's work commits, and by threads."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from time import perf_counter

from sqlalchemy import Engine

from bench._databases import NAMES, database
from quarterdeck.access.authentication.service import Authenticator
from quarterdeck.access.principals import service as principals
from quarterdeck.access.principals.model import Kind, installation
from quarterdeck.access.refusals import service as refusals
from quarterdeck.access.tokens import service as tokens
from quarterdeck.access.tokens.model import Wanted
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import open_engine
from quarterdeck.kernel.work import Actor, begin
from quarterdeck.migrations.tables import metadata

CALLS = {"sqlite": 50_000, "postgres": 3_000}
THREADS = 4
NOBODY = Actor("nobody", frozenset())


def main() -> None:
    """Print one line for each database."""
    columns = ("database", "alone /s", "p99 us", "others commit /s", "4 threads /s", "look-up ms")
    print(" | ".join(f"{column:>16}" for column in columns))
    for name in NAMES:
        with database(name) as url:
            if url:
                print(" | ".join(f"{cell:>16}" for cell in (name, *_measured(name, url))))


def _measured(name: str, url: str) -> tuple[str, ...]:
    engine, calls = open_engine(url), CALLS[name]
    metadata.create_all(engine)
    secret, access = _secret(engine), Authenticator(engine, utc_now)
    began = perf_counter()
    access.actor(secret)
    looked_up = (perf_counter() - began) * 1e3
    rate, p99 = _timed(access, secret, calls)
    with _others_commit(url):
        disturbed, _ = _timed(access, secret, calls)
    began = perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda _: _timed(access, secret, calls // THREADS), range(THREADS)))
    threaded = calls / (perf_counter() - began)
    engine.dispose()
    return (
        f"{rate:,.0f}",
        f"{p99 * 1e6:,.0f}",
        f"{disturbed:,.0f}",
        f"{threaded:,.0f}",
        f"{looked_up:.2f}",
    )


def _timed(access: Authenticator, secret: str, calls: int) -> tuple[float, float]:
    took = []
    for _ in range(calls):
        began = perf_counter()
        access.actor(secret)
        took.append(perf_counter() - began)
    return calls / sum(took), sorted(took)[int(calls * 0.99)]


@contextmanager
def _others_commit(url: str) -> Iterator[None]:
    """Commits that are no change of access, one after the other, through another engine."""
    stop, engine = Event(), open_engine(url)

    def commit() -> None:
        while not stop.is_set():
            refusals.note(engine, utc_now, NOBODY, "keys:rotate", "acme")

    thread = Thread(target=commit)
    thread.start()
    yield
    stop.set()
    thread.join()
    engine.dispose()


def _secret(engine: Engine) -> str:
    with begin(engine, installation(), utc_now) as work:
        program = principals.create(work, Kind.PROGRAM, "bench")
        principals.grant(work, program.id, "producer", "_platform")
        wanted = Wanted(principal=program.id, name="bench", expires_at=work.now + timedelta(days=1))
        return tokens.create(work, wanted).secret


if __name__ == "__main__":
    main()
