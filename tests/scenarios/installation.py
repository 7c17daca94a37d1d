"""The real programs of an installation, started as a user starts them."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx2

ADDRESS = re.compile(r"(https?://[0-9.]+:\d+)")
END_S = 20


@dataclass(slots=True)
class Program:
    """A program that runs, and what it has said."""

    child: subprocess.Popen[str]
    said: list[str]
    heard: Event

    def await_words(self, words: str, within_s: float = 40) -> str:
        """All it has said, as soon as that holds ``words``."""
        while words not in "".join(self.said):
            if self.child.poll() is not None or not self.heard.wait(within_s):
                raise AssertionError(f"it never said {words!r}:\n{''.join(self.said)}")
            self.heard.clear()
        return "".join(self.said)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Tell it to end; its exit code."""
        self.child.send_signal(number)
        return self.child.wait(END_S)


@contextmanager
def program(*arguments: str, **environment: str) -> Iterator[Program]:
    """``quarterdeck`` with ``arguments``, ended at the end of the block."""
    child = subprocess.Popen(
        [sys.executable, "-m", "quarterdeck", *arguments],
        env=clean_environment() | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    running = Program(child, [], Event())
    reader = Thread(target=_read, args=[running])
    reader.start()
    try:
        yield running
    finally:
        try:
            if child.poll() is None:
                running.end()
        finally:
            child.kill()
            reader.join()
            if child.stdout:
                child.stdout.close()


def clean_environment() -> dict[str, str]:
    """This process's environment without settings of its own."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("QUARTERDECK", "AZURE"))}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """``quarterdeck`` with ``arguments``, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "quarterdeck", *arguments],
        env=clean_environment() | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def address(words: str) -> str:
    """The first address in ``words``."""
    found = ADDRESS.search(words)
    assert found, words
    return found[1]


def children(pid: int) -> dict[str, int]:
    """Pids of the processes that ``pid`` started, by the role or noun they run."""
    tasks = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {name: int(task) for task in tasks if (name := _runs(task))}


def _runs(pid: str) -> str:
    """The role or noun that a process runs; empty while it is not ours yet."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return ""
    if "--role" in words:
        return words[words.index("--role") + 1]
    return words[3] if len(words) > 3 else ""


def get(url: str, **headers: str) -> Any:  # noqa: ANN401  JSON
    """The JSON at ``url``."""
    return json.loads(httpx2.get(url, headers=headers, timeout=10).raise_for_status().content)


def post(url: str, body: object = None) -> Any:  # noqa: ANN401  JSON
    """The answer to a POST with a JSON body, or with none."""
    response = httpx2.post(url, json=body) if body is not None else httpx2.post(url)
    response.raise_for_status()
    return response.json()


def _read(running: Program) -> None:
    assert running.child.stdout
    for line in running.child.stdout:
        running.said.append(line)
        running.heard.set()
    running.heard.set()
