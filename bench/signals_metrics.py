"""Series: bytes a point, points in a second, and how long a question takes."""

import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from statistics import quantiles
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import Engine

from bench._databases import NAMES, database
from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.db import open_engine, sqlite
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import read
from quarterdeck.migrations.tables import metadata
from quarterdeck.operations.metrics.model import Function, Sample
from quarterdeck.operations.metrics.opening import Metrics, open_metrics
from quarterdeck.operations.metrics.selector import selector
from quarterdeck.operations.metrics.service import reading
from quarterdeck.operations.metrics.service.recording import record
from quarterdeck.operations.metrics.service.sealing import Sealer
from quarterdeck.operations.metrics.windows import Asked

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TARGETS, SERIES, EVERY_S, MINUTES = 20, 60, 15, 60
QUESTIONS = 200
END = NOON + timedelta(minutes=MINUTES)


def main() -> None:
    """Measure on each database."""
    print(f"{TARGETS * SERIES} series, a point each {EVERY_S} s, {MINUTES} minutes")
    print(f"{'database':<10} {'what':<34} {'value':>10} {'bar':>10}")
    for name in NAMES:
        with tempfile.TemporaryDirectory() as folder, database(name) as url:
            if url:
                _measure(name, url, Path(folder))


def _measure(name: str, url: str, folder: Path) -> None:
    engine = open_engine(url)
    metadata.create_all(engine)
    with closing(open_metrics(engine, folder / "series")) as metrics:
        _row(name, "points in, a second", _points_in(engine, metrics), "1,667")
        sealed, took = _sealed(metrics)
        _row(name, "points sealed, a second", sealed / took, "")
        with metrics.reading() as db:
            size = db.exec_driver_sql("SELECT sum(length(data)) FROM operations_chunk").scalar()
        _row(name, "bytes a point, in chunks", float(size or 0) / sealed, "4")
        if name == "sqlite":
            size = _file_bytes(folder / "series" / "series.db")
            _row(name, "bytes a point, of the file", size / sealed, "4")
        _row(name, "hour of rates, p95 ms", _question_ms(engine, metrics), "50")
    engine.dispose()


def _points_in(engine: Engine, metrics: Metrics) -> float:
    chance, now, took, count = Random(7), NOON, 0.0, 0  # noqa: S311  no secret
    values: dict[tuple[int, int], float] = {}
    for _ in range(MINUTES * 60 // EVERY_S):
        now += timedelta(seconds=EVERY_S)
        for target in range(TARGETS):
            samples = [_sample(values, chance, target, n, now) for n in range(SERIES)]
            began = perf_counter()
            with read(engine, installation(), partial(_same, now)) as work:
                count += record(work, metrics, PLATFORM, samples).accepted
            took += perf_counter() - began
    return count / took


def _same(now: datetime) -> datetime:
    return now


def _sealed(metrics: Metrics) -> tuple[int, float]:
    began = perf_counter()
    sealed = Sealer(metrics=metrics, clock=lambda: END + timedelta(hours=1)).beat()
    return sealed, perf_counter() - began


def _file_bytes(file: Path) -> int:
    with closing(sqlite.connect(file, isolation_level=None)) as db:
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file.stat().st_size


def _question_ms(engine: Engine, metrics: Metrics) -> float:
    asked, times = Asked(Function.RATE, timedelta(minutes=5)), []
    ats = [NOON + timedelta(minutes=n) for n in range(1, 61)]
    for n in range(QUESTIONS):
        began = perf_counter()
        of = selector(f'requests_total{{target="{n % TARGETS}"}}')
        with read(engine, installation(), lambda: END) as work:
            list(reading.along(work, metrics, PLATFORM, of, ats, asked))
        times.append((perf_counter() - began) * 1000)
    return quantiles(times, n=20)[-1]


def _sample(
    values: dict[tuple[int, int], float], chance: Random, target: int, number: int, now: datetime
) -> Sample:
    """A mixture as programs have it: flat ones, counters, seconds in decimals, gauges, noise."""
    kind, before = number % 6, values.get((target, number), 0.0)
    value = (
        before,
        before + chance.randrange(40),
        round(before + chance.random(), 3),
        chance.randrange(300, 500) / 10,
        before + (chance.random() < 0.1),
        before + chance.random(),
    )[kind]
    values[target, number] = value
    name = "requests_total" if kind == 1 else f"metric_{kind}"
    return Sample(name, {"target": str(target), "n": str(number)}, now, value)


def _row(name: str, what: str, value: float, bar: str) -> None:
    print(f"{name:<10} {what:<34} {value:>10,.1f} {bar:>10}", flush=True)


if __name__ == "__main__":
    main()
