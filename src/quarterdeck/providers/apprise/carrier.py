"""Carries parcels by Apprise, each in a process of its own: it opens connections as it likes.

The process has neither our environment nor our files' secrets, is guarded from within, and is
killed when its time is up. It costs the third of a second that Apprise takes to load, and memory:
few run at once.
"""

import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from threading import BoundedSemaphore
from time import monotonic

import msgspec

from quarterdeck.operations.channels.service.keeping import NO_APPRISE
from quarterdeck.operations.messages.bundling import as_one
from quarterdeck.operations.messages.ports import Parcel
from quarterdeck.operations.sending.model import Reply
from quarterdeck.providers.apprise import rendering
from quarterdeck.providers.apprise.judging import Verdict

CHILD = "quarterdeck.providers.apprise.begin"
TIMEOUT_S = 15.0  # its start included, which a busy machine makes long
AT_ONCE = 4
"""Of one process of ours. Half the time may be waited for a turn, or too little is left for it."""

TRUST = "SSL_CERT_FILE"
"""The one word of the environment that is handed on: which certificates are trusted."""


class AppriseCarrier:
    """The port ``Carrier``, for what Apprise reaches.

    Args:
        networks: as of ``HttpSender``.
        environ: of this process.
        at_once: how many deliveries may be under way.
    """

    def __init__(
        self,
        networks: str,
        environ: Mapping[str, str],
        timeout_s: float = TIMEOUT_S,
        at_once: int = AT_ONCE,
    ) -> None:
        self._networks, self._timeout_s = networks, timeout_s
        self._turns = BoundedSemaphore(at_once)
        trust = environ.get(TRUST, "")
        own = {TRUST: trust, "REQUESTS_CA_BUNDLE": trust} if trust else {}
        self._environ = {"PATH": "", "HOME": "/nonexistent", "LANG": "C.UTF-8", **own}

    def carry(self, parcel: Parcel) -> Reply:
        """As the port says. Of one address for several people it is taken by all, or by none."""
        if find_spec("apprise") is None:
            return Reply(error=NO_APPRISE, again=True)
        until = monotonic() + self._timeout_s
        if not self._turns.acquire(timeout=self._timeout_s / 2):
            return Reply(error="too many deliveries by Apprise are under way", again=True)
        try:
            return self._sent(parcel, until)
        finally:
            self._turns.release()

    def _sent(self, parcel: Parcel, until: float) -> Reply:
        said = rendering.said(as_one(parcel.contents), repeat=parcel.attempt > 1)
        task = {"url": parcel.secret, "networks": self._networks, "said": said}
        try:
            ended = subprocess.run(  # noqa: S603  our own interpreter and module
                [sys.executable, "-I", "-m", CHILD],
                input=msgspec.json.encode(task),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environ,
                cwd="/",
                timeout=max(until - monotonic(), 0.0),
                check=False,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            return Reply(error=f"no whole answer within {self._timeout_s:g} s", again=True)
        return _reply(ended)


def _reply(ended: subprocess.CompletedProcess[bytes]) -> Reply:
    try:
        found = msgspec.json.decode(ended.stdout, type=Verdict)
    except msgspec.MsgspecError:
        return Reply(error=f"Apprise ended without an answer ({ended.returncode})", again=True)
    return Reply(status=found.status, error=found.error, again=found.again)
