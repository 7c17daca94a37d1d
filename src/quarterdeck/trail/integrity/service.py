"""Is a log complete and unaltered, and whose is it?

Whoever alters a log can sign it anew with a key of their own, and whoever holds its key can
cut it short. So the key must come from elsewhere, and so must a checkpoint seen before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from quarterdeck.trail.integrity.evidence import gather
from quarterdeck.trail.integrity.known import Known, KnownLogs
from quarterdeck.trail.integrity.model import Finding, Progress, Read, Unreadable, Verdict
from quarterdeck.trail.integrity.trial import judge, root_at
from quarterdeck.trail.keys import note as notes
from quarterdeck.trail.keys.handover import EMERGENCY, chain, unpack
from quarterdeck.trail.keys.note import Verifier
from quarterdeck.trail.keys.second import SecondKey
from quarterdeck.trail.log.model import Head, MalformedHead
from quarterdeck.trail.proof import tiles

CHECKPOINT, HANDOVERS = "checkpoint", "handovers"
UNKNOWN_SIGNER = Finding(CHECKPOINT, "consistent, signer not known")


def silent(_done: int, _total: int) -> None:
    """No progress wanted."""


def verify_copy(
    copy: Path,
    key: Verifier | None,
    since: bytes | None = None,
    progress: Progress = silent,
    second: SecondKey | None = None,
) -> Verdict:
    """Check the directory ``copy`` (c2sp.org/tlog-tiles) without a server.

    ``key`` must come from elsewhere: without it, the best verdict is that the signer is not
    known. ``since`` is a checkpoint seen before: without it, a whole log that was rolled
    back cannot be told from one that never grew. ``second``: whose ML-DSA-44 cosignature must
    stand on the checkpoint, too.

    Raises:
        Unreadable: ``copy`` holds no checkpoint, or its files cannot be read.
    """
    verdict = verify(reader(copy), key, since, progress)
    if second is None or second.cosigned_at(verdict.note) is not None:
        return verdict
    lacks = Finding(
        CHECKPOINT, f"not cosigned by the ML-DSA-44 key {second.name}+{second.id.hex()}"
    )
    return replace(verdict, findings=(*verdict.findings, lacks))


def verify_online(
    read: Read, url: str, claimed: Verifier, known: KnownLogs, progress: Progress = silent
) -> Verdict:
    """Check the log at ``url`` from what ``read`` fetches, never from what the server says of it.

    The key that the server claims is pinned at first use, and the checkpoint is kept when
    all is well; from then on another key, a shorter log, or another past is a finding.

    Raises:
        Unreadable: there is no log and never was one, or ``known`` cannot be used.
    """
    pinned = known.of(url)
    key = Verifier.parse(pinned.vkey) if pinned else claimed
    try:
        verdict = verify(read, key, pinned.checkpoint if pinned else None, progress)
    except Unreadable as error:
        if pinned is None:
            raise
        verdict = _gone(pinned, error)
    if key != claimed:
        changed = Finding("key", f"changed: {key.vkey} is pinned, the server names {claimed.vkey}")
        verdict = Verdict(
            head=verdict.head, note=verdict.note, findings=(changed, *verdict.findings)
        )
    if verdict.intact:
        known.remember(url, Known(key.vkey, verdict.note))
    return verdict


def verify(
    read: Read, key: Verifier | None, since: bytes | None, progress: Progress = silent
) -> Verdict:
    """Recompute everything from the entries, and compare it with what was signed."""
    note = read(CHECKPOINT)
    if note is None:
        raise Unreadable("there is no checkpoint here: not a copy of a log")
    head = _head(note, CHECKPOINT)
    seen = None if since is None else _head(since, "the checkpoint seen before")
    keep = seen.size // tiles.WIDTH if seen else -1
    evidence = gather(read, head.size, keep, progress)
    wrong, trusted = judge(read, evidence, head)
    keys = _keys(read, key, note)
    unnamed, purged = evidence.purged.judged()
    findings = [*_signer(head, note, keys), *wrong, *unnamed]
    if seen is not None and since is not None:
        findings += _old_signer(since, keys)
        then = root_at(evidence, trusted, seen.size) if seen.size <= head.size else None
        findings += _past(head, seen, then)
    # Whose it is matters only once it is whole: the reader should see the damage first.
    order = sorted(findings, key=lambda finding: finding == UNKNOWN_SIGNER)
    return Verdict(head=head, note=note, findings=tuple(order), purged=tuple(purged))


def vanished(known: Known) -> Verdict:
    """What to say of a log that was seen before, and that the server names no more."""
    head = Head.parse(notes.text_of(known.checkpoint))
    words = (
        f"the server names this log no more; {head.size} records were seen. "
        "It was removed, or this token may not read it"
    )
    return Verdict(head=head, note=known.checkpoint, findings=(Finding("log", words),))


def copy_log(read: Read, directory: Path, progress: Progress = silent) -> Head:
    """Write a COPY of the log into ``directory``; full tiles that are there are not read again.

    The checkpoint is written last: a copy that was broken off has the old one, or none.

    Raises:
        Unreadable: there is no log, or the server does not serve what it committed to.
    """
    note = read(CHECKPOINT)
    if note is None:
        raise Unreadable("there is no checkpoint here: the log has not begun")
    head = _head(note, CHECKPOINT)
    for level in (*tiles.levels(head.size), None):
        for tile in tiles.tiles(level, head.size):
            _copy(read, directory, tile)
            if level is None:
                progress(tile.start + tile.width, head.size)
    if notes_of_keys := read(HANDOVERS):
        _write(directory / HANDOVERS, notes_of_keys)
    _write(directory / CHECKPOINT, note)
    return head


def reader(copy: Path) -> Read:
    """How a directory is read."""

    def read(path: str) -> bytes | None:
        try:
            return (copy / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Unreadable(str(error)) from error

    return read


def _copy(read: Read, directory: Path, tile: tiles.Tile) -> None:
    target = directory / tile.path
    if tile.width == tiles.WIDTH and target.exists():
        return
    found = read(tile.path)
    if found is None:
        raise Unreadable(f"the log commits to {tile.path}, but does not serve it")
    _write(target, found)


def _write(target: Path, content: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f"{target.name}.new")
        draft.write_bytes(content)
        draft.replace(target)
    except OSError as error:
        raise Unreadable(f"cannot write the copy: {error}") from error


def _gone(pinned: Known, why: Unreadable) -> Verdict:
    """Of a log that was seen before, what cannot be read is damage."""
    seen = _head(pinned.checkpoint, "the checkpoint seen before")
    finding = Finding(CHECKPOINT, f"gone: {why}; {seen.size} entries seen before")
    return Verdict(head=seen, note=pinned.checkpoint, findings=(finding,))


def _head(note: bytes, name: str) -> Head:
    try:
        return Head.parse(notes.text_of(note))
    except (notes.Malformed, MalformedHead) as error:
        raise Unreadable(f"{name}: {error}") from error


@dataclass(frozen=True, slots=True)
class _Keys:
    """The key that is trusted, and those that it handed over to.

    Attributes:
        revoked: keys that sign nothing larger than a size.
        fault: why no hand-over can be followed; empty where they can, or need not.
    """

    pinned: Verifier
    following: tuple[Verifier, ...] = ()
    revoked: Mapping[Verifier, int] = field(default_factory=dict)
    fault: str = ""

    def signed(self, note: bytes, size: int) -> bool:
        return any(
            key.signed(note) and size <= self.revoked.get(key, size)
            for key in (self.pinned, *self.following)
        )


def _keys(read: Read, key: Verifier | None, note: bytes) -> _Keys | None:
    """Hand-overs are read only where the trusted key did not sign: they are seldom there."""
    if key is None:
        return None
    if key.signed(note):
        return _Keys(key)
    try:
        followed = chain(key, unpack(read(HANDOVERS) or b""))
    except notes.Malformed as error:
        return _Keys(key, fault=str(error))
    revoked = {one.old: one.size for one in followed if one.reason == EMERGENCY}
    return _Keys(key, tuple(one.new for one in followed), revoked)


def _signer(head: Head, note: bytes, keys: _Keys | None) -> list[Finding]:
    if keys is None:
        return [UNKNOWN_SIGNER]
    key = keys.pinned
    if keys.fault:
        return [Finding(HANDOVERS, keys.fault)]
    if not keys.signed(note, head.size):
        return [Finding(CHECKPOINT, f"not signed by {key.name}, key {key.id.hex()}")]
    if head.origin != key.name:
        return [Finding(CHECKPOINT, f"is of the log {head.origin}, not of {key.name}")]
    return []


def _old_signer(since: bytes, keys: _Keys | None) -> list[Finding]:
    if keys is None or keys.signed(since, 0):
        return []
    words = f"the checkpoint seen before is not signed by {keys.pinned.name}"
    return [Finding("since", words)]


def _past(head: Head, seen: Head, then: bytes | None) -> list[Finding]:
    if head.origin != seen.origin:
        return [Finding(CHECKPOINT, f"is of the log {head.origin}, not of {seen.origin}")]
    if head.size < seen.size:
        return [Finding(CHECKPOINT, f"rolled back: {head.size} entries, {seen.size} seen before")]
    if then is None:
        return [Finding(CHECKPOINT, f"cannot be compared with size {seen.size}: see the damage")]
    if then != seen.root:
        return [
            Finding(CHECKPOINT, f"forked: its first {seen.size} entries are not those seen before")
        ]
    return []
