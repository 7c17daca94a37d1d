"""Whether questions can be answered: the cache of answers, and the index of words."""

from time import perf_counter

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from quarterdeck.kernel.checks import asking, cache_words
from quarterdeck.kernel.health import CheckFailed, Entry, degraded_if, healthy
from quarterdeck.trail.query.explorer import Explorer
from quarterdeck.trail.query.problems import cache_misses


def cache_ready(explorer: Explorer) -> Entry:
    """The cache answers; degraded while it hardly ever knows."""
    words, missing = cache_words(explorer.cache), cache_misses(explorer)
    return degraded_if(bool(missing), "; ".join([words, *(one.words for one in missing)]))


def search_ready(explorer: Explorer) -> Entry:
    """The index of words can be asked; raise CheckFailed if not."""
    started = perf_counter()
    try:
        with asking(explorer.read) as db:
            db.execute(text("SELECT 1 FROM read_text LIMIT 1"))
    except DBAPIError as error:
        raise CheckFailed(f"it cannot be asked: {error.orig}") from error
    return healthy(f"it answered in {(perf_counter() - started) * 1000:.1f} ms")
