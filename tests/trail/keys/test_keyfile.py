"""A KMS that is a file."""

from pathlib import Path

import pytest

from quarterdeck.trail.keys.keyfile import KeyFile, open_key_file
from quarterdeck.trail.keys.model import KmsFailed, KmsUnknown
from quarterdeck.trail.keys.seal import new_key
from trail.keys.kms import key_file, rotate


@pytest.fixture
def kms(tmp_path: Path) -> KeyFile:
    return key_file(tmp_path / "kek")


def test_a_name_opens_the_same_kms_again(kms: KeyFile) -> None:
    secret = new_key()
    assert open_key_file(kms.name).unwrap(kms.wrap(secret)) == secret


@pytest.mark.parametrize("name", ["file:relative", "kek", "", "azurekeyvault:https://x/keys/y"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(KmsUnknown, match="expected azurekeyvault:"):
        open_key_file(name)


def test_a_new_first_line_wraps_and_the_old_one_still_unwraps(kms: KeyFile) -> None:
    secret, before = new_key(), kms.wrap(new_key())
    rotate(kms.path)
    after = kms.wrap(secret)
    assert after.version != before.version
    assert kms.unwrap(after) == secret
    kms.unwrap(before)
    kms.path.write_text(kms.path.read_text().splitlines()[0])
    with pytest.raises(KmsFailed, match=f"no line of version {before.version}"):
        kms.unwrap(before)


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "openssl rand -hex 32"), ("short", "64 hexadecimal digits"), ("zz" * 32, "64 hexa")],
)
def test_a_file_that_holds_no_key_is_named(kms: KeyFile, content: str, words: str) -> None:
    kms.path.write_text(content)
    with pytest.raises(KmsFailed, match=words) as failed:
        kms.wrap(new_key())
    assert str(kms.path) in str(failed.value)
    assert not content or content not in str(failed.value)


def test_a_file_that_is_not_there_or_open_to_others_is_named(kms: KeyFile) -> None:
    kms.path.chmod(0o640)
    with pytest.raises(KmsFailed, match=f"chmod 600 {kms.path}"):
        kms.wrap(new_key())
    kms.path.unlink()
    with pytest.raises(KmsFailed, match=f"{kms.path} cannot be read: No such file"):
        kms.wrap(new_key())


def test_what_was_altered_is_not_unwrapped(kms: KeyFile) -> None:
    wrapped = kms.wrap(new_key())
    other = key_file(kms.path.with_name("other"))
    with pytest.raises(KmsFailed, match="no line of version"):
        other.unwrap(wrapped)
    damaged = type(wrapped)(
        version=wrapped.version, algorithm=wrapped.algorithm, content=wrapped.content[:-1]
    )
    with pytest.raises(KmsFailed, match="did not wrap this"):
        kms.unwrap(damaged)
