"""Secrets that are shown to us: made once, kept only as a digest.

``qd_<id>_<43 characters>``: the id finds the row, 256 random bits prove the right to it.
So a fast digest is enough; there is no password here that someone could guess.
"""

import re
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe

import msgspec

RANDOM_BYTES = 32
FORM = re.compile(r"(qd|qs)_([0-9a-f-]{36})_[A-Za-z0-9_-]{43}")

TOKEN = "qd"  # noqa: S105  a prefix, by which scanners of leaked secrets can tell ours
SESSION = "qs"


class Shown(msgspec.Struct, frozen=True, gc=False):
    """A secret of the right form, of which nothing is known yet."""

    kind: str
    id: str
    digest: str

    def proves(self, digest: str) -> bool:
        """Whether it is the secret of which ``digest`` was kept."""
        return compare_digest(self.digest, digest)


def mint(kind: str, row: str) -> str:
    """A new secret for the row of that id. Show it once; keep its ``digest_of``."""
    return f"{kind}_{row}_{token_urlsafe(RANDOM_BYTES)}"


def digest_of(secret: str) -> str:
    """SHA-256 in hex: what is kept of a secret."""
    return sha256(secret.encode()).hexdigest()


def read(secret: str) -> Shown | None:
    """What ``secret`` claims; None if it is not of our form."""
    found = FORM.fullmatch(secret)
    return None if found is None else Shown(found[1], found[2], digest_of(secret))
