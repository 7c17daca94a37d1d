"""The SDK: an application's own way into the trail.

Import from here. It stands apart from the rest of the package: it opens no database and
brings no web framework along.
"""

from quarterdeck.client.asgi import AuditMiddleware
from quarterdeck.client.client import AsyncClient, Client
from quarterdeck.client.event import Event, Party
from quarterdeck.client.keeping import (
    LogForked,
    LogRolledBack,
    NotProven,
    PastDenied,
    SignerUnknown,
)
from quarterdeck.client.logs import AuditHandler
from quarterdeck.client.sender import Condition

__all__ = [
    "AsyncClient",
    "AuditHandler",
    "AuditMiddleware",
    "Client",
    "Condition",
    "Event",
    "LogForked",
    "LogRolledBack",
    "NotProven",
    "Party",
    "PastDenied",
    "SignerUnknown",
]
