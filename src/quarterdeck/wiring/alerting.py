"""Alerting: what has alerts end, be put together, and be told of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from functools import partial

from quarterdeck.kernel.settings import Settings
from quarterdeck.operations.alerts.service.counting import settle
from quarterdeck.operations.alerts.service.pushing import expire
from quarterdeck.operations.routing.service.dispatching import Dispatcher
from quarterdeck.operations.routing.service.forgetting import forget
from quarterdeck.operations.routing.service.sending import Sending
from quarterdeck.operations.rules.service.evaluating import Evaluator
from quarterdeck.providers.prometheus.rules import HttpPrometheus
from quarterdeck.providers.webhook.notifier import HttpNotifier
from quarterdeck.runtime import Runtime
from quarterdeck.worker.pulse import Pulses

EXPIRE_S, DISPATCH_S, NOTIFY_S, FORGET_S = 0.25, 0.1, 0.05, 600.0
COUNT_S = 30.0
EVALUATE_S = 1.0  # that a turn is late at most


def _prometheus(settings: Settings) -> HttpPrometheus | None:
    if not settings.prometheus_url:
        return None
    return HttpPrometheus(settings.prometheus_url, settings.prometheus_token)


@contextmanager
def alerting(runtime: Runtime) -> Iterator[Pulses]:
    """The pulses of a worker that alerts; when the block ends, what is under way has ended."""
    engine, clock, settings = runtime.engine, runtime.clock, runtime.settings
    dispatcher = Dispatcher(engine=engine, clock=clock, url=settings.base_url)
    prometheus = _prometheus(settings)
    with (
        closing(prometheus) if prometheus else nullcontext(),
        closing(HttpNotifier(settings.webhook_networks)) as notifier,
        closing(
            Sending(
                engine=engine,
                clock=clock,
                notifier=notifier,
                per_minute=settings.notifications_per_minute,
            )
        ) as sending,
    ):
        rules = Evaluator(
            engine=engine,
            metrics=runtime.metrics,
            clock=clock,
            url=settings.base_url,
            attached=prometheus,
            attached_to=settings.prometheus_tenant,
        )
        yield {
            "evaluate rules": (EVALUATE_S, rules.beat),
            "expire alerts": (EXPIRE_S, partial(expire, engine, clock)),
            "count alerts": (COUNT_S, partial(settle, engine)),
            "dispatch alerts": (DISPATCH_S, dispatcher.beat),
            "notify": (NOTIFY_S, sending.beat),
            "forget notifications": (FORGET_S, partial(forget, engine, clock)),
        }
