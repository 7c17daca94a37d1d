"""A demo to look at or to measure: started as a person would, ended by its process id."""

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = Path(__file__).parents[1] / ".venv" / "bin" / "quarterdeck"
ADDRESS = re.compile(r"https?://[\w.:\[\]-]+")
END_S = 20


@contextmanager
def running(*command: str, until: str) -> Iterator[tuple[str, int]]:
    """Run ``quarterdeck COMMAND``; give the address on the line that has ``until``, and its pid.

    Raises:
        RuntimeError: it ended first; the message is what it said.
    """
    words = [str(PROGRAM), *command]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield _address(process, until), process.pid
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=END_S)


def _address(process: subprocess.Popen[str], until: str) -> str:
    said = []
    for line in process.stderr or ():
        said.append(line)
        if until in line and (found := ADDRESS.search(line)):
            return found.group()
    raise RuntimeError("".join(said))
