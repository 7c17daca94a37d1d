"""How often the interpreter looks for garbage that refers to itself."""

import gc

YOUNG, MIDDLE, OLD = 50_000, 20, 50
"""Python's own 700 has a process that makes rows or answers by the thousand look through them
again and again, and now and then through all that it imported: half of a projection's time, and
a third of what starting takes. What refers to nothing but others goes at once either way.
"""


def look_seldom() -> None:
    """Have this process look for such garbage seldom."""
    gc.set_threshold(YOUNG, MIDDLE, OLD)


def keep_what_stands() -> None:
    """Never look again at what is there now: modules, routes, statements. Call once started."""
    look_seldom()
    gc.freeze()
