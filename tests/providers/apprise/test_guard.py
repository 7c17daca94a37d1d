"""What a process that stands under the guard may do, and what it may not."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

BEGIN = """
import os, socket, subprocess, sys, threading
from quarterdeck.providers.apprise.guard import Guard
from quarterdeck.providers.webhook.reach import networks_of
guard = Guard(allowed=networks_of("127.0.0.0/8,fd00::/8"), open={open})
guard.stand()
tcp = socket.socket()
udp = socket.socket(type=socket.SOCK_DGRAM)
tcp.settimeout(0.01)
try:
    {line}
except PermissionError as error:
    print(error)
except OSError as error:
    print("done", type(error).__name__)
else:
    print("done")
"""

REFUSED = {
    "tcp.connect(('169.254.169.254', 80))": "169.254.169.254 is not public; allow it by",
    "tcp.connect_ex(('10.0.0.1', 80))": "10.0.0.1 is not public",
    "tcp.connect(('0.0.0.0', 80))": "0.0.0.0 is not public",
    "socket.create_connection(('::ffff:10.0.0.1', 80))": "is not public",
    "socket.create_connection(('fe80::1%lo', 80))": "fe80::1 is not public",
    "udp.sendto(b'x', ('10.0.0.1', 514))": "10.0.0.1 is not public",
    "udp.sendmsg([b'x'], [], 0, ('10.0.0.1', 514))": "10.0.0.1 is not public",
    "tcp.connect(('localhost', 80))": "not to an IP address",
    "tcp.connect((b'10.0.0.1', 80))": "not to an IP address",
    "socket.socket(socket.AF_UNIX).connect('/run/docker.sock')": "not to an IP address",
    "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).bind((0, 0))": "not to an IP address",
    "tcp.bind(('10.0.0.1', 0))": "10.0.0.1 is not public",
    "subprocess.run(['/bin/true'])": "subprocess.Popen",
    "os.system('true')": "os.system",
    "os.execv('/bin/true', ['true'])": "os.exec",
    "os.posix_spawn('/bin/true', ['true'], {})": "os.posix_spawn",
    "os.fork()": "os.fork",
    "os.kill(os.getppid(), 0)": "os.kill",
    "os.remove('/tmp/there-is-none')": "os.remove",
    "import ctypes": "ctypes",
    "import sqlite3; sqlite3.connect(':memory:')": "sqlite3.connect",
    "import syslog; syslog.syslog('x')": "syslog",
    "open('/tmp/there-is-none', 'w')": "a file of this machine",
    "open('/etc/passwd')": "a file of this machine",
    "open(b'/proc/self/environ', 'rb')": "a file of this machine",
    "open(os.path.dirname(os.__file__) + '/../../../../etc/passwd')": "a file of this machine",
    "os.open('/etc/passwd', os.O_RDONLY)": "a file of this machine",
    "open(os.__file__, 'a')": "a file of this machine",
    "threading.Thread(target=os.fork).start(); raise guard.refused and PermissionError('x')": "x",
}


def ran(line: str, *, public: bool = True) -> str:
    """What a process that tried it says."""
    code = BEGIN.format(line=line, open=public)
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or done.stderr


@pytest.mark.parametrize("line", REFUSED)
def test_what_a_message_does_not_need_is_refused(line: str) -> None:
    said = ran(line)
    assert REFUSED[line] in said
    assert not said.startswith("done")


@pytest.fixture
def place() -> Iterator[int]:
    """A port on loopback at which somebody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


def test_what_it_needs_is_not(place: int) -> None:
    for line in (
        f"tcp.connect(('127.0.0.1', {place}))",
        f"socket.create_connection(('localhost', {place}))",
        f"udp.connect(('127.0.0.1', {place})); udp.send(b'x')",
        "tcp.connect(('192.88.99.1', 9))",  # public, and nobody
        "open(os.__file__).read()",
        "import xml.dom.minidom",
        "os.listdir('/')",
        "socket.socketpair()[0].sendmsg([b'x'])",
    ):
        assert ran(line).startswith("done"), line


def test_what_is_public_is_reached_when_it_is_known_that_it_is_private_there(place: int) -> None:
    assert "not be reached encrypted" in ran("tcp.connect(('1.1.1.1', 443))", public=False)
    assert ran(f"tcp.connect(('127.0.0.1', {place}))", public=False) == "done"


def test_a_link_leads_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert "a file of this machine" in ran(f"open('{tmp_path}/link')")
