"""A logging handler: log lines that say who did what become events."""

import logging
from typing import Any

from typing_extensions import override

from quarterdeck.client.client import Client
from quarterdeck.client.event import Event, Party


class AuditHandler(logging.Handler):
    """Records what is logged with an actor.

    ``logger.info("orders:create", extra={"actor": Party("user", "u-1"),
    "resource": Party("order", "o-1"), "payload": {...}})``: the message is the action. A
    line without an actor is no event and is let pass. Without a resource it is about the
    logger.
    """

    def __init__(self, client: Client, level: int = logging.INFO) -> None:
        super().__init__(level)
        self._client = client

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Record one line; as every handler, it never raises into the application."""
        said: dict[str, Any] = record.__dict__
        actor = said.get("actor")
        if not isinstance(actor, Party):
            return
        try:
            self._client.record(
                Event(
                    action=record.getMessage(),
                    actor=actor,
                    resource=said.get("resource") or Party("logger", record.name),
                    outcome=said.get("outcome", "success"),
                    payload=said.get("payload") or {},
                    changes=said.get("changes"),
                )
            )
        except Exception:  # noqa: BLE001  whatever it is, a log line must not stop its writer
            self.handleError(record)
