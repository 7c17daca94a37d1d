"""The data directory: for its owner alone, and for one at a time."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from quarterdeck.kernel.installation import (
    AlreadyRunning,
    Installation,
    UnusableDirectory,
    default_root,
    write_private,
)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    made = Installation(tmp_path / "state" / "quarterdeck")
    made.prepare()
    return made


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_its_folders_are_for_the_owner_alone(installation: Installation) -> None:
    folders = (installation.root, installation.keys, installation.backups)
    assert [rights(folder) for folder in folders] == [0o700] * 3
    installation.prepare()


def test_a_folder_that_others_may_enter_is_refused(installation: Installation) -> None:
    installation.keys.chmod(0o750)
    with pytest.raises(UnusableDirectory, match=r"chmod 700 .*keys"):
        installation.prepare()


def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnusableDirectory, match="cannot be used"):
        Installation(tmp_path / "file").prepare()


def test_a_second_holder_is_refused_until_the_first_ends(installation: Installation) -> None:
    held = installation.lock()
    with pytest.raises(AlreadyRunning, match=str(installation.root)):
        installation.lock()
    os.close(held)
    os.close(installation.lock())


def test_the_lock_dies_with_its_process(installation: Installation) -> None:
    child = os.fork()
    if child == 0:
        installation.lock()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    os.close(installation.lock())


def test_the_secret_is_made_once_and_private(installation: Installation) -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: installation.secret(), range(16)))
    assert len(secrets) == 1
    assert len(bytes.fromhex(secrets.pop())) == 32
    assert rights(installation.keys / "secret") == 0o600


@pytest.mark.parametrize("content", ["", "x", "ab" * 16, "zz" * 32])
def test_a_damaged_secret_is_told_by_its_file(installation: Installation, content: str) -> None:
    (installation.keys / "secret").write_text(content)
    with pytest.raises(UnusableDirectory, match="keys/secret is damaged"):
        installation.secret()


def test_a_private_file_appears_whole_and_replaces_what_was(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert (path.read_text(), rights(path)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_data_lies_where_the_system_keeps_such_things() -> None:
    assert default_root({}, uid=0) == Path("/var/lib/quarterdeck")
    assert default_root({"XDG_STATE_HOME": "/s"}, uid=1000) == Path("/s/quarterdeck")
    assert default_root({}, uid=1000) == Path.home() / ".local/state/quarterdeck"


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnusableDirectory, match="cannot be written"):
        write_private(tmp_path / "nowhere" / "token", "t")
    with pytest.raises(UnusableDirectory, match="cannot be used"):
        Installation(tmp_path / "nowhere").lock()
