"""Keys wrapped by a KMS: in place, anew, and back; and what breaks off midway."""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from quarterdeck.events.trail import KeysRewrapped, KeysUnwrapped, KeysWrapped
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.health import CheckFailed, Health
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor, MissingPermission, Work, begin
from quarterdeck.trail.keys import backup, custody, files
from quarterdeck.trail.keys.keyfile import KeyFile
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.model import (
    BackupRefused,
    CustodyMoved,
    KeyUnusable,
    KmsFailed,
    KmsUnknown,
    WrappedElsewhere,
    Wrapping,
)
from quarterdeck.trail.keys.readiness import KmsProbe
from trail.keys.kms import SARA, folder_digest, key_file, rotate, wrap

PASSPHRASE = "correct horse battery staple"
TENANTS = ("acme", "x.next-2", "_platform")
WHY = ("scheduled", "")
READER = Actor("rita", frozenset({("keys:read", PLATFORM)}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def kms(tmp_path: Path) -> KeyFile:
    return key_file(tmp_path / "kek")


@pytest.fixture
def keys(folder: Path) -> KeyStore:
    """Of three logs, one with a second key: four files with secrets."""
    store = KeyStore(folder)
    for tenant in TENANTS:
        store.begin(tenant)
    store.rotate("acme", 0, timedelta(days=1), WHY)
    return store


def secrets(keys: KeyStore) -> list[object]:
    """All that is secret."""
    return [(keys.of(t), [key.signer for key in keys.ring(t)]) for t in TENANTS]


def at_rest(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def lines(folder: Path) -> list[str]:
    """Each secret as its file has it, before it is wrapped."""
    found = [json.loads(path.read_bytes()) for path in folder.glob("*.json")]
    return [one[name] for one in found for name in ("seed", "root") if name in one]


def test_wrapped_keys_are_the_same_and_none_lies_open(
    keys: KeyStore, folder: Path, kms: KeyFile
) -> None:
    before, clear = secrets(keys), lines(folder)
    assert len(clear) == 7
    assert wrap(keys, kms.name) == 4
    assert secrets(keys) == secrets(KeyStore(folder)) == before
    assert [one for one in clear if one.encode() in at_rest(folder)] == []
    found = keys.custody()
    assert (found.sealed, found.plain, found.whole) == (4, 0, True)
    assert KeyStore(folder).check() == 3
    assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o600"}


def test_the_age_of_a_key_does_not_begin_anew(keys: KeyStore, folder: Path, kms: KeyFile) -> None:
    long_ago = 1_700_000_000
    os.utime(folder / "acme.key.json", (long_ago, long_ago))
    wrap(keys, kms.name)
    assert KeyStore(folder).ring("acme")[0].made_at == long_ago * 1_000_000
    keys.open_all(_wrapping(keys))
    assert KeyStore(folder).ring("acme")[0].made_at == long_ago * 1_000_000


def _wrapping(keys: KeyStore) -> Wrapping:
    found = keys.open()
    assert found is not None
    return found


def test_what_is_made_later_is_kept_as_all_are_kept_then(
    keys: KeyStore, folder: Path, kms: KeyFile
) -> None:
    other = KeyStore(folder)  # a process that runs since before
    other.of("acme")
    wrap(keys, kms.name)
    other.begin("beta")
    other.rotate("beta", 0, timedelta(days=1), WHY)
    assert other.custody().plain == 0
    assert KeyStore(folder).of("beta") == other.of("beta")
    keys.open_all(_wrapping(keys))
    other.begin("gamma")
    assert other.custody().sealed == 0
    assert KeyStore(folder).of("gamma") == other.of("gamma")


@pytest.mark.parametrize("after", range(4))
@pytest.mark.parametrize("back", [False, True])
def test_a_change_that_breaks_off_leaves_keys_that_open_and_is_ended_by_another_try(
    keys: KeyStore,
    folder: Path,
    kms: KeyFile,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
    back: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    before = secrets(keys)
    if back:
        wrap(keys, kms.name)

    def change(store: KeyStore) -> int:
        return store.open_all(_wrapping(store)) if back else wrap(store, kms.name)

    with monkeypatch.context() as broken:
        break_off(broken, after)
        with pytest.raises(OSError, match="the machine stops"):
            change(KeyStore(folder))
    assert secrets(KeyStore(folder)) == before
    KeyStore(folder).begin("later")
    assert KeyStore(folder).custody().whole is (back and after == 0)
    change(KeyStore(folder))
    found = KeyStore(folder).custody()
    assert (found.sealed, found.plain) == ((0, 5) if back else (5, 0))
    assert secrets(KeyStore(folder)) == before


def break_off(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let so many files take the place of others, and then none."""
    left, take_place = iter(range(after)), files.take_place

    def stop(draft: Path, path: Path) -> None:
        if next(left, None) is None:
            raise OSError("the machine stops")
        take_place(draft, path)

    monkeypatch.setattr(files, "take_place", stop)


def test_what_a_crash_left_half_written_lies_open_no_longer(
    keys: KeyStore, folder: Path, kms: KeyFile
) -> None:
    draft = folder / ".0123456789abcdef"
    draft.write_bytes((folder / "acme.key.json").read_bytes())
    wrap(keys, kms.name)
    assert not draft.exists()


def test_where_the_kms_is_not_there_nothing_is_changed(
    keys: KeyStore, folder: Path, kms: KeyFile
) -> None:
    content = kms.path.read_text()
    kms.path.unlink()
    before = folder_digest(folder)
    with pytest.raises(KmsFailed, match=str(kms.path)):
        wrap(keys, kms.name)
    assert folder_digest(folder) == before
    kms.path.touch(mode=0o600)
    kms.path.write_text(content)
    wrap(keys, kms.name)
    kms.path.unlink()
    before = folder_digest(folder)
    with pytest.raises(KmsFailed, match=str(kms.path)):
        wrap(keys, kms.name)
    assert folder_digest(folder) == before
    with pytest.raises(KmsFailed, match=str(kms.path)):
        KeyStore(folder).open()
    assert keys.of("acme") == keys.anew().of("acme")  # what runs goes on


def test_who_has_the_folders_key_in_memory_can_free_keys_of_a_kms_that_is_lost(
    keys: KeyStore, folder: Path, kms: KeyFile
) -> None:
    before = secrets(keys)
    wrap(keys, kms.name)
    kms.path.unlink()
    assert keys.open_all(_wrapping(keys)) == 4
    assert secrets(KeyStore(folder)) == before


def test_a_new_version_wraps_without_touching_what_is_sealed(
    keys: KeyStore, folder: Path, kms: KeyFile
) -> None:
    wrap(keys, kms.name)
    sealed = {path: path.read_bytes() for path in folder.glob("*.key.json")}
    first = _wrapping(keys).wrapped.version
    rotate(kms.path)
    assert wrap(keys, kms.name) == 0
    assert _wrapping(keys).wrapped.version != first
    assert {path: path.read_bytes() for path in sealed} == sealed
    kms.path.write_text(kms.path.read_text().splitlines()[0])  # the old version is gone
    assert secrets(KeyStore(folder)) == secrets(keys)


def test_keys_move_from_one_kms_to_another(
    keys: KeyStore, folder: Path, kms: KeyFile, tmp_path: Path
) -> None:
    wrap(keys, kms.name)
    other = key_file(tmp_path / "other")
    wrap(KeyStore(folder), other.name)
    kms.path.unlink()
    assert secrets(KeyStore(folder)) == secrets(keys)


def test_of_two_who_change_it_at_once_one_is_refused(
    keys: KeyStore, folder: Path, kms: KeyFile
) -> None:
    mine, theirs = (keys.envelope.prepared(kms.name, at) for at in (1, 2))
    keys.seal_all(mine)
    before = folder_digest(folder)
    with pytest.raises(CustodyMoved):
        KeyStore(folder).seal_all(theirs)
    assert folder_digest(folder) == before
    wrapping = _wrapping(keys)
    rotate(kms.path)
    wrap(keys, kms.name)
    with pytest.raises(CustodyMoved):
        keys.open_all(wrapping)


def test_secrets_that_were_swapped_between_files_are_refused(
    keys: KeyStore, folder: Path, kms: KeyFile
) -> None:
    wrap(keys, kms.name)
    mine, theirs = folder / "acme.key.json", folder / "_platform.key.json"
    fields = files.load(mine) | {"sealed": files.load(theirs)["sealed"]}
    files.rewrite(folder, {mine: fields})
    with pytest.raises(KeyUnusable, match=r"acme\.key\.json were sealed elsewhere"):
        KeyStore(folder).of("acme")


def test_without_the_file_that_says_who_wraps_them_it_is_named(
    keys: KeyStore, folder: Path, kms: KeyFile
) -> None:
    wrap(keys, kms.name)
    (folder / "kms.json").unlink()
    with pytest.raises(KeyUnusable, match=r"kms\.json does not hold it; .*keys restore"):
        KeyStore(folder).of("acme")
    (folder / "kms.json").touch(mode=0o644)
    with pytest.raises(KeyUnusable, match="others can read"):
        KeyStore(folder).open()


def test_a_backup_of_wrapped_keys_opens_with_their_kms_alone(
    keys: KeyStore, folder: Path, kms: KeyFile, tmp_path: Path
) -> None:
    assert backup.wrapped_by(folder) == ""
    wrap(keys, kms.name)
    assert backup.wrapped_by(folder) == kms.name
    file, restored = tmp_path / "copy", tmp_path / "restored"
    assert backup.back_up(folder, file, PASSPHRASE, utc_now()) == 6
    assert backup.restore(file, PASSPHRASE, restored) == 6
    assert secrets(KeyStore(restored)) == secrets(keys)
    kms.path.unlink()
    with pytest.raises(KmsFailed):
        KeyStore(restored).of("acme")


def test_a_restore_takes_a_key_for_the_same_however_it_is_kept(
    keys: KeyStore, folder: Path, kms: KeyFile, tmp_path: Path
) -> None:
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    backup.back_up(folder, plain, PASSPHRASE, utc_now())
    wrap(keys, kms.name)
    backup.back_up(folder, sealed, PASSPHRASE, utc_now())
    assert backup.state(folder).current
    rotate(kms.path)
    wrap(keys, kms.name)
    assert not backup.state(folder).current
    before = folder_digest(folder)
    assert backup.restore(plain, PASSPHRASE, folder) == 0
    assert backup.restore(sealed, PASSPHRASE, folder) == 0
    assert folder_digest(folder) == before
    keys.open_all(_wrapping(keys))
    wrap(keys, kms.name)  # under another key of the folder, which opens nothing of the copy
    with pytest.raises(BackupRefused, match="another key"):
        backup.restore(sealed, PASSPHRASE, folder)


def test_each_change_is_a_leaf_and_needs_its_permission(
    engine: Engine, keys: KeyStore, kms: KeyFile
) -> None:
    with begin(engine, SARA, utc_now) as work:
        found = custody.wrap(work, keys, custody.prepare_wrap(work, keys, kms.name))
        assert (found.sealed, custody.custody(work, keys)) == (4, found)
        (told,) = (one.event for one in work.published)
    version = _wrapping(keys).wrapped.version
    assert told == KeysWrapped(tenant=PLATFORM, kms=kms.name, version=version, files=4)
    rotate(kms.path)
    with begin(engine, SARA, utc_now) as work:
        custody.rewrap(work, keys, custody.prepare_rewrap(work, keys, kms.name))
        (told,) = (one.event for one in work.published)
    newer = _wrapping(keys).wrapped.version
    assert told == KeysRewrapped(tenant=PLATFORM, kms=kms.name, version=newer, before=version)
    with begin(engine, SARA, utc_now) as work:
        custody.unwrap(work, keys, custody.prepare_unwrap(work, keys))
        (told,) = (one.event for one in work.published)
    assert told == KeysUnwrapped(tenant=PLATFORM, kms=kms.name, files=4)


def test_who_may_not_changes_nothing(engine: Engine, keys: KeyStore, kms: KeyFile) -> None:
    prepared = keys.envelope.prepared(kms.name, 1)
    steps: list[Callable[[Work], object]] = [
        lambda work: custody.prepare_wrap(work, keys, kms.name),
        lambda work: custody.prepare_rewrap(work, keys, kms.name),
        lambda work: custody.prepare_unwrap(work, keys),
        lambda work: custody.wrap(work, keys, prepared),
        lambda work: custody.rewrap(work, keys, prepared),
        lambda work: custody.unwrap(work, keys, prepared.after),
    ]
    for step in steps:
        with begin(engine, READER, utc_now) as work, pytest.raises(MissingPermission):
            step(work)
    nobody = Actor("nobody", frozenset())
    with begin(engine, nobody, utc_now) as work, pytest.raises(MissingPermission):
        custody.custody(work, keys)
    assert keys.custody().sealed == 0


def test_what_makes_no_sense_is_refused_with_what_to_do(
    engine: Engine, keys: KeyStore, kms: KeyFile, tmp_path: Path
) -> None:
    other = key_file(tmp_path / "other")
    with begin(engine, SARA, utc_now) as work:
        with pytest.raises(KmsUnknown, match="QUARTERDECK_KMS"):
            custody.prepare_wrap(work, keys, "")
        for prepare in (custody.prepare_rewrap, lambda w, k, _: custody.prepare_unwrap(w, k)):
            with pytest.raises(WrappedElsewhere, match="quarterdeck keys wrap"):
                prepare(work, keys, kms.name)
        custody.wrap(work, keys, custody.prepare_wrap(work, keys, kms.name))
        with pytest.raises(WrappedElsewhere, match="quarterdeck keys rewrap"):
            custody.prepare_wrap(work, keys, other.name)
        custody.wrap(work, keys, custody.prepare_wrap(work, keys, kms.name))


@pytest.mark.census("ATP-050")
def test_the_probe_names_the_kms_and_says_that_what_runs_goes_on(
    keys: KeyStore, kms: KeyFile
) -> None:
    assert KmsProbe(keys).needed().description.startswith("none wraps the 3 key files")
    wrap(keys, kms.name)
    probe = KmsProbe(keys)
    assert probe.needed().description.startswith(f"{kms.name} unwrapped the folder's key in")
    kms.path.unlink()
    assert probe.needed().status is Health.HEALTHY  # asked half a minute ago at most
    with pytest.raises(CheckFailed, match=str(kms.path)):
        KmsProbe(keys).needed()
    beside = KmsProbe(keys).beside()
    assert beside.status is Health.DEGRADED
    assert "what runs goes on" in beside.description
