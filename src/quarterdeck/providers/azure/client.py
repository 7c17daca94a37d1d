"""The client: an exchange with a token, tried again while that helps."""

from collections.abc import Callable
from typing import TypeVar

from quarterdeck.kernel.clock import Clock
from quarterdeck.providers.azure.answers import refusal
from quarterdeck.providers.azure.credential import Credential
from quarterdeck.providers.azure.options import Patience
from quarterdeck.providers.azure.retry import keep_trying
from quarterdeck.providers.azure.transport import Answer, Transport

Reading = TypeVar("Reading")

SUCCESS = range(200, 300)
UNAUTHORIZED = 401


class Client:
    """Reads Azure as one credential; may be used from several threads."""

    def __init__(
        self, transport: Transport, credential: Credential, patience: Patience, clock: Clock
    ) -> None:
        self._transport = transport
        self._credential = credential
        self._patience = patience
        self._clock = clock

    def authenticate(self) -> None:
        """Get a token; raises CloudFailure with why there is none."""
        keep_trying(self._credential.token, self._patience)

    def read(self, url: str, understand: Callable[[Answer], Reading]) -> Reading:
        """What ``understand`` makes of the answer to a GET.

        It runs inside the try: where it raises Passing, the answer is asked for again.
        """
        return keep_trying(lambda: understand(self.send("GET", url)), self._patience)

    def send(self, method: str, url: str, body: bytes | None = None) -> Answer:
        """One exchange, tried once. Raises CloudFailure unless it succeeded."""
        answer = self._transport.send(method, url, self._credential.token(), body)
        if answer.status in SUCCESS:
            return answer
        if answer.status == UNAUTHORIZED:
            self._credential.forget()
        raise refusal(answer, self._clock)
