"""What the supervisor did while nobody could write it into the database: restarts, as files.

One file each, in the data directory; whichever process of the installation comes up first tells
of them. Standard library only, for the supervisor writes them.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_hex

FOLDER = "restarts"
"""In the data directory."""

SUFFIX = ".json"
PRIVATE = 0o700


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A process was started again.

    Attributes:
        id: never given before.
        role: the process's name.
        code: with which the one before ended; negative: the signal that killed it.
        attempt: in a row, from 1.
        at: microseconds since 1970.
    """

    id: str
    role: str
    code: int
    attempt: int
    at: int


def leave(folder: Path, role: str, code: int, attempt: int, at: int) -> None:
    """Write down a restart, whole or not at all. A disk that is full loses it, and nothing else."""
    left = Left(id=token_hex(16), role=role, code=code, attempt=attempt, at=at)
    with suppress(OSError):
        folder.mkdir(mode=PRIVATE, exist_ok=True)
        draft = folder / f"{left.id}.draft"
        draft.write_text(json.dumps(asdict(left)))
        draft.replace(draft.with_suffix(SUFFIX))


def waiting(folder: Path) -> Iterator[tuple[Path, Left]]:
    """Those that nobody told of yet, oldest first; what is none is put aside."""
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        try:
            found.append((path, Left(**json.loads(path.read_text()))))
        except FileNotFoundError:  # another process told of it
            continue
        except (ValueError, TypeError):
            with suppress(FileNotFoundError):  # likewise
                path.replace(path.with_suffix(".unreadable"))
    yield from sorted(found, key=lambda one: one[1].at)


def drop(path: Path) -> None:
    """It was told of."""
    path.unlink(missing_ok=True)
