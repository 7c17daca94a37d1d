"""A stranger verifies an export with the standard library alone; no change goes unseen."""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quarterdeck.kernel.db import open_engine
from quarterdeck.migrations.tables import metadata
from quarterdeck.trail.export import verify
from quarterdeck.trail.export.verify import Wrong
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.note import Signer, text_of
from quarterdeck.trail.keys.second import SecondSigner
from trail.export.press import Exporter, edit, unpacked
from trail.installation import Installation

EVE = b"e" * 32
FILES = ("records.ndjson", "disclosures.ndjson", "proof", "checkpoint", "keys", "policy.json")
FULL = (*FILES, "README.txt", "verify.py", "manifest.json", "manifest.sig")
ALL = (*FULL, "purges.ndjson")


class Original:
    """A complete export of 285 records of 300, with disclosures; and a checkpoint kept before."""

    def __init__(self, folder: Path) -> None:
        engine = open_engine(f"sqlite:///{folder}/db")
        metadata.create_all(engine)
        here = Installation(engine, KeyStore(folder / "keys"), folder)
        here.grow(30)
        here.name_somebody()
        here.grow(69)
        self.since = here.serve("checkpoint") or b""
        here.grow(200)
        self.size = here.reader.size("acme")
        self.key = here.vkey
        self.folder = unpacked(
            Exporter(here).made(disclose=True, first=10, end=self.size - 5), folder / "unpacked"
        )
        here.trail.close()
        engine.dispose()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    return Original(tmp_path_factory.mktemp("export"))


@pytest.fixture
def copy(original: Original, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original.folder, tmp_path / "copy"))


def found(original: Original, copy: Path, key: str | None = None) -> str:
    with pytest.raises(Wrong) as wrong:
        verify.verify(copy, key or original.key)
    return str(wrong.value)


def rewritten(original: Original, copy: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Change a file, and let the manifest name it as it is: what one without the key can do."""
    edit(copy / name, change)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"][name]["sha256"] = hashlib.sha256((copy / name).read_bytes()).hexdigest()
    resigned(original, copy, json.dumps(manifest).encode())


def resigned(original: Original, copy: Path, manifest: bytes) -> None:
    """Sign a manifest as the log's own key, were it stolen, could: to see what is checked then."""
    (copy / "manifest.json").write_bytes(manifest)
    eve = Signer(original.key.split("+")[0], EVE)
    text = f"quarterdeck-export/1\n{hashlib.sha256(manifest).hexdigest()}\n"
    (copy / "manifest.sig").write_bytes(eve.sign(text))


@pytest.mark.census("ATP-398", "ATP-428")
def test_a_bare_interpreter_verifies_it_in_an_empty_folder(original: Original, copy: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "verify.py", "--key", original.key],
        cwd=copy,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"every record of 10 to {original.size - 6}" in done.stdout
    assert "1 disclosed values" in done.stdout
    assert done.stdout.endswith("as signed\n")


def test_without_a_key_it_is_consistent_and_its_signer_is_not_known(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify.main([str(copy)]) == 1
    assert "signer not known" in capsys.readouterr().out


@pytest.mark.parametrize("name", ALL)
def test_no_file_may_miss(original: Original, copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert found(original, copy).startswith(name)


@pytest.mark.census("ATP-398")
@given(st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_changed_byte_anywhere_is_found_and_the_file_named(
    original: Original, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(FULL))
    path = original.folder / name
    content = path.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :])
    try:
        with pytest.raises(Wrong) as wrong:
            verify.verify(original.folder, original.key)
        where = "manifest" if name.startswith("manifest") else name
        assert where in str(wrong.value)
    finally:
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("was", "instead"),
    [("\N{EM DASH} ", "\N{LEFT TORTOISE SHELL BRACKET} "), ("=\n", "=\v"), ("=\n", "=")],
)
def test_a_signature_is_written_in_one_way(
    original: Original, copy: Path, was: str, instead: str
) -> None:
    edit(copy / "manifest.sig", lambda text: text.replace(was.encode(), instead.encode()))
    assert found(original, copy).startswith("manifest.sig: is not a signed note")


def test_bits_of_a_signature_that_count_for_nothing_are_not_free(
    original: Original, copy: Path
) -> None:
    *before, last, pad = list((copy / "manifest.sig").read_text().rstrip("\n"))
    assert (pad, last) == ("=", last)
    other = chr(ord(last) ^ 1)
    (copy / "manifest.sig").write_text("".join([*before, other, pad, "\n"]))
    assert found(original, copy).startswith("manifest.sig: is not a signed note")


@pytest.mark.parametrize(
    "beside",
    ["{dash}elsewhere AAAAAAAA\nnonsense\n", "{dash} AAAAAAAA\n", "{dash}elsewhere AAAA\n"],
)
def test_a_line_that_is_no_signature_spoils_the_note(copy: Path, beside: str) -> None:
    line = beside.format(dash="\N{EM DASH} ").encode()
    note = (copy / "checkpoint").read_bytes()
    with pytest.raises(Wrong, match="is not a signed note"):
        verify.verify(copy, None, note + line)


def test_a_signature_of_the_key_that_does_not_verify_spoils_those_that_do(
    original: Original, copy: Path
) -> None:
    note = (copy / "checkpoint").read_bytes()
    *_, line, end = note.split(b"\n")
    head, _, encoded = line.rpartition(b" ")
    other = base64.b64decode(encoded)[:4] + bytes(64)
    made = b" ".join([head, base64.b64encode(other)])
    with pytest.raises(Wrong, match="is not signed by that key"):
        verify.verify(original.folder, original.key, note + made + b"\n" + end)


@pytest.mark.parametrize("size", ["0300", "+300", " 300", "3_00", "\u0663"])
def test_a_size_is_written_in_one_way(copy: Path, size: str) -> None:
    origin, _, root = (copy / "checkpoint").read_text().split("\n")[:3]
    kept = Signer(origin, EVE).sign(f"{origin}\n{size}\n{root}\n")
    with pytest.raises(Wrong, match="a plain number"):
        verify.verify(copy, None, kept)


def test_a_checkpoint_kept_that_the_export_does_not_reach_is_not_called_continued(
    original: Original, copy: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "kept").write_bytes(original.since)
    kept = ["--since", str(tmp_path / "kept")]
    assert verify.main([str(copy), "--key", original.key, *kept]) == 1
    assert "cannot be compared: the export does not hold them all" in capsys.readouterr().out


@pytest.mark.parametrize("row", ['{"index":1,"index":2}', '{"index":NaN}', "[", "{}"])
def test_a_line_that_readers_understand_differently_is_refused(
    original: Original, copy: Path, row: str, capsys: pytest.CaptureFixture[str]
) -> None:
    resign_all(original, copy)
    rewritten(original, copy, "disclosures.ndjson", lambda _: f"{row}\n".encode())
    assert verify.main([str(copy), "--key", by_eve(original)]) == 1
    assert capsys.readouterr().out.startswith("NOT AS SIGNED")


def test_a_file_outside_the_export_is_not_read(original: Original, copy: Path) -> None:
    resign_all(original, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"]["../elsewhere"] = {"sha256": "", "bytes": 0}
    resigned(original, copy, json.dumps(manifest).encode())
    assert "is not the name of a file" in found(original, copy, by_eve(original))


@given(st.sampled_from(FULL), st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_cut_off_or_added_is_found(
    original: Original, name: str, data: st.DataObject
) -> None:
    path = original.folder / name
    content = path.read_bytes()
    cut = data.draw(st.integers(0, len(content) - 1))
    path.write_bytes(data.draw(st.sampled_from([content[:cut], content + b"\n", content * 2])))
    try:
        with pytest.raises(Wrong):
            verify.verify(original.folder, original.key)
    finally:
        path.write_bytes(content)


def test_a_cosignature_that_it_cannot_check_is_named(original: Original, copy: Path) -> None:
    eve = Signer(original.key.split("+")[0], EVE)
    second = SecondSigner.of(eve)
    rewritten(original, copy, "checkpoint", lambda note: second.beside(eve.sign(text_of(note)), 1))
    said = verify.verify(copy, by_eve(original))
    assert said[-2:] == [verify.NOT_CHECKED, "as signed"]


def test_a_manifest_signed_by_another_key_is_refused(original: Original, copy: Path) -> None:
    resigned(original, copy, (copy / "manifest.json").read_bytes())
    assert found(original, copy).startswith("manifest.sig: is not signed by")


def by_eve(original: Original) -> str:
    return Signer(original.key.split("+")[0], EVE).verifier.vkey


def test_even_its_own_signer_cannot_change_a_record(original: Original, copy: Path) -> None:
    resign_all(original, copy)

    def change(content: bytes) -> bytes:
        lines = content.splitlines()
        row = json.loads(lines[7])
        row["entry"] = row["entry"].replace("success", "failure")
        lines[7] = json.dumps(row).encode()
        return b"\n".join(lines) + b"\n"

    rewritten(original, copy, "records.ndjson", change)
    assert found(original, copy, by_eve(original)) == (
        "records.ndjson, line 8: record 17 is not what was hashed"
    )


def test_a_record_and_its_hash_changed_together_lead_to_another_root(
    original: Original, copy: Path
) -> None:
    resign_all(original, copy)

    def change(content: bytes) -> bytes:
        lines = content.splitlines()
        row = json.loads(lines[7])
        row["entry"] = row["entry"].replace("success", "failure")
        leaf = hashlib.sha256(b"\x00" + row["entry"].encode()).digest()
        row["hash"] = base64.b64encode(leaf).decode()
        lines[7] = json.dumps(row).encode()
        return b"\n".join(lines) + b"\n"

    rewritten(original, copy, "records.ndjson", change)
    assert "do not lead to the root" in found(original, copy, by_eve(original))


def test_a_record_left_out_is_named(original: Original, copy: Path) -> None:
    resign_all(original, copy)

    def change(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        return b"".join(lines[:41] + lines[42:])

    rewritten(original, copy, "records.ndjson", change)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["records"] -= 1
    resigned(original, copy, json.dumps(manifest).encode())
    assert found(original, copy, by_eve(original)) == "records.ndjson: record 51 is missing"


def test_records_in_another_order_are_found(original: Original, copy: Path) -> None:
    resign_all(original, copy)

    def change(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        lines[3], lines[4] = lines[4], lines[3]
        return b"".join(lines)

    rewritten(original, copy, "records.ndjson", change)
    assert found(original, copy, by_eve(original)).startswith("records.ndjson")


def test_a_disclosed_value_that_no_record_commits_to_is_found(
    original: Original, copy: Path
) -> None:
    resign_all(original, copy)

    def change(content: bytes) -> bytes:
        row = json.loads(content)
        text = row["disclosure"]
        told = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        told[2] = "Somebody Else"
        row["disclosure"] = base64.urlsafe_b64encode(json.dumps(told).encode()).decode()
        return json.dumps(row).encode() + b"\n"

    rewritten(original, copy, "disclosures.ndjson", change)
    assert "commits to no such value" in found(original, copy, by_eve(original))


def test_a_proof_of_wrong_length_is_found(original: Original, copy: Path) -> None:
    resign_all(original, copy)
    extra = base64.b64encode(b"x" * 32) + b"\n"
    rewritten(original, copy, "proof", lambda content: content + extra)
    assert "belong nowhere" in found(original, copy, by_eve(original))


def test_a_checkpoint_of_another_size_is_not_the_one_named(original: Original, copy: Path) -> None:
    resign_all(original, copy)
    eve = Signer(original.key.split("+")[0], EVE)

    def change(content: bytes) -> bytes:
        origin, size, root = content.decode().split("\n")[:3]
        return eve.sign(f"{origin}\n{int(size) + 1}\n{root}\n")

    rewritten(original, copy, "checkpoint", change)
    assert "not what the manifest names" in found(original, copy, by_eve(original))


def test_a_log_that_was_rolled_back_or_forked_shows_against_a_checkpoint_kept(
    original: Original, copy: Path
) -> None:
    assert verify.verify(copy, original.key, original.since)
    assert verify.verify(copy, original.key, (copy / "checkpoint").read_bytes())
    eve = Signer(original.key.split("+")[0], EVE)
    origin, size, root = (copy / "checkpoint").read_text().split("\n")[:3]
    later = eve.sign(f"{origin}\n{int(size) + 1}\n{root}\n")
    with pytest.raises(Wrong, match="is not signed by that key"):
        verify.verify(copy, original.key, later)
    with pytest.raises(Wrong, match="rolled back"):
        verify.verify(copy, None, later)
    other = base64.b64encode(b"r" * 32).decode()
    with pytest.raises(Wrong, match="forked"):
        verify.verify(copy, None, eve.sign(f"{origin}\n{size}\n{other}\n"))
    with pytest.raises(Wrong, match="is of"):
        verify.verify(copy, None, eve.sign(f"elsewhere/x\n{size}\n{root}\n"))


def test_a_checkpoint_kept_that_cannot_be_read_is_said(
    original: Original, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = verify.main([str(copy), "--key", original.key, "--since", str(copy / "nothing")])
    assert said == 1
    assert "cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize("key", ["", "a", "a+b", "a+00000000+AAAA", "ä+1+ö"])
def test_what_is_no_key_is_said(copy: Path, key: str) -> None:
    with pytest.raises(Wrong):
        verify.verify(copy, key or "x")


def resign_all(original: Original, copy: Path) -> None:
    """Sign checkpoint and manifest anew with Eve's key: only the hashes protect then."""
    eve = Signer(original.key.split("+")[0], EVE)

    def signed(content: bytes) -> bytes:
        return eve.sign(content.decode().rpartition("\n\n")[0] + "\n")

    rewritten(original, copy, "checkpoint", signed)
    assert verify.verify(copy, by_eve(original))


@given(st.binary(max_size=200), st.binary(min_size=32, max_size=32))
@settings(max_examples=15, deadline=None)
def test_its_own_ed25519_agrees_with_another_implementation(message: bytes, seed: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert verify.ed25519(public, message, signature)
    assert not verify.ed25519(public, message + b".", signature)
    scalar = int.from_bytes(signature[32:], "little") + verify.ORDER
    assert not verify.ed25519(public, message, signature[:32] + scalar.to_bytes(32, "little"))
    assert not verify.ed25519(public, message, signature[:63])
    assert not verify.ed25519(public[::-1], message, signature)


def test_its_ed25519_agrees_with_a_vector_of_rfc_8032() -> None:
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b"
    )
    assert verify.ed25519(public, b"", signature)
    assert not verify.ed25519(public, b"x", signature)
