"""Looks by a connection alone: TCP, and TLS with the days its certificate has left."""

import asyncio
import ssl
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from quarterdeck.operations.health.model.registry import Probe, ProbeKind
from quarterdeck.operations.health.model.state import Outcome, State

SOON_DAYS = 30  # runbook 004, topic 5: CertificateExpiring
DAY = timedelta(days=1)


async def look(probe: Probe, trust: ssl.SSLContext, now: datetime) -> Outcome:
    """Whether somebody listens there; for TLS also whether, and how long, it can be trusted."""
    host, _, port = probe.target.rpartition(":")
    name = host.removeprefix("[").removesuffix("]")
    secured = probe.kind is ProbeKind.TLS
    try:
        _, writer = await asyncio.open_connection(
            name,
            int(port),
            ssl=trust if secured else None,
            server_hostname=name if secured else None,
        )
    except (OSError, OverflowError, UnicodeError) as error:
        return Outcome(state=State.DOWN, detail=_words(error), took_ms=0.0)
    try:
        found = _judged(writer.get_extra_info("peercert"), now)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return found


def _judged(certificate: dict[str, Any] | None, now: datetime) -> Outcome:
    if not certificate:
        return Outcome(state=State.HEALTHY, detail="connected", took_ms=0.0)
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), tz=now.tzinfo)
    days = (ends - now) / DAY
    state = State.HEALTHY if days >= SOON_DAYS else State.DEGRADED
    detail = f"certificate expires {ends:%Y-%m-%d}, in {days:.0f} days"
    return Outcome(state=state, detail=detail, took_ms=0.0, days=round(days, 2))


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate refused: {error.verify_message}"
    return f"{type(error).__name__}: {error}"
