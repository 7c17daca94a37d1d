"""Hand-overs: by which a log's old key names its new one, so that who pinned the old can follow.

A hand-over is a signed note: seven lines that both keys sign.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quarterdeck.trail.keys.note import MAX_NOTE_BYTES, Malformed, Verifier, text_of

FORMAT = "quarterdeck-key-handover/v1"
LINES = 8
SCHEDULED, EMERGENCY = "scheduled", "emergency"
END = b"\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What a hand-over says.

    Attributes:
        number: of the new key; the first key of a log is 1.
        size: leaves signed by then. After an emergency the old key signs nothing larger.
        reason: ``scheduled`` or ``emergency``.
    """

    origin: str
    number: int
    old: Verifier
    new: Verifier
    size: int
    reason: str

    @property
    def text(self) -> str:
        """The note's text."""
        rows = (
            FORMAT,
            self.origin,
            self.number,
            self.old.vkey,
            self.new.vkey,
            self.size,
            self.reason,
        )
        return "".join(f"{row}\n" for row in rows)

    @classmethod
    def parse(cls, note: bytes) -> "Handover":
        """Read a note that both keys signed; raise Malformed if it is none."""
        text = text_of(note)
        rows = text.split("\n")
        try:
            mark, origin, number, old, new, size, reason, end = rows
            found = cls(
                origin=origin,
                number=int(number),
                old=Verifier.parse(old),
                new=Verifier.parse(new),
                size=int(size),
                reason=reason,
            )
        except ValueError as error:
            raise Malformed(f"not a hand-over: {error}") from error
        if mark != FORMAT or end or reason not in (SCHEDULED, EMERGENCY) or found.text != text:
            raise Malformed(f"not a {FORMAT}")
        if not (found.old.signed(note) and found.new.signed(note)):
            raise Malformed("a hand-over that one of its keys did not sign")
        return found


def pack(notes: Sequence[bytes]) -> bytes:
    """Hand-overs in order, as they are served: an empty line between them."""
    return b"\n".join(notes)


def unpack(content: bytes) -> list[bytes]:
    """The notes in what ``pack`` made; raise Malformed if it is not."""
    if len(content) > MAX_NOTE_BYTES:
        raise Malformed(f"more than {MAX_NOTE_BYTES} bytes of hand-overs")
    parts = content.split(END)
    if not content:
        return []
    if len(parts) % 2:
        raise Malformed("a hand-over without signatures")
    notes = [b.rstrip(b"\n") + END + s.rstrip(b"\n") + b"\n" for b, s in _pairs(parts)]
    if pack(notes) != content:
        raise Malformed("hand-overs have one empty line between them, and nothing else")
    return notes


def chain(pinned: Verifier, notes: Sequence[bytes]) -> list[Handover]:
    """The hand-overs that lead on from the key ``pinned``, oldest first.

    Raises:
        Malformed: one is not signed as it must be, or the same key handed over twice.
    """
    found = [Handover.parse(note) for note in notes]
    by_old = {one.old: one for one in found}
    if len(by_old) != len(found):
        raise Malformed("one key was handed over to two: the log's history forked")
    followed: list[Handover] = []
    key = pinned
    while key in by_old and len(followed) < len(found):
        followed.append(by_old[key])
        key = by_old[key].new
    return followed


def _pairs(parts: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(parts[::2], parts[1::2], strict=True)
