"""How the projections stand: by how much each is behind, and since when."""

from collections.abc import Sequence

from prometheus_client import Gauge
from sqlalchemy import Engine

from quarterdeck.kernel.clock import Clock, micros
from quarterdeck.kernel.db import reading
from quarterdeck.kernel.health import Entry, Health
from quarterdeck.kernel.work import Tenants
from quarterdeck.trail.log.ports import Reader
from quarterdeck.trail.projections import store
from quarterdeck.trail.projections.model import Place, ProjectionDiverged, Standing
from quarterdeck.trail.projections.service.projector import check

READY_S, SLOW_S, STUCK_S = 5, 30, 600
"""Seconds behind: what is ready (runbook 004, L126), degraded, and unhealthy."""

LAG = Gauge(
    "quarterdeck_projection_lag_seconds",
    "Age of the oldest record that a projection has not applied; of its worst log.",
    ["projection"],
)
BEHIND = Gauge(
    "quarterdeck_projection_behind_records", "Records not applied, of all logs.", ["projection"]
)


def standings(
    engine: Engine, read: Engine, reader: Reader, clock: Clock, names: Sequence[str]
) -> list[Standing]:
    """Each projection of each log that has begun."""
    with reading(engine) as db:
        held = store.paused(db)
    with reading(read) as db:
        places = store.every_place(db)
    now = micros(clock())
    found = []
    for log, size in sorted(reader.sizes().items()):
        for name in names:
            place = places.get((name, log), Place())
            lag = _lag_s(reader, log, place, size, now)
            found.append(
                Standing(
                    projection=name, log=log, place=place, size=size, lag_s=lag, paused=name in held
                )
            )
    return found


def of(found: Sequence[Standing], tenants: Tenants) -> list[Standing]:
    """Those of these tenants' logs."""
    every = "*" in tenants.ids
    return [one for one in found if every or one.log in tenants.ids]


def measure(found: Sequence[Standing], names: Sequence[str]) -> None:
    """Tell the metrics."""
    for name in names:
        mine = [one for one in found if one.projection == name]
        LAG.labels(name).set(max((one.lag_s for one in mine), default=0))
        BEHIND.labels(name).set(sum(one.behind for one in mine))


def projection_health(found: Sequence[Standing], reader: Reader) -> Entry:
    """Ready within 5 s; degraded beyond 30 s; unhealthy beyond 10 minutes or where one diverged."""
    worst = max(found, key=lambda one: one.lag_s, default=None)
    try:
        for one in found:
            check(reader, one.projection, one.log, one.place)
    except ProjectionDiverged as error:
        return Entry(status=Health.UNHEALTHY, description=str(error))
    if worst is None or not worst.behind:
        return Entry(status=Health.HEALTHY, description=f"{len(found)} read models, none behind")
    held = ", paused" if worst.paused else ""
    return Entry(
        status=_status(worst.lag_s),
        description=f"{worst.projection} of {worst.log} is {worst.behind} records and "
        f"{worst.lag_s:.1f} s behind{held}",
    )


def _status(lag_s: float) -> Health:
    if lag_s > STUCK_S:
        return Health.UNHEALTHY
    return Health.DEGRADED if lag_s > SLOW_S else Health.HEALTHY


def _lag_s(reader: Reader, log: str, place: Place, size: int, now: int) -> float:
    if place.size >= size:
        return 0.0
    since = reader.moment(log, place.size)
    return 0.0 if since is None else max(0, now - since) / 1e6
