"""The Merkle root of a run's changes: one leaf of the log stands for a whole bulk run.

RFC 6962, section 2.1: a leaf is hashed behind a 0x00, a node behind a 0x01.
"""

from hashlib import sha256


class ChangeSet:
    """A root over leaves that come one by one; keeps one hash for each bit of their number."""

    def __init__(self) -> None:
        self.size = 0
        self._perfect: list[bytes] = []  # roots of perfect subtrees, largest first

    def add(self, leaf: bytes) -> None:
        """Append ``leaf``."""
        node = sha256(b"\x00" + leaf).digest()
        joins = self.size
        while joins & 1:
            node = sha256(b"\x01" + self._perfect.pop() + node).digest()
            joins >>= 1
        self._perfect.append(node)
        self.size += 1

    def root(self) -> str:
        """The root over all leaves so far, hex."""
        if not self._perfect:
            return sha256(b"").hexdigest()
        *rest, node = self._perfect
        for left in reversed(rest):
            node = sha256(b"\x01" + left + node).digest()
        return node.hex()
