"""Whether integrity can be judged: the state of the chains, and the tree's own arithmetic."""

from time import perf_counter

from sqlalchemy import Engine

from quarterdeck.kernel.checks import asking
from quarterdeck.kernel.health import CheckFailed, Entry, healthy
from quarterdeck.trail.log.storage import sql as checkpoints
from quarterdeck.trail.proof.tree import leaf_hash, root_hash
from quarterdeck.trail.segments.storage import sql as segments

LAST = "606162636465666768696a6b6c6d6e6f"
LEAVES = tuple(
    map(bytes.fromhex, ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", LAST))
)
KNOWN_ROOT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
"""Of the eight leaves with which certificate transparency's own code tests its tree."""


def chain_state_ready(engine: Engine) -> Entry:
    """Checkpoints and segments can be read."""
    with asking(engine) as db:
        sizes, sealed = checkpoints.sizes(db), segments.count(db)
    return healthy(
        f"{len(sizes)} logs of {sum(sizes.values())} proven records, {sealed} sealed segments"
    )


def tree_ready() -> Entry:
    """The root of a tree that others published comes out; raise CheckFailed if it does not."""
    started = perf_counter()
    found = root_hash([leaf_hash(one) for one in LEAVES]).hex()
    took_ms = (perf_counter() - started) * 1000
    if found != KNOWN_ROOT:
        raise CheckFailed(f"the root of a known tree is {KNOWN_ROOT}, not {found}")
    return healthy(f"the root of a known tree of {len(LEAVES)} leaves in {took_ms:.2f} ms")
