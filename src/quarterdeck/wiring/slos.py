"""Where SLOs get their numbers from."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

from quarterdeck.operations.slos.own import TYPE, OwnNumbers
from quarterdeck.operations.slos.ports import Numbers
from quarterdeck.providers.prometheus.numbers import PrometheusNumbers
from quarterdeck.runtime import Runtime


@contextmanager
def numbers(runtime: Runtime) -> Iterator[Mapping[str, Numbers]]:
    """The sources of SLOs, by the type that OpenSLO files name."""
    own = OwnNumbers(engine=runtime.engine, metrics=runtime.metrics, clock=runtime.clock)
    with closing(PrometheusNumbers(runtime.settings.prometheus_networks)) as prometheus:
        yield {TYPE: own, "Prometheus": prometheus}
