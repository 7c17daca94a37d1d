"""The clients: record an event and go on; it is sent in the background."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

import httpx2

from quarterdeck.client.event import Event
from quarterdeck.client.keeping import Keeper
from quarterdeck.client.sender import Condition, Sender
from quarterdeck.client.spool import Spool, SpoolFull

SPOOL_BYTES = 1024 * 1024 * 1024
CLOSE_S = 5.0

logger = logging.getLogger("quarterdeck.client")


class Client:
    """Records events. Any thread may use it; it goes on working in a forked child.

    ``record`` never waits for the network, and raises nothing for its sake or the disk's: the
    event is in the spool when it returns, and is sent in order, once, when the trail can be
    reached.

    Args:
        url: of the installation.
        token: of a principal with the permission ``audit:ingest``.
        spool: a folder for what was not sent yet; processes of one application share it.
        ca_file: the only certificate authorities to trust, PEM.
        spool_bytes: bound of what may wait. An event that finds it, or the disk, full is lost,
            is counted, and leaves a gap in the source's numbers, which the trail shows.
        key: ``name+hash+key`` of the log, as its operator told you: checkpoints must be
            signed by it.
        durable: wait for the disk with each event: it then survives the machine's death.

    Raises:
        ValueError: ``key`` is none.
    """

    def __init__(  # noqa: PLR0913  all but two have a good default
        self,
        url: str,
        token: str,
        *,
        spool: Path | str,
        ca_file: Path | str | None = None,
        spool_bytes: int = SPOOL_BYTES,
        key: str | None = None,
        durable: bool = False,
        timeout_s: float = 30.0,
    ) -> None:
        verify = ssl.create_default_context(cafile=str(ca_file)) if ca_file else True
        headers = {"authorization": f"Bearer {token}", "user-agent": "quarterdeck-client"}
        self._spool = Spool(Path(spool), spool_bytes, durable=durable)
        self._http: Callable[[], httpx2.Client] = partial(
            httpx2.Client,
            base_url=url.rstrip("/"),
            headers=headers,
            verify=verify,
            timeout=timeout_s,
        )
        self._keeper = Keeper(Path(spool) / "checkpoints", key)
        self._lock = Lock()
        self._sender: Sender | None = None
        self._losing = False

    def record(self, event: Event) -> bool:
        """Put an event on its way; False if it is lost, since the spool or its disk is full.

        The first that is lost is told as critical; ``condition`` counts all.

        Raises:
            TypeError: its payload is no JSON.
        """
        sender = self._sending()
        try:
            self._spool.append(event)
        except SpoolFull as full:
            self._tell_lost(full)
            return False
        self._losing = False
        sender.wake()
        return True

    def _tell_lost(self, why: SpoolFull) -> None:
        if not self._losing:
            logger.critical("audit events are lost from now on: %s", why)
        self._losing = True

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that was recorded is in the trail; False if time ran out."""
        return self._sending().flush(timeout_s)

    def close(self, timeout_s: float = CLOSE_S) -> bool:
        """Flush, and stop; what was not sent stays in the spool for the next process."""
        sender = self._sending()
        done = sender.flush(timeout_s)
        sender.close()
        return done

    @property
    def condition(self) -> Condition:
        """How the way to the trail is."""
        sender = self._sending()
        return Condition(
            waiting_bytes=self._spool.waiting_bytes,
            sent=sender.sent,
            refused=sender.refused,
            lost=self._spool.lost,
            failure=sender.failure,
            denied=dict(self._keeper.denied),
            unproven=dict(self._keeper.unproven),
        )

    def check_past(self) -> None:
        """Hold every log that took events against the checkpoint kept of it, now.

        The sender does so each minute by itself, tells what it finds as critical, and shows it
        in ``condition``. The files stand below the spool, as ``checkpoints/TENANT.checkpoint``:
        ``quarterdeck trail verify --since`` reads them.

        Raises:
            PastDenied: LogRolledBack, LogForked, or SignerUnknown where there is a ``key``.
            NotProven: the trail does not give what would prove its checkpoint.
            httpx2.HTTPError: it does not answer.
        """
        with self._http() as http:
            self._keeper.look_at_all(http)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _sending(self) -> Sender:
        # Threads do not survive a fork: a child makes a sender of its own.
        with self._lock:
            if self._sender is None or not self._sender.alive:
                self._sender = Sender(self._http(), self._spool, self._keeper)
                self._sender.start()
            return self._sender


class AsyncClient:
    """``Client`` for asyncio: the same spool and sender, and nothing that blocks the loop."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def record(self, event: Event) -> bool:
        """As ``Client.record``; the disk is waited for in a thread."""
        return await asyncio.to_thread(self._client.record, event)

    async def flush(self, timeout_s: float) -> bool:
        """As ``Client.flush``."""
        return await asyncio.to_thread(self._client.flush, timeout_s)

    async def close(self, timeout_s: float = CLOSE_S) -> bool:
        """As ``Client.close``."""
        return await asyncio.to_thread(self._client.close, timeout_s)

    async def check_past(self) -> None:
        """As ``Client.check_past``."""
        await asyncio.to_thread(self._client.check_past)

    @property
    def condition(self) -> Condition:
        """How the way to the trail is."""
        return self._client.condition

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
