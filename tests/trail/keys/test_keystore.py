"""Keys on disk, and their backup."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quarterdeck.trail.keys import backup
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.model import BackupRefused, KeyMissing, KeyUnusable

NOON = datetime(2026, 2, 28, 12, tzinfo=UTC)
PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keys(folder: Path) -> KeyStore:
    store = KeyStore(folder)
    store.begin("acme")
    store.begin("_platform")
    return store


def test_keys_are_the_same_when_opened_again(keys: KeyStore, folder: Path) -> None:
    again = KeyStore(folder)
    assert again.of("acme") == keys.of("acme") == again.begin("acme")
    assert again.signer("acme").verifier == keys.signer("acme").verifier
    assert again.derived("acme", "x") == keys.derived("acme", "x")


def test_each_tenant_and_use_has_its_own(keys: KeyStore) -> None:
    made = {keys.derived(tenant, use) for tenant in ("acme", "_platform") for use in "ab"}
    assert len(made) == 4
    assert keys.of("acme").seed != keys.of("_platform").seed


def test_origins_name_installation_and_tenant_and_no_host(keys: KeyStore) -> None:
    mine, platform = keys.of("acme").origin, keys.of("_platform").origin
    assert mine.partition("/")[0] == platform.partition("/")[0]
    assert mine.partition("/")[2] == "acme"
    assert len(mine.partition("/")[0].removeprefix("quarterdeck.")) == 16


@pytest.mark.parametrize("tenant", ["a b", "a+b", "../a", "Zürich", "a/b"])
def test_any_tenant_can_have_a_key(keys: KeyStore, folder: Path, tenant: str) -> None:
    assert keys.begin(tenant).origin == KeyStore(folder).of(tenant).origin
    assert {p.parent for p in folder.parent.rglob("*.key.json")} == {folder}
    assert keys.signer(tenant).sign("text\n")


def test_of_many_that_begin_a_log_all_get_one_key(folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: KeyStore(folder).begin("acme"), range(16)))
    assert len(set(made)) == 1


def test_files_are_for_their_owner_alone(keys: KeyStore, folder: Path) -> None:
    assert keys.check() == 2
    assert {oct(p.stat().st_mode & 0o777) for p in folder.iterdir()} == {"0o600"}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_file_that_others_can_read_is_refused_by_name(keys: KeyStore, folder: Path) -> None:
    (path,) = folder.glob("acme*")
    path.chmod(0o640)
    with pytest.raises(KeyUnusable, match=f"chmod 600 {path}"):
        KeyStore(folder).of("acme")
    with pytest.raises(KeyUnusable):
        keys.check()


def test_a_folder_that_others_can_enter_is_refused_by_name(keys: KeyStore, folder: Path) -> None:
    folder.chmod(0o755)
    with pytest.raises(KeyUnusable, match=f"chmod 700 {folder}"):
        keys.check()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": 1}', "one letter"])
def test_a_damaged_file_is_refused_by_name(folder: Path, keys: KeyStore, damage: str) -> None:
    (path,) = folder.glob("acme*")
    text = path.read_text()
    path.write_text(text.replace('"seed":"', '"seed":"A', 1) if damage == "one letter" else damage)
    with pytest.raises(KeyUnusable, match=r"acme\.key\.json.*keys restore"):
        KeyStore(folder).of("acme")
    assert keys.of("acme").origin  # what is open stays open


def test_a_missing_key_is_not_made_anew(folder: Path, keys: KeyStore) -> None:
    (path,) = folder.glob("acme*")
    path.unlink()
    with pytest.raises(KeyMissing, match="keys restore"):
        KeyStore(folder).of("acme")
    assert not path.exists()
    assert keys.of("acme").origin  # what is open stays open


def test_a_backup_brings_every_key_back(keys: KeyStore, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "keys.backup"
    assert backup.back_up(folder, file, PASSPHRASE, NOON) == 3
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads((folder / "acme.key.json").read_text())["seed"].encode() not in (
        file.read_bytes()
    )
    assert backup.restore(file, PASSPHRASE, tmp_path / "restored") == 3
    assert KeyStore(tmp_path / "restored").of("acme") == keys.of("acme")
    assert backup.restore(file, PASSPHRASE, tmp_path / "restored") == 0


@pytest.mark.usefixtures("keys")
def test_a_backup_needs_its_passphrase_and_all_its_bytes(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "keys.backup"
    backup.back_up(folder, file, PASSPHRASE, NOON)
    with pytest.raises(BackupRefused, match="passphrase"):
        backup.restore(file, "another passphrase", tmp_path / "restored")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(BackupRefused, match="damaged"):
        backup.restore(file, PASSPHRASE, tmp_path / "restored")
    file.write_bytes(b"something else\n")
    with pytest.raises(BackupRefused, match="no backup of keys"):
        backup.restore(file, PASSPHRASE, tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


@pytest.mark.usefixtures("keys")
def test_a_restore_never_overwrites_another_key(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "keys.backup"
    backup.back_up(folder, file, PASSPHRASE, NOON)
    other = KeyStore(tmp_path / "other").begin("acme")
    with pytest.raises(BackupRefused, match="another key"):
        backup.restore(file, PASSPHRASE, tmp_path / "other")
    assert KeyStore(tmp_path / "other").of("acme") == other


@pytest.mark.usefixtures("keys")
def test_a_short_passphrase_or_nothing_to_keep_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="12"):
        backup.back_up(folder, tmp_path / "b", "short", NOON)
    with pytest.raises(BackupRefused, match="no keys"):
        backup.back_up(tmp_path / "empty", tmp_path / "b", PASSPHRASE, NOON)
    assert not (tmp_path / "b").exists()


def test_the_state_says_whether_keys_changed_since_the_backup(
    keys: KeyStore, folder: Path, tmp_path: Path
) -> None:
    assert backup.state(tmp_path / "empty").current
    assert backup.state(folder) == backup.BackupState(made_at="", current=False)
    backup.back_up(folder, tmp_path / "b", PASSPHRASE, NOON)
    assert backup.state(folder) == backup.BackupState(made_at="2026-02-28T12:00:00Z", current=True)
    keys.begin("zeta")
    assert not backup.state(folder).current
