"""How far a journal is durable, told to every process by eight bytes that they map."""

import mmap
import os
from pathlib import Path

from quarterdeck.kernel.installation import PRIVATE_FILE

OFFSET_BITS = 40
NAME = "durable"


class Durable:
    """The eight bytes of one journal."""

    def __init__(self, folder: Path) -> None:
        handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            os.ftruncate(handle, 8)
            self._map = mmap.mmap(handle, 8)
        finally:
            os.close(handle)
        # One aligned word is stored and loaded whole: nobody sees half an offset.
        self._word = memoryview(self._map).cast("Q")

    def get(self) -> tuple[int, int]:
        """The file's number, and how many of its bytes are durable; (0, 0): not known."""
        word = self._word[0]
        return word >> OFFSET_BITS, word & ((1 << OFFSET_BITS) - 1)

    def put(self, number: int, end: int) -> None:
        """Tell them."""
        self._word[0] = number << OFFSET_BITS | end
