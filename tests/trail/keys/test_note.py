"""Signed notes, against an example of others: golang.org/x/mod/sumdb/note."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.trail.keys.note import Malformed, Signer, Verifier, text_of

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf"
    "qdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
OURS = Signer("example.com/log", b"o" * 32)


def test_the_published_example() -> None:
    assert Verifier.parse(PETER).signed(NOTE)
    assert Verifier.parse(PETER).vkey == PETER
    assert text_of(NOTE).endswith("your problem is.\n")


def test_a_changed_letter_is_seen() -> None:
    assert not Verifier.parse(PETER).signed(NOTE.replace(b"then", b"Then"))


def test_signatures_of_others_are_ignored() -> None:
    stranger = "\N{EM DASH} Stranger AAAAAAAA\n".encode()
    assert Verifier.parse(PETER).signed(NOTE + stranger)


def test_a_bad_signature_beside_a_good_one_spoils_the_note() -> None:
    note = OURS.sign("text\n")
    forged = OURS.sign("other\n").split(b"\n\n")[1]
    assert OURS.verifier.signed(note)
    assert not OURS.verifier.signed(note + forged)


@pytest.mark.parametrize(("ours", "theirs"), [(" PeterNeumann", " Stranger"), (" x08go", " y08go")])
def test_a_signature_counts_under_its_own_name_and_id_alone(ours: str, theirs: str) -> None:
    assert not Verifier.parse(PETER).signed(NOTE.replace(ours.encode(), theirs.encode()))


@pytest.mark.parametrize(
    "text", ["", "a+b", PETER.replace("c74", "c75"), PETER + "AAAA", PETER.replace("Peter", "P r")]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        Verifier.parse(text)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"text\n",
        b"text\n\nsigned: me\n",
        b"text\n\n\xff\n",
        NOTE[:-1],
        NOTE.replace(b"then", b"the\tn"),
        NOTE + b"\n",
    ],
)
def test_what_is_no_signed_note_is_refused(note: bytes) -> None:
    with pytest.raises(Malformed):
        Verifier.parse(PETER).signed(note)


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc"], whitelist_characters="\n")))
def test_what_is_signed_can_be_verified(text: str) -> None:
    note = OURS.sign(f"{text}\n")
    assert OURS.verifier.signed(note)
    assert text_of(note) == f"{text}\n"
    assert not Signer("example.com/log", b"x" * 32).verifier.signed(note)


@pytest.mark.parametrize("text", ["no newline", "tab\t\n", "return\r\n"])
def test_what_cannot_stand_in_a_note_is_not_signed(text: str) -> None:
    with pytest.raises(Malformed):
        OURS.sign(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\N{NO-BREAK SPACE}b"])
def test_a_name_with_spaces_or_plus_is_refused(name: str) -> None:
    with pytest.raises(Malformed):
        Verifier(name, bytes(32))


def test_a_seed_does_not_show() -> None:
    assert "oooo" not in repr(OURS)
