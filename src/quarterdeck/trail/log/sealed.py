"""Fields that records commit to: is each of them stored, sealed, beside the log?

The leaf proves that a field was there, and nothing proves that it still is: who takes the
sealed text away leaves every proof as it was.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from quarterdeck.trail.log.ports import Reader, Removal
from quarterdeck.trail.log.record import RecordUnreadable, members

NONE = b'"sd":[]'


def commits(entry: bytes) -> bool:
    """Whether an entry may commit to fields; a quick look."""
    return bool(entry) and NONE not in entry


def lacking(
    start: int, entries: Sequence[bytes], stored: Collection[tuple[int, str]]
) -> Iterator[tuple[int, int]]:
    """Index, and how many of its fields are gone, of each record that lacks some.

    ``stored``: (index, path) of every sealed field that is there. An erasure takes keys, and
    leaves what they seal; a purge takes the entry too.
    """
    there = Counter(index for index, _ in set(stored))
    for index, entry in enumerate(entries, start):
        if not commits(entry):
            continue
        try:
            wanted = len(members(entry)["sd"])
        except (RecordUnreadable, KeyError, TypeError):
            continue
        if wanted > there[index]:
            yield index, wanted - there[index]


def lost(
    reader: Reader, removal: Removal, log: str, start: int, entries: Sequence[bytes]
) -> list[tuple[int, int]]:
    """As ``lacking``, of records that stand there still once their fields are known to be gone.

    A purge that comes between takes the entry first.
    """
    if not any(map(commits, entries)):
        return []
    found = list(lacking(start, entries, removal.sealed_fields(log, start, len(entries))))
    standing = dict(enumerate(reader.entries(log, start, len(entries)), start)) if found else {}
    return [one for one in found if standing.get(one[0])]
