"""What stands in the logs, read from tables; and where tiles are rows."""

from functools import lru_cache, partial

from sqlalchemy import Engine

from quarterdeck.kernel.db import reading, writing
from quarterdeck.trail.log.model import Checkpoint, Grown, Leaf, Sealed
from quarterdeck.trail.log.storage import disclosures, leaves, sql
from quarterdeck.trail.proof.interior import Interior

KEPT_TREES = 8


class SqlReader:
    """A Reader (see ``ports``) of tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._trees = lru_cache(KEPT_TREES)(lambda log: Interior(partial(self.hashes, log)))

    def size(self, log: str) -> int:
        with reading(self._engine) as db:
            found = leaves.one(db, log)
        return found.size if found else 0

    def sizes(self) -> dict[str, int]:
        with reading(self._engine) as db:
            return {log.tenant: log.size for log in leaves.every(db) if log.size}

    def read(self, log: str, start: int, count: int) -> list[Leaf]:
        with reading(self._engine) as db:
            return leaves.between(db, log, start, count)

    def entries(self, log: str, start: int, count: int) -> list[bytes]:
        with reading(self._engine) as db:
            return leaves.entries(db, log, start, count)

    def hashes(self, log: str, level: int, start: int, count: int) -> list[bytes]:
        with reading(self._engine) as db:
            return leaves.hashes(db, log, level, start, count)

    def checked(self, log: str, start: int, count: int) -> list[bytes]:
        with reading(self._engine) as db:
            return leaves.checked(db, log, start, count)

    def tree(self, log: str) -> Interior:
        return self._trees(log)

    def disclosures(self, log: str, index: int) -> list[Sealed]:
        with reading(self._engine) as db:
            return [
                Sealed(row.path, row.data_key, row.sealed)
                for row in disclosures.of_leaf(db, log, index)
            ]

    def sealed(self, log: str, start: int, count: int) -> list[tuple[int, Sealed]]:
        with reading(self._engine) as db:
            return [
                (row.idx, Sealed(row.path, row.data_key, row.sealed))
                for row in disclosures.between(db, log, start, count)
            ]

    def moment(self, log: str, index: int) -> int | None:
        with reading(self._engine) as db:
            return leaves.moment_of(db, log, index)

    def checkpoint(self, log: str) -> Checkpoint | None:
        with reading(self._engine) as db:
            found = leaves.one(db, log)
            return sql.latest(db, found.origin) if found else None

    def close(self) -> None:
        """Nothing is held."""


class SqlTiles:
    """Tiles (see ``ports``) in a table: the hashes above the leaves', one row each."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def mine(self) -> bool:
        return True

    def keep(self, grown: Grown) -> None:
        above = [(level, first, hashes) for level, first, hashes in grown.hashes if level]
        if not above:
            return
        with writing(self._engine) as db:
            for level, first, hashes in above:
                leaves.add_nodes(db, grown.log, level, first, hashes)

    def show(self, grown: Grown) -> None:
        """Nothing: they see the checkpoint as soon as it is replaced."""

    def mend(self, log: str, size: int) -> None:
        """Nothing: what a transaction wrote, it wrote whole."""

    def settle(self) -> None:
        """Nothing is kept twice."""

    def close(self) -> None:
        """Nothing is held."""
