"""Samples, as they come in.

What becomes of a sample is the same whoever sends it:

- *late*, older than every point we keep (``Limits.raw``): refused;
- *future*, more than ``Limits.ahead`` beyond our clock: refused, lest a wrong clock hide
  what comes after it;
- *out of order*, older than the newest point of its series: refused, for two histories of one
  counter would read as resets; unless it is a ``backfill``, which fills in what was missed;
- *duplicate*, at an instant at which its series has a point: the first stays, whatever the
  second says;
- of a new series beyond ``Limits.series``: refused; the series that are known go on.

Each refusal is counted: in the answer, and by tenant and reason in the metrics of the process.
After a clock was set back by more than ``Limits.ahead``, what it had stamped is not the newest
of anything: series go on, and ``sealing`` drops what lies in the future.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import Counter as Counting
from sqlalchemy import Connection

from quarterdeck.kernel.clock import MICROSECOND, micros
from quarterdeck.kernel.work import Tenants, Work
from quarterdeck.operations.metrics.model import Limits, Recorded, Refusal, Sample, fault
from quarterdeck.operations.metrics.opening import REMEMBERED, Key, Metrics, Remembered
from quarterdeck.operations.metrics.store import names, points

RECORDED = Counting("quarterdeck_samples_recorded_total", "Samples kept.", ["tenant"])
REFUSED = Counting(
    "quarterdeck_samples_refused_total", "Samples not kept, by why.", ["tenant", "reason"]
)
SEEN = timedelta(days=1) // MICROSECOND
NEVER = -(2**62)


def record(
    work: Work,
    metrics: Metrics,
    tenant: str,
    samples: Iterable[Sample],
    *,
    backfill: bool = False,
) -> Recorded:
    """Keep ``samples`` of a tenant, and say what became of them (see above).

    They are kept when this returns, also if the work then fails: a repetition is a duplicate.
    """
    own = work.require("metrics:write", tenant)
    refused: Counter[Refusal] = Counter()
    latest = micros(work.now + metrics.limits.ahead)
    keyed = list(_fitting(samples, tenant, (work, metrics.limits), refused))
    with metrics.writing() as db:
        known = _known(_Among(db, work, metrics, own, latest), tenant, [key for key, _ in keyed])
        rows = list(_ordered(keyed, known, refused, backfill=backfill))
        kept = points.add(db, rows)
    refused[Refusal.DUPLICATE] += len(rows) - kept
    _remember(metrics, known, rows)
    return _told(tenant, kept, refused)


@dataclass(frozen=True, slots=True)
class _Among:
    """Where series are looked for.

    Attributes:
        latest: no point after it counts as the newest of its series.
    """

    db: Connection
    work: Work
    metrics: Metrics
    own: Tenants
    latest: int


def _fitting(
    samples: Iterable[Sample], tenant: str, among: tuple[Work, Limits], refused: Counter[Refusal]
) -> Iterator[tuple[Key, Sample]]:
    work, limits = among
    latest, oldest = work.now + limits.ahead, work.now - limits.raw
    for sample in samples:
        why = fault(sample, limits)
        if sample.at > latest:
            why = Refusal.FUTURE
        elif sample.at < oldest:
            why = Refusal.LATE
        if why is not None:
            refused[why] += 1
            continue
        labels = tuple(sorted((name, value) for name, value in sample.labels.items() if value))
        yield (tenant, sample.name, labels), sample


def _known(among: _Among, tenant: str, keys: Sequence[Key]) -> dict[Key, Remembered]:
    """The series of ``keys``, begun where they are new; without those there is no room for."""
    remembered = among.metrics.remembered
    fresh = micros(among.work.now) - SEEN
    found, asked = {}, {}
    for key in keys:
        one = remembered.get(key)
        # One with a newest point in the future: the clock was set back since.
        if one is not None and one.seen_at > fresh and one.newest <= among.latest:
            found[key] = one
        else:
            asked[names.digest(key[1], key[2])] = key
    return found | _looked_up(among, tenant, asked) if asked else found


def _looked_up(among: _Among, tenant: str, asked: Mapping[bytes, Key]) -> dict[Key, Remembered]:
    db, own, now = among.db, among.own, among.work.now
    ids = names.known(db, own, asked)
    # One may have been forgotten meanwhile: it begins anew.
    there = names.seen(db, own, ids.values(), now)
    ids = {digest: number for digest, number in ids.items() if number in there}
    new = [digest for digest in asked if digest not in ids]
    if new:
        room = max(0, among.metrics.limits.series - names.count(db, own))
        begun = {digest: asked[digest][1:] for digest in new[:room]}
        if begun:
            names.add(db, tenant, begun, now)
            ids |= names.known(db, own, begun)
    newest = points.newest(db, list(ids.values()), among.latest)
    return {
        asked[digest]: Remembered(number, newest.get(number, NEVER), micros(now))
        for digest, number in ids.items()
    }


def _ordered(
    keyed: Sequence[tuple[Key, Sample]],
    known: Mapping[Key, Remembered],
    refused: Counter[Refusal],
    *,
    backfill: bool,
) -> Iterator[points.Row]:
    for key, sample in sorted(keyed, key=lambda one: one[1].at):
        series, at = known.get(key), micros(sample.at)
        if series is None:
            refused[Refusal.TOO_MANY_SERIES] += 1
        elif at < series.newest and not backfill:
            refused[Refusal.OUT_OF_ORDER] += 1
        elif at == series.newest:
            refused[Refusal.DUPLICATE] += 1
        else:
            yield series.id, at, sample.value


def _remember(
    metrics: Metrics, known: Mapping[Key, Remembered], rows: Iterable[points.Row]
) -> None:
    newest: dict[int, int] = {}
    for number, at, _ in rows:
        newest[number] = max(at, newest.get(number, NEVER))
    with metrics.lock:
        if len(metrics.remembered) > REMEMBERED:
            metrics.remembered.clear()
        for key, series in known.items():
            series.newest = max(series.newest, newest.get(series.id, NEVER))
            metrics.remembered[key] = series


def _told(tenant: str, kept: int, refused: Counter[Refusal]) -> Recorded:
    RECORDED.labels(tenant).inc(kept)
    for reason, number in refused.items():
        REFUSED.labels(tenant, reason.value).inc(number)
    return Recorded(accepted=kept, refused={why: n for why, n in refused.items() if n})
