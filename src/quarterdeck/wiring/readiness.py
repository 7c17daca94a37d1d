"""Readiness by role: what each service of runbook 004 (topic 3) needs, in our adapters.

``docs/reference/readiness.md`` has the table; a test keeps them the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from quarterdeck.access.limits.service import limiter_ready
from quarterdeck.kernel import health
from quarterdeck.kernel.checks import EXPECTED, database_check, writable
from quarterdeck.kernel.health import Check, CheckFailed, Entry, Health, degraded_if, healthy
from quarterdeck.kernel.installation import make_private
from quarterdeck.kernel.telemetry import DEPENDENCY_SECONDS, DEPENDENCY_UP
from quarterdeck.runtime import Runtime
from quarterdeck.trail.deliveries.model import RELAY
from quarterdeck.trail.deliveries.service import readiness as deliveries
from quarterdeck.trail.export import readiness as exports
from quarterdeck.trail.integrity import readiness as integrity
from quarterdeck.trail.keys import readiness as keys
from quarterdeck.trail.log.condition import tenants_with_logs
from quarterdeck.trail.policy import readiness as policy
from quarterdeck.trail.projections.service import readiness as projections
from quarterdeck.trail.query import readiness as query

if TYPE_CHECKING:
    from quarterdeck.trail.deliveries.ports import Topic

CONSUMER = "projection-worker"
BACKENDS = ("ingestion", "query", "policy")

Roles = dict[str, dict[str, Check]]


@dataclass(slots=True)
class Bus:
    """The topic, opened when it is first asked about: who only starts connects nowhere."""

    open: Callable[[], Topic]
    _topic: Topic | None = None
    _lock: Lock = field(default_factory=Lock)

    def check(self) -> Entry:
        """Raise TopicAway where nothing can be published."""
        with self._lock:
            self._topic = self._topic or self.open()
        return healthy(self._topic.check())


def roles(runtime: Runtime, open_topic: Callable[[], Topic]) -> Roles:
    """The checks of each role, by role and by entry. Each says which dependency it is about."""
    bus, kms = Bus(open_topic).check, keys.KmsProbe(runtime.keys)
    found: Roles = {
        "ingestion": _ingestion(runtime, bus) | {"kms": about("kms", kms.beside)},
        "query": _query(runtime),
        "projection": _projection(runtime, bus),
        "export": _export(runtime, kms),
        "integrity": _integrity(runtime, kms),
        "policy": _policy(runtime) | {"kms": about("kms", kms.beside)},
        RELAY: _relay(runtime, bus),
    }
    return {"gateway": _gateway(runtime, found, kms), **found}


def about(dependency: str, check: Check) -> Check:
    """``check``, whose words begin with what it is about."""

    def named() -> Entry:
        up = False
        try:
            with DEPENDENCY_SECONDS.labels(dependency).time():
                found = check()
            up = found.status is not Health.UNHEALTHY
        except EXPECTED as error:
            raise CheckFailed(f"{dependency}: {error}") from error
        finally:
            # Once it is known, and not before: who reads meanwhile gets the last answer.
            DEPENDENCY_UP.labels(dependency).set(up)
        return Entry(status=found.status, description=f"{dependency}: {found.description}")

    return named


def _gateway(runtime: Runtime, found: Roles, kms: keys.KmsProbe) -> dict[str, Check]:
    return {
        "key_vault": about("key store", partial(_with_kms, _keys(runtime), kms)),
        "backends": about("backends", partial(_backends, {r: found[r] for r in BACKENDS})),
        "rate_limiter": about("rate limiter", partial(limiter_ready, runtime.engine)),
    }


def _ingestion(runtime: Runtime, bus: Check) -> dict[str, Check]:
    return {
        "database": about("database", database_check(runtime.engine)),
        "bus": about("bus", bus),
        "worm_store": about("segment store", partial(_worm, runtime)),
        "policy_service": about(
            "classification", partial(policy.classification_ready, runtime.engine)
        ),
        "outbox_relay": about("outbox relay", _relay_process(runtime)),
    }


def _query(runtime: Runtime) -> dict[str, Check]:
    explorer = runtime.explorer
    checks = {
        "read_model": about("read models", partial(projections.read_model_ready, explorer.read)),
        "cache": about("query cache", partial(query.cache_ready, explorer)),
        "watermark": about("watermark", _lag(runtime, runtime.settings.ready_watermark_s)),
    }
    if explorer.search:
        checks["search"] = about("search index", partial(query.search_ready, explorer))
    return checks


def _projection(runtime: Runtime, bus: Check) -> dict[str, Check]:
    engine, reader, clock = runtime.engine, runtime.reader, runtime.clock
    asked = (engine, reader, clock, CONSUMER)
    subscription = partial(deliveries.subscription_ready, *asked)
    return {
        "subscription": about("subscription", partial(_with_bus, subscription, bus)),
        "read_model": about(
            "read models", partial(projections.read_model_writable, runtime.explorer.read)
        ),
        "inbox": about("inbox", partial(deliveries.inbox_ready, engine, CONSUMER)),
        "lag": about("projection lag", _lag(runtime, runtime.settings.ready_lag_s)),
        "dead_letters": about(
            "dead letters",
            partial(deliveries.dead_letters_ready, *asked, runtime.settings.ready_dead_letters),
        ),
    }


def _export(runtime: Runtime, kms: keys.KmsProbe) -> dict[str, Check]:
    engine, signed = runtime.engine, partial(keys.signing_ready, runtime.keys, _logs(runtime))
    return {
        "export_store": about("export folder", partial(_exports, runtime)),
        "job_queue": about("job queue", partial(exports.queue_ready, engine)),
        "kms_signing": about("signing keys", partial(_with_kms, signed, kms)),
        "bandwidth": about(
            "export budget",
            partial(
                exports.budget_ready, engine, runtime.clock, runtime.settings.export_budget_bytes
            ),
        ),
    }


def _integrity(runtime: Runtime, kms: keys.KmsProbe) -> dict[str, Check]:
    return {
        "worm_store": about("segment store", partial(_worm, runtime)),
        "signing_keys": about("signing keys", partial(_with_kms, _keys(runtime), kms)),
        "chain_state": about(
            "checkpoints and segments", partial(integrity.chain_state_ready, runtime.engine)
        ),
        "merkle": about("Merkle tree", integrity.tree_ready),
    }


def _policy(runtime: Runtime) -> dict[str, Check]:
    engine = runtime.engine
    return {
        "database": about("policy database", partial(policy.policies_ready, engine)),
        "cache": about("policy cache", partial(_policy_cache, runtime)),
        "default_policies": about("default policies", partial(policy.defaults_ready, engine)),
    }


def _relay(runtime: Runtime, bus: Check) -> dict[str, Check]:
    asked = (runtime.engine, runtime.reader, runtime.clock)
    return {
        "database": about("database", database_check(runtime.engine)),
        "bus": about("bus", bus),
        "process": about("outbox relay", _relay_process(runtime)),
        "backlog": about("outbox", partial(deliveries.relay_ready, *asked)),
    }


def _relay_process(runtime: Runtime) -> Check:
    role = RELAY if runtime.settings.relay_apart else "worker"
    return partial(deliveries.process_ready, runtime.engine, role)


def _lag(runtime: Runtime, limit_s: float) -> Check:
    read = runtime.explorer.read
    asked = (runtime.engine, read, runtime.reader, runtime.clock, limit_s)
    return partial(projections.lag_ready, *asked)


def _keys(runtime: Runtime) -> Check:
    return partial(keys.keys_ready, runtime.keys, _logs(runtime), runtime.clock)


def _with_kms(stored: Check, kms: keys.KmsProbe) -> Entry:
    return healthy(f"{stored().description}; kms: {kms.needed().description}")


def _with_bus(subscription: Check, bus: Check) -> Entry:
    found = subscription()
    return replace(found, description=f"{found.description}; {bus().description}")


def _logs(runtime: Runtime) -> Callable[[], list[str]]:
    return partial(tenants_with_logs, runtime.engine)


def _worm(runtime: Runtime) -> Entry:
    if runtime.worm is None:
        raise CheckFailed("none is set")
    return healthy(runtime.worm.check())


def _exports(runtime: Runtime) -> Entry:
    folder = runtime.exports or Path(runtime.settings.data) / "bundles"
    make_private(folder)
    return healthy(writable(folder))


def _policy_cache(runtime: Runtime) -> Entry:
    stats = runtime.policies.stats
    return healthy(
        f"the policies of {stats.entries} tenants are kept, hit rate {stats.hit_rate_percent} %"
    )


def _backends(found: Mapping[str, Mapping[str, Check]]) -> Entry:
    reports = {role: health.run(checks, EXPECTED) for role, checks in found.items()}
    words = "; ".join(
        f"{role} is {report.status}{_failing(report)}" for role, report in reports.items()
    )
    worst = {report.status for report in reports.values()}
    if Health.UNHEALTHY in worst:
        raise CheckFailed(words)
    return degraded_if(Health.DEGRADED in worst, words)


def _failing(report: health.Report) -> str:
    bad = [f"{name}: {e.description}" for name, e in report.entries.items() if _bad(e)]
    return f" ({', '.join(bad)})" if bad else ""


def _bad(entry: Entry) -> bool:
    return entry.status is not Health.HEALTHY
