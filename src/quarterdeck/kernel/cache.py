"""A small cache with a time to live, that counts what it was good for."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")

MAX_ENTRIES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What a cache has been good for since it was made or last emptied."""

    hits: int
    misses: int
    entries: int

    @property
    def hit_rate_percent(self) -> float:
        """Of all questions, how many the cache answered: 0 to 100; 0 before the first."""
        asked = self.hits + self.misses
        return round(100 * self.hits / asked, 1) if asked else 0.0


class Cache(Generic[Value]):
    """Answers that stay good for ``ttl_s`` seconds. Any thread may use it.

    Holds at most ``MAX_ENTRIES``; the oldest make room. Two threads that miss at once both
    compute: waiting for each other would let one slow question hold up all.
    """

    def __init__(self, ttl_s: float, now_s: Callable[[], float] = monotonic) -> None:
        self._ttl_s = ttl_s
        self._now_s = now_s
        self._lock = Lock()
        self._held: dict[str, tuple[float, Value]] = {}
        self._hits = self._misses = 0

    def get(self, key: str, compute: Callable[[], Value], ttl_s: float | None = None) -> Value:
        """The value under ``key``, computed if there is none that is still good.

        ``ttl_s`` is its own time to live, where the key says all that it depends on.
        """
        with self._lock:
            held = self._held.get(key)
            if held is not None and held[0] > self._now_s():
                self._hits += 1
                return held[1]
            self._misses += 1
        value = compute()
        with self._lock:
            self._held.pop(key, None)
            self._held[key] = (self._now_s() + (self._ttl_s if ttl_s is None else ttl_s), value)
            while len(self._held) > MAX_ENTRIES:
                del self._held[next(iter(self._held))]
        return value

    def clear(self) -> None:
        """Forget every value, and begin to count anew."""
        with self._lock:
            self._held.clear()
            self._hits = self._misses = 0

    @property
    def stats(self) -> Stats:
        """How it has done."""
        with self._lock:
            return Stats(hits=self._hits, misses=self._misses, entries=len(self._held))


class Epochal(Generic[Value]):
    """What stays good while an epoch stands still, by key. One thread looks and keeps.

    Whoever asks for another epoch finds it empty: nothing of the one before stays in memory.
    """

    def __init__(self) -> None:
        self._held: tuple[int, dict[str, Value]] = (-1, {})
        self._hits = self._misses = 0

    def find(self, epoch: int, key: str) -> Value | None:
        """What was kept in this epoch."""
        if self._held[0] != epoch:
            self._held = (epoch, {})
        found = self._held[1].get(key)
        if found is None:
            self._misses += 1
        else:
            self._hits += 1
        return found

    def keep(self, epoch: int, key: str, value: Value) -> None:
        """Keep a value; nothing happens where the epoch has moved on meanwhile."""
        if self._held[0] == epoch:
            self._held[1][key] = value

    @property
    def stats(self) -> Stats:
        """How it has done. Any thread may ask."""
        return Stats(hits=self._hits, misses=self._misses, entries=len(self._held[1]))


class Caches:
    """The caches of one process by their names, so that all are seen and emptied together."""

    def __init__(self) -> None:
        self._named: dict[str, Cache[Any]] = {}

    def named(self, name: str, ttl_s: float) -> Cache[Any]:
        """The cache of that name; made at the first call, whose ``ttl_s`` holds."""
        return self._named.setdefault(name, Cache(ttl_s))

    def each(self) -> dict[str, Stats]:
        """How each does."""
        return {name: cache.stats for name, cache in self._named.items()}

    @property
    def stats(self) -> Stats:
        """How all do together."""
        every = list(self.each().values())
        return Stats(
            hits=sum(one.hits for one in every),
            misses=sum(one.misses for one in every),
            entries=sum(one.entries for one in every),
        )

    def clear(self) -> None:
        """Empty all, and begin to count anew."""
        for cache in list(self._named.values()):
            cache.clear()
