"""What a journal's files hold, found when it is opened.

A torn end is what a write that was never acknowledged left behind, and is cut off. Anything
else that cannot be read is damage, and is refused: cutting it off would lose what was
acknowledged.
"""

import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from quarterdeck.trail.log.model import Known, LogDamaged
from quarterdeck.trail.log.storage import frames
from quarterdeck.trail.log.storage.frames import Frame

SUFFIX = ".journal"


@dataclass(slots=True)
class Found:
    """What stands in the files.

    Attributes:
        number, end: the last file, and how many of its bytes are whole.
        tags: of the last file: (log, tag, what it was used for).
    """

    number: int = 1
    end: int = 0
    epoch: int = 0
    sizes: dict[str, int] = field(default_factory=dict)
    tags: list[tuple[str, bytes, Known]] = field(default_factory=list)


def name_of(number: int) -> str:
    """The name of a journal file."""
    return f"{number:08}{SUFFIX}"


def numbers(folder: Path) -> list[int]:
    """The files that are there, oldest first."""
    return sorted(int(path.stem) for path in folder.glob(f"*{SUFFIX}"))


def recover(folder: Path, durable: tuple[int, int]) -> Found:
    """Read every frame; ``durable`` is how far the last holder knew it to be.

    Raises:
        LogDamaged: a frame that was durable cannot be read, or one is missing.
    """
    found, standing = Found(), numbers(folder)
    for number in standing:
        if number != standing[0] and number != found.number + 1:
            raise LogDamaged(f"{folder / name_of(found.number + 1)} is gone: put it back")
        least = durable[1] if number == durable[0] else 0
        last = number == standing[-1]
        found.number, found.end = number, 0
        _read(folder / name_of(number), found, least, last=last)
    if found.number < durable[0] or (durable[1] and not standing):
        raise LogDamaged(f"{folder / name_of(durable[0])} is gone: put it back")
    return found


def whole_frames(content: mmap.mmap | bytes) -> Iterator[tuple[int, Frame]]:
    """Each frame of a file up to the first that is not whole, and where it begins."""
    at, view = 0, memoryview(content)
    while at < len(view):
        frame = _frame(view[at:])
        if frame is None or not frames.is_whole(view[at : at + frame.size]):
            return
        yield at, frame
        at += frame.size


def _read(path: Path, found: Found, least: int, *, last: bool) -> None:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if not size:
            return _refuse_short(path, 0, least, last=last)
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    for at, frame in whole_frames(content):
        if bool(at) is frame.is_heading:
            raise LogDamaged(
                f"{path} is damaged at byte {at}: its heading must stand there, and nowhere else"
            )
        _take(path, found, frame, memoryview(content)[at : at + frame.size], tags=last)
        found.end = at + frame.size
    if found.end < size and (later := _later(content, found.end)):
        raise LogDamaged(
            f"{path} is damaged at byte {found.end}, and whole again at byte {later}: "
            "put it back from a backup"
        )
    return _refuse_short(path, found.end, least, last=last)


def _refuse_short(path: Path, end: int, least: int, *, last: bool) -> None:
    if end < least or (not last and end < path.stat().st_size):
        raise LogDamaged(
            f"{path} is damaged at byte {end}, though it was durable up to {least or 'its end'}: "
            "put it back from a backup"
        )


def _take(path: Path, found: Found, frame: Frame, whole: memoryview, *, tags: bool) -> None:
    found.epoch = max(found.epoch, frame.epoch)
    for log, start, count, _ in frame.places:
        if start != found.sizes.get(log, start):
            raise LogDamaged(f"{path}: leaf {start} of {log} follows {found.sizes[log]}")
        found.sizes[log] = start + count
    if not tags:
        return
    for (log, start, _, _), part in frames.parts(whole, frame):
        rows = zip(part.tags, part.digests, strict=True)
        found.tags += [
            (log, tag, Known(start + n, digest[:16])) for n, (tag, digest) in enumerate(rows)
        ]


def _frame(found: memoryview) -> Frame | None:
    frame = frames.opened(bytes(found[: frames.HEADER.size]))
    if isinstance(frame, int):
        frame = frames.opened(bytes(found[:frame]))
    return frame if isinstance(frame, Frame) and frame.size <= len(found) else None


def _later(content: mmap.mmap, after: int) -> int:
    """Where a whole frame begins after ``after``; 0 if none does."""
    view = memoryview(content)
    at = content.find(frames.MAGIC, after + 1)
    while at > 0:
        frame = _frame(view[at:])
        if frame and frames.is_whole(view[at : at + frame.size]):
            return at
        at = content.find(frames.MAGIC, at + 1)
    return 0
