"""The client: an exchange with a token, within the quota, tried again while that helps."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import monotonic, sleep
from typing import TypeVar

from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass, Pause
from quarterdeck.kernel.clock import Clock
from quarterdeck.providers.azure import metrics
from quarterdeck.providers.azure.answers import denies, error_of, refusal
from quarterdeck.providers.azure.asks import Api, Ask
from quarterdeck.providers.azure.breaker import Breakers
from quarterdeck.providers.azure.credential import Credential
from quarterdeck.providers.azure.options import Patience
from quarterdeck.providers.azure.quota import Key, Pacer
from quarterdeck.providers.azure.retry import keep_trying
from quarterdeck.providers.azure.transport import Answer, Transport

Reading = TypeVar("Reading")

SUCCESS = range(200, 300)
UNAUTHORIZED = 401
NO_SCOPE: Mapping[Api, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a cloud is asked; shared by all who ask it as one credential.

    Attributes:
        principal: whose quotas and circuits they are.
        scopes: what a token is asked for by API; ``scope`` for the others.
    """

    patience: Patience
    pacer: Pacer
    breakers: Breakers
    principal: str = ""
    scope: str = ""
    scopes: Mapping[Api, str]


def manners(patience: Patience) -> Manners:
    """Those of a credential on its own."""
    return Manners(
        patience=patience, pacer=Pacer(monotonic), breakers=Breakers(monotonic), scopes=NO_SCOPE
    )


class Client:
    """Reads Azure as one credential; may be used from several threads."""

    def __init__(
        self,
        transport: Transport,
        credential: Credential,
        how: Manners,
        clock: Clock,
        pause: Pause = sleep,
    ) -> None:
        self._transport = transport
        self._credential = credential
        self._how = how
        self._clock = clock
        self._pause = pause

    def authenticate(self) -> None:
        """Get a token; raises CloudFailure with why there is none."""
        keep_trying(lambda: self._token(Api.RESOURCE_MANAGER), self._how.patience, self._rest)

    def read(self, ask: Ask, understand: Callable[[Answer], Reading]) -> Reading:
        """What ``understand`` makes of the answer.

        It runs inside the try: where it raises Passing, the answer is asked for again.
        """
        with self._how.breakers.guard((self._how.principal, ask.api)) as probe:
            patience = self._how.patience
            patience = replace(patience, attempts=1) if probe else patience
            return keep_trying(lambda: understand(self.send(ask)), patience, self._rest)

    def send(self, ask: Ask) -> Answer:
        """One exchange, tried once. Raises CloudFailure unless it succeeded."""
        token = self._token(ask.api)
        key = (self._how.principal, ask.api, ask.scope)
        wait_s = self._how.pacer.admit(key, self._how.patience.longest_asked_s)
        if wait_s > 0:
            self._stand(ask.api, "quota", wait_s)
        with self._counted(key):
            answer = self._transport.send(ask, token)
        self._how.pacer.answered(key, answer.headers)
        metrics.REQUESTS.labels(ask.api, str(answer.status)).inc()
        if answer.status in SUCCESS:
            return answer
        raise self._refused(ask, key, answer)

    def _refused(self, ask: Ask, key: Key, answer: Answer) -> CloudFailure:
        if answer.status == UNAUTHORIZED and not denies(answer.status, error_of(answer)):
            self._credential.forget()
        failure = refusal(answer, self._clock, ask.needs)
        if failure.kind is FailureClass.RATE_LIMIT and failure.retry_after_s:
            self._how.pacer.hold(key, failure.retry_after_s)
        return failure

    def _token(self, api: Api) -> str:
        return self._credential.token(self._how.scopes.get(api, self._how.scope))

    @contextmanager
    def _counted(self, key: Key) -> Iterator[None]:
        began = monotonic()
        try:
            yield
        except BaseException:  # also a stop: the request was made, and nobody knows its answer
            metrics.REQUESTS.labels(key[1], "none").inc()
            raise
        metrics.SECONDS.labels(key[1]).observe(monotonic() - began)

    def _rest(self, seconds: float) -> None:
        self._stand("any", "retry", seconds)

    def _stand(self, api: str, reason: str, seconds: float) -> None:
        metrics.WAITED.labels(api, reason).inc(seconds)
        self._pause(seconds)
