"""How secrets are sealed. These bytes stand in databases and backups: they never change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.trail.ingest.service import IDEMPOTENCY
from quarterdeck.trail.keys.seal import Unsealable, derive, seal, tag, unseal
from quarterdeck.trail.keys.service import WRAP

KEY = bytes(range(32))
PLACE = ("acme", "origin/acme", "id", "/payload/name")

# Frozen, like the record: made once, with other code (AESGCM and HKDF called by hand).
SEALED = "0000000000000000000000007dd9d6acd058c82f87a96506d08505a07c737b4f17aa"
WRAPPING = "e32c41ab42720f9f1f18f160615c686e37a66cac77074b238c75e93ce0b4bb85"
TAG = "0Abd9mvu4FiVRWm_kPnphlvMRuuIyFLW3CprzVabJoU"


def test_what_was_sealed_long_ago_can_be_opened() -> None:
    assert unseal(KEY, bytes.fromhex(SEALED), *PLACE) == b"secret"
    assert derive(KEY, WRAP).hex() == WRAPPING
    assert tag(KEY, "quarterdeck", "id") == TAG
    assert IDEMPOTENCY == "trail idempotency v1"


@given(st.binary())
def test_what_is_sealed_can_be_opened_and_no_two_seals_are_alike(secret: bytes) -> None:
    first, second = seal(KEY, secret, *PLACE), seal(KEY, secret, *PLACE)
    assert unseal(KEY, first, *PLACE) == unseal(KEY, second, *PLACE) == secret
    assert first != second


@pytest.mark.parametrize("field", range(len(PLACE)))
def test_it_opens_in_its_place_alone(field: int) -> None:
    elsewhere = [*PLACE]
    elsewhere[field] = "elsewhere"
    with pytest.raises(Unsealable):
        unseal(KEY, seal(KEY, b"secret", *PLACE), *elsewhere)


def test_words_of_a_place_do_not_run_together() -> None:
    with pytest.raises(Unsealable):
        unseal(KEY, seal(KEY, b"secret", "ab", "c"), "a", "bc")


@pytest.mark.parametrize("at", [0, 11, 12, -1])
def test_a_bit_turned_is_refused(at: int) -> None:
    sealed = bytearray(seal(KEY, b"secret", *PLACE))
    sealed[at] ^= 1
    with pytest.raises(Unsealable):
        unseal(KEY, bytes(sealed), *PLACE)
    with pytest.raises(Unsealable):
        unseal(KEY, b"", *PLACE)
