"""Text that can be kept."""

import re

UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether every database can store ``text``: no NUL, no lone surrogate."""
    return UNSTORABLE.search(text) is None
