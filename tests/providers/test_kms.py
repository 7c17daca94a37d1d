"""What every KMS promises, of each that there is: a file, and a key of a vault."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from providers.rehearsal import Rehearsal
from providers.vault import Vault, settings
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.model import KmsFailed
from quarterdeck.trail.keys.ports import Kms, OpenKms
from quarterdeck.trail.keys.seal import new_key
from quarterdeck.wiring.kms import kms_of
from trail.keys.kms import key_file, rotate, wrap


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A KMS, how it is opened, and how its key gets a new version."""

    kms: Kms
    open: OpenKms
    rotate: Callable[[], None]


@pytest.fixture(params=["file", "vault"])
def held(request: pytest.FixtureRequest, simulator: Rehearsal, tmp_path: Path) -> Held:
    opened = kms_of(settings(simulator))
    if request.param == "file":
        path = key_file(tmp_path / "kek").path
        return Held(kms=opened(f"file:{path}"), open=opened, rotate=lambda: rotate(path))
    vault = Vault(simulator)
    kms = opened(f"azurekeyvault:{vault.address}")
    return Held(kms=kms, open=opened, rotate=vault.rotate)


def test_what_is_wrapped_is_not_in_clear_and_unwraps_by_its_name(held: Held) -> None:
    secret = new_key()
    wrapped = held.kms.wrap(secret)
    assert secret not in wrapped.content
    assert held.open(held.kms.name).unwrap(wrapped) == secret


def test_a_new_version_wraps_and_the_old_one_unwraps(held: Held) -> None:
    first, second = new_key(), new_key()
    old = held.kms.wrap(first)
    held.rotate()
    new = held.kms.wrap(second)
    assert old.version != new.version
    assert (held.kms.unwrap(old), held.kms.unwrap(new)) == (first, second)


def test_what_was_altered_or_is_of_another_version_is_refused(held: Held) -> None:
    old = held.kms.wrap(new_key())
    held.rotate()
    new = held.kms.wrap(new_key())
    damaged = bytes([old.content[0] ^ 1]) + old.content[1:]
    nowhere = replace(old, version=old.version[:-1] + ("0" if old.version[-1] != "0" else "1"))
    for wrong in (replace(old, content=damaged), replace(old, version=new.version), nowhere):
        with pytest.raises(KmsFailed):
            held.kms.unwrap(wrong)


def test_many_threads_may_ask_it_at_once(held: Held) -> None:
    secrets = [new_key() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda one: held.kms.unwrap(held.kms.wrap(one)), secrets)) == secrets


def test_a_key_folder_is_wrapped_wrapped_anew_and_opened(held: Held, tmp_path: Path) -> None:
    keys = KeyStore(tmp_path / "keys", open_kms=held.open)
    before = keys.begin("acme")
    assert wrap(keys, held.kms.name) == 1
    held.rotate()
    assert wrap(keys, held.kms.name) == 0
    found = KeyStore(tmp_path / "keys", open_kms=held.open)
    wrapping = found.open()
    assert wrapping is not None
    assert found.of("acme") == before
    assert found.open_all(wrapping) == 1
    assert KeyStore(tmp_path / "keys").of("acme") == before
