"""Carries parcels by SMTP, each to one recipient."""

import smtplib
from dataclasses import dataclass, field
from ssl import SSLContext

from quarterdeck.operations.messages.bundling import as_one
from quarterdeck.operations.messages.ports import Parcel
from quarterdeck.operations.sending.model import Reply
from quarterdeck.providers.email import rendering

TIMEOUT_S = 10.0
STARTTLS, IMPLICIT, PLAIN = "starttls", "implicit", "none"
PORTS = {STARTTLS: 587, IMPLICIT: 465, PLAIN: 25}
PERMANENT = 500
NOT_SET = "there is no mail server: set smtp_host and smtp_from"
MOST_WORDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The mail server of an installation.

    Attributes:
        port: 0: the usual one of ``tls``, which is ``starttls``, ``implicit`` or ``none``.
        sender: the address that mails come from; empty, as ``host``: none are sent.
        trust: which certificates; None: those that the machine does.
    """

    host: str
    port: int = 0
    tls: str = STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""
    trust: SSLContext | None = None


class MailCarrier:
    """The port ``Carrier``, for mail."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def carry(self, parcel: Parcel) -> Reply:
        """As the port says. A refusal for now (4xx) is tried again, one for good (5xx) is not."""
        if not self._server.host or not self._server.sender:
            return Reply(error=NOT_SET, again=True)
        try:
            return self._sent(parcel)
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
            # It is about us, not about this mail: who mends the settings has it sent.
            return Reply(error=_words(error), again=True)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = error.recipients[parcel.address]
            return _refused(code, f"{parcel.address}: {_text(words)}")
        except smtplib.SMTPResponseException as error:
            return _refused(error.smtp_code, _text(error.smtp_error))
        except (smtplib.SMTPException, OSError) as error:
            return Reply(error=_words(error), again=True)

    def _sent(self, parcel: Parcel) -> Reply:
        server = self._server
        mail = rendering.mail(
            as_one(parcel.contents),
            server.sender,
            parcel.address,
            f"{parcel.tenant}/{parcel.about}",
            repeat=parcel.attempt > 1,
        )
        made = rendering.addressed(mail, parcel.id, parcel.at, parcel.attempt - 1)
        with self._connected() as smtp:
            if server.tls == STARTTLS:
                smtp.starttls(context=server.trust)
            if server.user:
                smtp.login(server.user, server.password)
            smtp.send_message(made, to_addrs=[parcel.address])
        return Reply(receipt=str(made["Message-ID"]))

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        port = server.port or PORTS[server.tls]
        own = rendering.host_of(server.sender)  # looking ours up may take seconds
        if server.tls == IMPLICIT:
            return smtplib.SMTP_SSL(server.host, port, own, timeout=TIMEOUT_S, context=server.trust)
        return smtplib.SMTP(server.host, port, own, timeout=TIMEOUT_S)


def _refused(code: int, words: str) -> Reply:
    said = f"{code}: {words}"[:MOST_WORDS]
    return Reply(status=code, error=said, again=code < PERMANENT)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:MOST_WORDS]


def _text(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words
