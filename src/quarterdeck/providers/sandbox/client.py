"""A sandbox installation, asked over HTTP to try a message."""

from base64 import b64encode

import httpx2

from quarterdeck.kernel.errors import Invalid, Unavailable
from quarterdeck.trail.deliveries.model import Batch, Reason
from quarterdeck.trail.deliveries.trials import Trial

PATH = "/api/v1/trail/dead-letters/trial"
TIMEOUT_S = 10.0


class SandboxAway(Unavailable):
    """The sandbox does not answer, or refuses."""


class BadSandboxes(Invalid):
    """The settings of the sandboxes cannot be used."""


class Sandbox:
    """The port ``Environment``: asks the installation at ``url`` with ``token``."""

    def __init__(self, name: str, url: str, token: str) -> None:
        self._name, self._url, self._token = name, url.rstrip("/"), token

    def trial(self, consumer: str, batch: Batch) -> Trial:
        """As the port says."""
        (entry,) = batch.entries
        body = {
            "consumer": consumer,
            "log": batch.log,
            "index": batch.first,
            "entry": b64encode(entry).decode(),
        }
        try:
            answer = httpx2.post(
                self._url + PATH,
                json=body,
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=TIMEOUT_S,
            )
            said = answer.json()
        except (httpx2.TransportError, ValueError) as error:
            raise SandboxAway(f"environment {self._name} does not answer: {error}") from error
        if answer.is_error:
            why = said.get("detail") or answer.status_code
            raise SandboxAway(f"environment {self._name} refuses: {why}")
        reason = Reason(said["reason"]) if said["reason"] else None
        return Trial(applied=said["applied"], reason=reason, error=said["error"])


def sandboxes(addresses: str, tokens: str) -> dict[str, Sandbox]:
    """The sandboxes that the settings name, by their names; raise BadSandboxes."""
    secrets = _pairs("sandbox_tokens", tokens)
    named = _pairs("sandboxes", addresses)
    if without := sorted(named.keys() - secrets.keys()):
        raise BadSandboxes(f"sandbox_tokens has no token for {', '.join(without)}")
    return {name: Sandbox(name, url, secrets[name]) for name, url in named.items()}


def _pairs(setting: str, text: str) -> dict[str, str]:
    found = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, equals, value = part.partition("=")
        if not (name and equals and value):
            raise BadSandboxes(f"{setting} must be as dev=VALUE, parted by commas")
        found[name.strip()] = value.strip()
    return found
