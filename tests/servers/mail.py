"""A real mail server that keeps what it takes, and refuses what it is told to."""

import socketserver
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from ssl import SSLContext
from threading import Thread

from typing_extensions import override


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail that was taken."""

    recipients: tuple[str, ...]
    message: EmailMessage
    secure: bool
    user: str


@dataclass
class MailBox:
    """What came, and how the next ones are answered.

    Attributes:
        refuses: by recipient, what is answered to them, first to last: ``550 no such person``.
        breaks: how many are cut off amid their text.
        login: what is answered to who signs in.
    """

    port: int = 0
    got: list[Mail] = field(default_factory=list)
    refuses: dict[str, list[str]] = field(default_factory=dict)
    breaks: int = 0
    login: str = "235 welcome"

    def to(self, recipient: str) -> list[Mail]:
        """What a recipient got."""
        return [one for one in list(self.got) if recipient in one.recipients]


class _Talk(socketserver.StreamRequestHandler):
    """SMTP (RFC 5321), as much as a client needs."""

    server: "_Server"

    @override
    def handle(self) -> None:
        self.recipients: list[str] = []
        self.user, self.secure = "", self.server.implicit
        self.say("220 here")
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            if not self.hear(verb.upper(), rest):
                return

    def hear(self, verb: str, rest: str) -> bool:
        match verb:
            case "EHLO":
                more = [] if self.secure or self.server.trust is None else ["250-STARTTLS"]
                for said in ("250-here", *more, "250-AUTH PLAIN", "250 8BITMIME"):
                    self.say(said)
            case "STARTTLS":
                self.begin_tls()
            case "AUTH":
                self.user = b64decode(rest.split()[1]).split(b"\0")[1].decode()
                self.say(self.server.box.login)
            case "RCPT":
                self.take(rest.partition("<")[2].partition(">")[0])
            case "DATA":
                return self.read()
            case "QUIT":
                self.say("221 bye")
                return False
            case _:
                self.say("250 fine")
        return True

    def take(self, recipient: str) -> None:
        left = self.server.box.refuses.get(recipient)
        if left:
            self.say(left.pop(0))
            return
        self.recipients.append(recipient)
        self.say("250 fine")

    def read(self) -> bool:
        if self.server.box.breaks:
            self.server.box.breaks -= 1
            return False
        self.say("354 go on")
        text = b""
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            text += line[1:] if line.startswith(b".") else line
        message = BytesParser(policy=default).parsebytes(text)
        assert isinstance(message, EmailMessage)
        one = Mail(
            recipients=tuple(self.recipients),
            message=message,
            secure=self.secure,
            user=self.user,
        )
        self.server.box.got.append(one)
        self.recipients = []
        self.say("250 taken")
        return True

    def begin_tls(self) -> None:
        assert self.server.trust is not None
        self.say("220 go on")
        self.connection = self.server.trust.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.secure = True

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    @override
    def finish(self) -> None:
        self.rfile.close()
        self.wfile.close()
        self.connection.close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, box: MailBox, trust: SSLContext | None, *, implicit: bool) -> None:
        self.box, self.trust, self.implicit = box, trust, implicit
        super().__init__(("127.0.0.1", 0), _Talk)
        if implicit and trust:
            self.socket = trust.wrap_socket(self.socket, server_side=True)

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Who was cut off has gone away."""


@contextmanager
def running(trust: SSLContext | None = None, *, implicit: bool = False) -> Iterator[MailBox]:
    """A mail server on a free port; ``trust``: with TLS, offered, or from the first byte on."""
    box = MailBox()
    server = _Server(box, trust, implicit=implicit)
    box.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
