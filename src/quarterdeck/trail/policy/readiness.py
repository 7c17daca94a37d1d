"""Whether policies hold: they can be read, the defaults are loaded, a field gets its class."""

from time import perf_counter

from sqlalchemy import Engine

from quarterdeck.kernel.checks import asking
from quarterdeck.kernel.health import CheckFailed, Entry, degraded_if, healthy
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.trail.policy import service
from quarterdeck.trail.policy.compiled import Classifier
from quarterdeck.trail.policy.model import PolicyInvalid

SLOW_S = 0.1
"""For a field that was never seen: what an event may take is mostly spent on known ones."""


def policies_ready(engine: Engine) -> Entry:
    """The policies can be read."""
    started = perf_counter()
    with asking(engine) as db:
        newest = service.newest(db)
    tenants, took_ms = {tenant for tenant, _ in newest}, (perf_counter() - started) * 1000
    return healthy(f"{len(newest)} policies of {len(tenants)} tenants, read in {took_ms:.1f} ms")


def defaults_ready(engine: Engine) -> Entry:
    """The platform's default policies are loaded; degraded until the log has heard of them.

    Raises:
        CheckFailed: names those that are missing.
    """
    with asking(engine) as db:
        newest = service.newest(db)
    there = {kind: newest.get((PLATFORM, kind)) for kind in service.DEFAULTS}
    if missing := [str(kind) for kind, version in there.items() if version is None]:
        raise CheckFailed(f"no default policy for {', '.join(missing)}: run quarterdeck migrate")
    words = ", ".join(f"{kind} version {one.version}" for kind, one in there.items() if one)
    waits = any(one is not None and not one.holds for one in there.values())
    return degraded_if(waits, words + ("; the log has yet to hear of it" if waits else ""))


def classification_ready(engine: Engine) -> Entry:
    """A field gets its class by the rules that hold; degraded where that takes too long.

    Raises:
        CheckFailed: the rules that are stored are none.
    """
    try:
        with asking(engine) as db:
            rules = service.standing(db, PLATFORM).classification
    except PolicyInvalid as error:
        raise CheckFailed(f"the classification of {PLATFORM} cannot be used: {error}") from error
    started = perf_counter()
    verdict = Classifier(rules).shape("readiness.probe", "check").verdict("/payload/probe")
    took_s = perf_counter() - started
    return degraded_if(
        took_s > SLOW_S,
        f"{len(rules.rules)} rules made a field {verdict.cls} in {took_s * 1000:.2f} ms",
    )
