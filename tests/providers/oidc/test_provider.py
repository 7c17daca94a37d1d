"""Sign-in by OpenID Connect, against a provider of others."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from quarterdeck.access.authentication.model import Unauthenticated
from quarterdeck.access.authentication.ports import Challenge, ProviderUnavailable
from quarterdeck.kernel.clock import utc_now
from quarterdeck.providers.oidc.provider import OidcProvider
from servers import oidc

# The provider uses parts of its own libraries that will go.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

BACK = "http://127.0.0.1:8080/sign-in/callback"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with oidc.provider() as found:
        yield found


@pytest.fixture
def provider(issuer: str) -> Iterator[OidcProvider]:
    opened = OidcProvider(issuer, "quarterdeck", "a secret", utc_now)
    yield opened
    opened.close()


def test_a_person_is_known_by_issuer_and_subject(provider: OidcProvider, issuer: str) -> None:
    challenge = provider.begin(BACK)
    back = oidc.signed_in(challenge.url, "ada")
    assert back["state"] == challenge.state
    identity = provider.finish(BACK, challenge, back["code"])
    assert (identity.issuer, identity.subject) == (issuer, "ada")
    assert identity.email == "ada@example.com"


def test_an_address_that_nobody_verified_is_none(provider: OidcProvider) -> None:
    challenge = provider.begin(BACK)
    code = oidc.signed_in(challenge.url, "bob")["code"]
    assert provider.finish(BACK, challenge, code).email == ""


def test_a_code_is_good_once(provider: OidcProvider) -> None:
    challenge = provider.begin(BACK)
    code = oidc.signed_in(challenge.url, "ada")["code"]
    provider.finish(BACK, challenge, code)
    with pytest.raises(Unauthenticated):
        provider.finish(BACK, challenge, code)


def test_an_answer_to_another_attempt_proves_nobody(provider: OidcProvider) -> None:
    mine, theirs = provider.begin(BACK), provider.begin(BACK)
    code = oidc.signed_in(theirs.url, "ada")["code"]
    mixed = Challenge(url="", state=mine.state, nonce=mine.nonce, verifier=theirs.verifier)
    with pytest.raises(Unauthenticated, match="nonce"):
        provider.finish(BACK, mixed, code)


def test_each_attempt_has_secrets_of_its_own(provider: OidcProvider) -> None:
    one, other = provider.begin(BACK), provider.begin(BACK)
    assert len({one.state, other.state, one.nonce, other.nonce, one.verifier}) == 5
    asked = parse_qs(urlsplit(one.url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert one.verifier not in one.url


def test_a_provider_that_is_away_is_told() -> None:
    away = OidcProvider("http://127.0.0.1:1", "quarterdeck", "", utc_now)
    with pytest.raises(ProviderUnavailable, match="no answer"):
        away.begin(BACK)
    away.close()
