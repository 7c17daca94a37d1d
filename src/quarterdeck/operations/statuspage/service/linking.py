"""Links in mails: one asks whether an address is meant, one ends what it gets."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """How an installation makes its links.

    Attributes:
        url: where people reach it, without a slash at its end.
        secret: of the installation. The link that ends a subscription is worked out from it
            anew for each mail, so that nothing is kept by which whoever reads the database
            could end others'.
    """

    url: str
    secret: str

    def page(self, slug: str) -> str:
        """The page itself."""
        return f"{self.url}/status/{slug}"

    def post(self, slug: str, post: str) -> str:
        """What was posted."""
        return f"{self.page(slug)}/posts/{quote(post, safe='')}"

    def confirming(self, slug: str, token: str) -> str:
        """To say that an address is meant."""
        return f"{self.page(slug)}/confirm/{token}"

    def ending(self, slug: str, subscriber: str) -> str:
        """To get no more mails."""
        return f"{self.page(slug)}/unsubscribe/{self.token(subscriber)}"

    def token(self, subscriber: str) -> str:
        """What ends a subscription."""
        return f"{subscriber}.{self._tag(subscriber)}"

    def subscriber(self, token: str) -> str:
        """Whose subscription a token ends; empty: it was not made here."""
        subscriber, _, tag = token[:LONGEST].partition(".")
        good = hmac.compare_digest(tag.encode(), self._tag(subscriber).encode())
        return subscriber if good else ""

    def _tag(self, subscriber: str) -> str:
        said = b"status page: unsubscribe\0" + subscriber.encode()
        return hmac.new(self.secret.encode(), said, sha256).hexdigest()


def digest_of(token: str) -> str:
    """Under which a token is kept."""
    return sha256(token[:LONGEST].encode()).hexdigest()
