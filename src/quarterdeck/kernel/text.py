"""What text is, whether it can be kept or is a mail address, and how a name of code reads."""

import re

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
SPELT = {"oncall": "on-call", "slo": "SLO"}
MAIL = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+")


def is_storable(text: str) -> bool:
    """Whether every database can store ``text``: no NUL, no lone surrogate."""
    return UNSTORABLE.search(text) is None


def spaced(name: str) -> str:
    """A name of code as people read it: ``OncallSwapAsked``, ``On-call swap asked``."""
    words = " ".join(SPELT.get(word, word) for word in CAPITAL.sub(" ", name).lower().split())
    return words[:1].upper() + words[1:]


def is_mail(text: str) -> bool:
    """Whether ``text`` is one mail address alone, without a name: ``NAME@HOST``."""
    return MAIL.fullmatch(text) is not None and text.isprintable()
