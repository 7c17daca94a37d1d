"""Disclosures: a value apart from the digest that commits to it, as in RFC 9901 (SD-JWT).

The salt keeps whoever has the digest alone from trying likely values.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote

SALT_BYTES = 16
# What RFC 3986 lets stand in a fragment; the percent sign itself does not.
PLAIN = "!$&'()*+,;=:@?-._~"


class Malformed(ValueError):
    """Not a disclosure."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A committed value, where it stood, and the salt.

    Attributes:
        text: base64url of the JSON array [salt, path, value], without padding.
        path: see ``path_of``.
        value: any JSON value.
    """

    text: str
    path: str
    value: Any

    @classmethod
    def make(cls, path: str, value: Any, salt: bytes) -> "Disclosure":  # noqa: ANN401  any JSON
        """A new disclosure; ``salt`` is 16 random bytes, used once."""
        return cls(base64url(json.dumps([base64url(salt), path, value]).encode()), path, value)

    @classmethod
    def parse(cls, text: str) -> "Disclosure":
        """Read a disclosure; raise Malformed if it is none."""
        try:
            _salt, path, value = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (ValueError, TypeError) as error:
            raise Malformed(f"expected a disclosure, got {text[:80]!r}") from error
        return cls(text, path, value)

    @property
    def digest(self) -> str:
        """What stands in the record's ``sd``."""
        return base64url(sha256(self.text.encode()).digest())


def path_of(*names: str | int) -> str:
    """Where a value stands in a record whose payload is read as JSON: ``/payload/name``.

    A JSON pointer (RFC 6901), in ASCII: other characters, and the percent sign, are
    percent-encoded as in its section 6.
    """
    return "".join(f"/{quote(_escaped(str(name)), safe=PLAIN)}" for name in names)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def base64url(content: bytes) -> str:
    """Base64url without padding (RFC 7515)."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()
