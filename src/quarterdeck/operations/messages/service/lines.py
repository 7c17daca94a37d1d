"""Lines of what was taken to be sent: each has a thread, and goes one after the other. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from quarterdeck.operations.messages.service.parcels import Bundle
from quarterdeck.operations.sending.ports import Call

Way = tuple[str, str]
"""Whose an address is, and where it goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """What begins now. While there are threads, and the address is not full, each has its own.

    Attributes:
        most: how many threads there are.
        a_way: how many may go to one address at once.
        deep: how many stand in one line, where more are due to its address than may go at once.
        busy: lines by address, those that are under way too.
    """

    most: int
    a_way: int
    deep: int
    busy: Counter[Way]
    made: list[list[tuple[Bundle, Call]]] = field(default_factory=list)

    def has_room(self, way: Way) -> bool:
        """Whether one more may stand in a line to an address."""
        return self._has_thread(way) or any(len(line) < self.deep for line in self._to(way))

    def put(self, bundle: Bundle, call: Call) -> None:
        """Have one stand in a line to its address, which has room."""
        if self._has_thread(bundle.way):
            self.busy[bundle.way] += 1
            self.made.append([(bundle, call)])
        else:
            min(self._to(bundle.way), key=len).append((bundle, call))

    def _has_thread(self, way: Way) -> bool:
        return len(self.made) < self.most and self.busy[way] < self.a_way

    def _to(self, way: Way) -> Sequence[list[tuple[Bundle, Call]]]:
        return [line for line in self.made if line[0][0].way == way]
