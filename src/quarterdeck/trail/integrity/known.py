"""What a verifier remembers: the key of each log, and the last checkpoint it saw.

A file of the verifier's own, on the verifier's machine. Without such a memory a server
could show each visitor another past.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from stat import S_IMODE

from quarterdeck.trail.integrity.model import Unreadable

OTHERS_WRITE = 0o022


@dataclass(frozen=True, slots=True)
class Known:
    """A log as last seen.

    Attributes:
        vkey: ``name+hash+key``, pinned.
        checkpoint: the last note that was found intact.
    """

    vkey: str
    checkpoint: bytes


class KnownLogs:
    """The file of known logs, by URL."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, url: str) -> Known | None:
        """The log at ``url``, if it was seen before; raise Unreadable if the file is unusable."""
        found = self._all().get(url)
        return None if found is None else Known(found["vkey"], found["checkpoint"].encode())

    def below(self, url: str) -> list[str]:
        """The URLs of known logs that begin with ``url``, in order."""
        return sorted(known for known in self._all() if known.startswith(url))

    def remember(self, url: str, known: Known) -> None:
        """Keep ``known``, in a file that its owner alone can read."""
        every = self._all() | {url: {"vkey": known.vkey, "checkpoint": known.checkpoint.decode()}}
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(every, file, indent=1, sort_keys=True)
        draft.replace(self._path)

    def _all(self) -> dict[str, dict[str, str]]:
        try:
            if S_IMODE(self._path.stat().st_mode) & OTHERS_WRITE:
                raise Unreadable(f"others can write {self._path}; run: chmod 600 {self._path}")
            known = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise Unreadable(f"cannot read {self._path}: {error}") from error
        if not isinstance(known, dict) or not all(map(_is_known, known.values())):
            raise Unreadable(
                f"{self._path} is not a file of known logs; move it away to start anew"
            )
        return known


def _is_known(found: object) -> bool:
    return (
        isinstance(found, dict)
        and set(found) == {"vkey", "checkpoint"}
        and all(isinstance(value, str) for value in found.values())
    )
