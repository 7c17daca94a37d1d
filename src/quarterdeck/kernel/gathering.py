"""The metrics of an installation's processes as one exposition.

A process that answers nobody writes its own into a file beside the others'; the one that
answers adds them to its own. Every sample gets the ``role`` of its process and the ``region``;
those of a file the ``pid`` too, for there may be two of a role: one that runs, and one that died
of late.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import REGISTRY, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.installation import make_private

FOLDER = "metrics"
"""In the data directory."""

STALE_S = 60.0
SUFFIX = ".prom"


def write(folder: Path, role: str, registry: Collector = REGISTRY) -> None:
    """Write this process's metrics where others find them, whole or not at all."""
    make_private(folder)
    path = folder / f"{role}.{os.getpid()}{SUFFIX}"
    draft = path.with_suffix(".draft")
    draft.write_bytes(generate_latest(registry))
    draft.replace(path)


def leave(folder: Path, role: str) -> None:
    """Tell no more what this process counted: it ends."""
    (folder / f"{role}.{os.getpid()}{SUFFIX}").unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What is served as ``/metrics``: a collector over ``registry`` and the files of others."""

    role: str
    region: str
    folder: Path | None = None
    registry: Collector = REGISTRY

    def collect(self) -> Iterable[Metric]:
        """Every family once, with the samples of all processes."""
        found: dict[str, Metric] = {}
        for whose, families in self._sources():
            for family in families:
                whole = found.setdefault(
                    family.name,
                    Metric(family.name, family.documentation, family.type, family.unit),
                )
                more = whose | {"region": self.region}
                whole.samples += [s._replace(labels=more | s.labels) for s in family.samples]
        return found.values()

    def _sources(self) -> Iterator[tuple[dict[str, str], Iterable[Metric]]]:
        yield {"role": self.role}, self.registry.collect()
        for path in sorted(self.folder.glob(f"*{SUFFIX}")) if self.folder else ():
            with suppress(FileNotFoundError):  # its process has just ended
                if utc_now().timestamp() - path.stat().st_mtime <= STALE_S:
                    role, pid, _ = path.name.split(".")
                    yield {"role": role, "pid": pid}, _read(path)


@dataclass(frozen=True, slots=True)
class Among:
    """A collection, of ``tenants`` alone and of what is no tenant's."""

    whole: Collector
    tenants: frozenset[str]

    def collect(self) -> Iterable[Metric]:
        """Every family, with the samples that may be seen."""
        for family in self.whole.collect():
            family.samples = [one for one in family.samples if self._has(one.labels)]
            yield family

    def _has(self, labels: Mapping[str, str]) -> bool:
        return "tenant" not in labels or labels["tenant"] in self.tenants


def _read(path: Path) -> Iterator[Metric]:
    for family in text_string_to_metric_families(path.read_text()):
        if family.name.startswith("quarterdeck_"):
            yield family
