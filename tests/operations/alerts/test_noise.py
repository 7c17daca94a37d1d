"""What wakes people for nothing is counted from what became of it."""

from datetime import timedelta

from sqlalchemy import Engine

from operations.routing.stage import Watch
from quarterdeck.access.principals.model import installation
from quarterdeck.operations.alerts import service as alerts
from quarterdeck.operations.alerts.model import Severity, Sign
from quarterdeck.operations.alerts.service import lifecycle
from quarterdeck.operations.alerts.service.noise import Noise, noise

MONTH = timedelta(days=30)


def fire(watch: Watch, key: str, kind: str = "HighCpu") -> int:
    sign = Sign(key=key, tenant="acme", type=kind, severity=Severity.WARNING, title=key)
    with watch.work(installation()) as work:
        alerts.fire(work, sign)
        return next(one.id for one in alerts.active(work) if one.sign.key == key)


def clear(watch: Watch, key: str) -> None:
    with watch.work(installation()) as work:
        alerts.clear(work, "acme", key)


def reported(watch: Watch, within: timedelta = MONTH) -> list[Noise]:
    with watch.work(installation()) as work:
        return noise(work, "acme", within)


def test_what_ends_by_itself_with_nobody_on_it_was_for_nothing(engine: Engine) -> None:
    watch = Watch(engine)
    assert reported(watch) == []
    for key in ("a", "b", "c", "d"):
        fire(watch, key)
    kept = fire(watch, "disk", "DiskFull")
    watch.pass_time(minutes=4)
    clear(watch, "a")
    watch.pass_time(minutes=2)
    clear(watch, "b")
    with watch.work(installation()) as work:
        [third] = [one.id for one in alerts.active(work) if one.sign.key == "c"]
        lifecycle.acknowledge(work, third, "ada")
        lifecycle.resolve(work, kept, "ada")
    clear(watch, "c")
    counted = {"acknowledged": 1, "by_itself": 3, "untouched": 2, "short": 1}
    cpu = Noise(type="HighCpu", fired=4, **counted)
    disk = Noise(type="DiskFull", fired=1, **dict.fromkeys(counted, 0))
    assert reported(watch) == [cpu, disk]
    assert cpu.share == 0.5
    watch.pass_time(days=31)
    assert reported(watch) == []
