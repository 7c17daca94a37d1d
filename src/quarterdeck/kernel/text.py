"""What text is: whether it can be kept, whether it is a mail address."""

import re

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
MAIL = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+")


def is_storable(text: str) -> bool:
    """Whether every database can store ``text``: no NUL, no lone surrogate."""
    return UNSTORABLE.search(text) is None


def is_mail(text: str) -> bool:
    """Whether ``text`` is one mail address alone, without a name: ``NAME@HOST``."""
    return MAIL.fullmatch(text) is not None and text.isprintable()
