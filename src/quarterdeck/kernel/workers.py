"""How many workers ``quarterdeck up`` keeps running: asked for by who answers, as a file.

The supervisor has no database, and who answers has no processes: a file in the data directory
stands between them.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from secrets import token_hex

from quarterdeck.kernel.clock import MICROSECOND
from quarterdeck.kernel.settings import Settings

FILE = "workers.json"
"""In the data directory."""

ON_POSTGRES = 3
APART_US = timedelta(minutes=2) // MICROSECOND
"""How long one more worker has to help before another is asked for."""

CALM_US = timedelta(minutes=10) // MICROSECOND
"""How long all must be well before one is let go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """How many workers are wanted.

    Attributes:
        changed_at: when that changed last, microseconds since 1970.
        calm_since: since when nothing calls for more; None: something does.
    """

    wanted: int = 1
    changed_at: int = 0
    calm_since: int | None = None


def decide(crew: Crew, *, behind: bool, now: int, most: int) -> Crew:
    """The crew from ``now`` on: one more while work is ``behind``, one less after a calm while."""
    wanted = min(crew.wanted, most)
    calm_since = None if behind else crew.calm_since or now
    if behind and wanted < most and now - crew.changed_at >= APART_US:
        return Crew(wanted=wanted + 1, changed_at=now)
    if calm_since is not None and wanted > 1:
        since = max(calm_since, crew.changed_at)
        if now - since >= CALM_US:
            return Crew(wanted=wanted - 1, changed_at=now, calm_since=calm_since)
    return Crew(wanted=wanted, changed_at=crew.changed_at, calm_since=calm_since)


def most_of(settings: Settings) -> int:
    """How many at most; on SQLite one, where nothing else is said: its writers wait in line."""
    if settings.workers_most:
        return settings.workers_most
    return 1 if settings.database.startswith("sqlite") or not settings.database else ON_POSTGRES


def ask(root: Path, crew: Crew) -> None:
    """Have the supervisor see to it."""
    draft = root / f"{FILE}.{token_hex(4)}.draft"  # several processes may ask at once
    draft.write_text(json.dumps(asdict(crew)))
    draft.replace(root / FILE)


def asked(root: Path) -> Crew:
    """What was asked for last; one worker, where that cannot be read."""
    with suppress(OSError, ValueError, TypeError):
        return Crew(**json.loads((root / FILE).read_text()))
    return Crew()
