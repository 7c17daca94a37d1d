"""Verifying over the wire: the key is pinned at first use, the past is remembered."""

from pathlib import Path

import pytest

from quarterdeck.trail.integrity import service
from quarterdeck.trail.integrity.known import KnownLogs
from quarterdeck.trail.integrity.model import Finding, Unreadable, Verdict
from quarterdeck.trail.keys.note import Signer, Verifier
from trail.installation import Installation

URL = "https://quarterdeck.example/api/v1/trail/logs/acme"


@pytest.fixture
def known(tmp_path: Path) -> KnownLogs:
    return KnownLogs(tmp_path / "config/known_logs")


def verify(installation: Installation, known: KnownLogs, vkey: str = "") -> Verdict:
    claimed = Verifier.parse(vkey or installation.vkey)
    return service.verify_online(installation.serve, URL, claimed, known)


def test_the_key_and_the_checkpoint_are_remembered(
    installation: Installation, known: KnownLogs, tmp_path: Path
) -> None:
    installation.grow(3)
    assert known.of(URL) is None
    verdict = verify(installation, known)
    assert (verdict.findings, verdict.head.size) == ((), 3)
    kept = known.of(URL)
    assert kept is not None
    assert (kept.vkey, kept.checkpoint) == (installation.vkey, verdict.note)
    assert (tmp_path / "config/known_logs").stat().st_mode & 0o777 == 0o600


def test_a_log_that_grew_is_intact(installation: Installation, known: KnownLogs) -> None:
    for _ in range(3):
        installation.grow(100)
        assert verify(installation, known).intact


def test_another_key_than_the_pinned_one_is_a_finding(
    installation: Installation, known: KnownLogs
) -> None:
    installation.grow(3)
    verify(installation, known)
    other = Signer(Verifier.parse(installation.vkey).name, b"e" * 32).verifier.vkey
    (finding,) = verify(installation, known, other).findings
    assert finding.where == "key"
    kept = known.of(URL)
    assert kept is not None
    assert kept.vkey == installation.vkey


def test_an_entry_altered_where_it_is_stored_is_found_and_not_remembered(
    installation: Installation, known: KnownLogs
) -> None:
    installation.grow(3)
    verify(installation, known)
    before = known.of(URL)
    installation.grow(3)
    installation.alter(4)
    assert verify(installation, known).findings == (Finding("entry 4", "altered"),)
    assert known.of(URL) == before


def test_a_server_that_went_back_is_found(installation: Installation, known: KnownLogs) -> None:
    installation.grow(3)
    old = installation.serve("checkpoint")
    installation.grow(3)
    verify(installation, known)
    assert old is not None
    installation.roll_back(old, 3)
    assert verify(installation, known).findings == (
        Finding("checkpoint", "rolled back: 3 entries, 6 seen before"),
    )


@pytest.mark.parametrize("note", [None, b"", b"no checkpoint at all"])
def test_a_log_seen_before_whose_checkpoint_is_gone_is_damaged(
    installation: Installation, known: KnownLogs, note: bytes | None
) -> None:
    installation.grow(3)
    claimed = Verifier.parse(installation.vkey)
    with pytest.raises(Unreadable):  # never seen: there may be no log
        service.verify_online(lambda _: note, URL, claimed, known)
    verify(installation, known)
    verdict = service.verify_online(lambda _: note, URL, claimed, known)
    (finding,) = verdict.findings
    assert finding.where == "checkpoint"
    assert "3 entries seen before" in finding.what
    assert not verdict.intact


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1}', '{"a": {"vkey": 1}}'])
def test_a_damaged_memory_is_refused_by_name(
    installation: Installation, tmp_path: Path, content: str
) -> None:
    installation.grow(1)
    path = tmp_path / "known_logs"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(Unreadable, match="known_logs"):
        verify(installation, KnownLogs(path))


def test_a_memory_that_others_can_write_is_refused(
    installation: Installation, tmp_path: Path
) -> None:
    installation.grow(1)
    path = tmp_path / "known_logs"
    path.write_text("{}")
    path.chmod(0o666)
    with pytest.raises(Unreadable, match="chmod 600"):
        verify(installation, KnownLogs(path))


def test_copying_again_reads_only_what_is_new(installation: Installation, tmp_path: Path) -> None:
    asked: list[str] = []

    def read(path: str) -> bytes | None:
        asked.append(path)
        return installation.serve(path)

    installation.grow(300)
    service.copy_log(read, tmp_path / "copy")
    asked.clear()
    installation.grow(1)
    service.copy_log(read, tmp_path / "copy")
    assert asked == [
        "checkpoint",
        "tile/0/001.p/45",
        "tile/1/000.p/1",
        "tile/entries/001.p/45",
        "handovers",
    ]
    key = Verifier.parse(installation.vkey)
    assert service.verify_copy(tmp_path / "copy", key).intact
