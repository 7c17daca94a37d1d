"""What a check of a log finds."""

from collections.abc import Callable
from dataclasses import dataclass

from quarterdeck.trail.log.model import Head

Read = Callable[[str], bytes | None]
"""How a log is read: a path below its URL (c2sp.org/tlog-tiles) -> bytes, None if not there."""

Progress = Callable[[int, int], None]
"""Told after each bundle: entries read, entries in all."""


class Unreadable(Exception):
    """There is no log here, or none that can be read; nothing is said of it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a log, or not known about it.

    Attributes:
        where: ``entry 17``, ``tile/0/001``, ``tile/entries/000.p/3``, ``checkpoint``, ``key``.
    """

    where: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was checked, and what was found; no findings: intact.

    Attributes:
        note: the checkpoint, as it was read.
        purged: what was removed by policy, each with the leaf that says so: nothing wrong.
    """

    head: Head
    note: bytes
    findings: tuple[Finding, ...]
    purged: tuple[Finding, ...] = ()

    @property
    def intact(self) -> bool:
        return not self.findings
