"""The listening socket, made before the processes that use it."""

import errno
import socket

from quarterdeck.kernel.errors import Unavailable

BACKLOG = 2048


class PortInUse(Unavailable):
    """Somebody else listens there."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on ``host``; port 0 takes a free one.

    Raises:
        PortInUse: says what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise PortInUse(_words(error, host, port)) from error
    return made


def _words(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use: end what listens there, or give --port another"
    return f"cannot listen on {host} port {port}: {error.strerror}"
