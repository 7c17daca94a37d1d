"""Three readers of signed notes, the log's, the export's and the browser's, agree on each."""

import base64
from collections.abc import Callable

import pytest

from console.looking import Watched
from quarterdeck.trail.export import verify
from quarterdeck.trail.keys.note import Malformed, Signer
from quarterdeck.trail.log.model import Head, MalformedHead

pytestmark = pytest.mark.browser

ORIGIN = "quarterdeck.example/acme"
ROOT = base64.b64encode(b"r" * 32).decode()
SIGNER = Signer(ORIGIN, b"s" * 32)
OTHER = Signer("witness.example", b"w" * 32)
TEXT = f"{ORIGIN}\n300\n{ROOT}\n"
GOOD = SIGNER.sign(TEXT)
LINE = GOOD.rpartition(b"\n\n")[2]

READ_IT = """async ([note, vkey]) => {
  const { readCheckpoint, checkSignature } = await import(document.querySelector(
    "script[type=module]").src.replace(/[^/]*$/, "note.js"));
  const read = readCheckpoint(new Uint8Array(note));
  return read ? checkSignature(read, vkey) : "no note";
}"""

MANY = """async (count) => {
  const { Purged } = await import(document.querySelector(
    "script[type=module]").src.replace(/[^/]*$/, "purged.js"));
  const purged = new Purged(), said = [], ranges = [];
  for (let index = 0; index < count; index += 1) {
    purged.note(2 * index, new Uint8Array());
    ranges.push([2 * index, 2 * index + 1]);
  }
  const payload = JSON.stringify({ policy: 7, ranges });
  const record = { action: "retention:purge", source: "quarterdeck", payload };
  purged.note(2 * count, new TextEncoder().encode(JSON.stringify(record)));
  purged.tell({ add: (state, words) => said.push([state, words]) });
  return said;
}"""

EXPLAIN = """async (entries) => {
  const { Purged } = await import(document.querySelector(
    "script[type=module]").src.replace(/[^/]*$/, "purged.js"));
  const purged = new Purged(), said = [];
  entries.forEach((entry, index) => purged.note(index, new TextEncoder().encode(entry)));
  purged.tell({ add: (state, words) => said.push([state, words]) });
  return said;
}"""


def free_bits(note: bytes) -> bytes:
    """The same signature in other letters: the last one has bits that count for nothing."""
    body, end = note[:-3], note[-2:]
    return body + bytes([note[-3] ^ 1]) + end


GOOD_NOTES = {
    "as signed": GOOD,
    "with another's signature": GOOD + OTHER.line(TEXT).encode(),
    "with its own twice": GOOD + LINE,
    "with an extension line": SIGNER.sign(TEXT + "more\n"),
}
BAD_NOTES = {
    "free bits": free_bits(GOOD),
    "no end": GOOD[:-1],
    "a second end": GOOD + b"\n",
    "a space behind": GOOD[:-1] + b" \n",
    "a tab between": GOOD.replace(b" " + ORIGIN.encode(), b"\t" + ORIGIN.encode()),
    "two spaces": LINE.join([GOOD[: -len(LINE)], b""]) + LINE.replace(b" ", b"  ", 1),
    "a carriage return": GOOD.replace(b"\n", b"\r\n"),
    "a hyphen for the dash": GOOD.replace("\N{EM DASH}".encode(), b"-"),
    "another kind of dash": GOOD.replace("\N{EM DASH}".encode(), "\N{EN DASH}".encode()),
    "nonsense below": GOOD + b"nonsense\n",
    "a mark of byte order": b"\xef\xbb\xbf" + GOOD,
    "no UTF-8": GOOD.replace(b"acme\n300", b"acm\xff\n300"),
    "another separator of lines": GOOD.replace(b"300\n", "300\N{LINE SEPARATOR}".encode()),
    "a control character": SIGNER.line("x\n").encode().join([b"\x0b\n\n", b""]),
    "its own signature, and one that is wrong": GOOD + SIGNER.line("another\n").encode(),
    "no signature": GOOD[: -len(LINE)],
    "another text": GOOD.replace(b"300", b"301"),
    "an id alone": GOOD + b"\xe2\x80\x94 elsewhere AAAAAA==\n",
}


def by_python(note: bytes) -> bool:
    try:
        Head.parse(note.rpartition(b"\n\n")[0].decode() + "\n")
        return SIGNER.verifier.signed(note)
    except (Malformed, MalformedHead, UnicodeDecodeError):
        return False


def by_the_export(note: bytes) -> bool:
    try:
        text = verify._signed(note, None, SIGNER.verifier.vkey, [], "note")  # noqa: SLF001
        verify.head(text, "note")
    except verify.Wrong:
        return False
    return True


@pytest.mark.parametrize("reader", [by_python, by_the_export])
def test_python_reads_a_note_in_one_way_alone(reader: Callable[[bytes], bool]) -> None:
    assert [name for name, note in GOOD_NOTES.items() if not reader(note)] == []
    assert [name for name, note in BAD_NOTES.items() if reader(note)] == []


def test_the_browser_reads_a_note_in_one_way_alone(ada: Watched) -> None:
    def read(note: bytes) -> object:
        return ada.page.evaluate(READ_IT, [list(note), SIGNER.verifier.vkey])

    assert {name: read(note) for name, note in GOOD_NOTES.items()} == dict.fromkeys(
        GOOD_NOTES, "good"
    )
    assert [name for name, note in BAD_NOTES.items() if read(note) == "good"] == []


def test_the_browser_says_what_was_purged_and_what_was_removed(ada: Watched) -> None:
    purge = (
        '{"action":"retention:purge","source":"quarterdeck",'
        '"payload":"{\\"policy\\":\\"abcdefghijklmnop\\",\\"ranges\\":[[0,2]]}"}'
    )
    assert ada.page.evaluate(EXPLAIN, ["", "", purge]) == [
        [
            "ok",
            (
                "2 records were purged by policy abcdefghijkl, as record #2 says; "
                "their hashes lead to the root."
            ),
        ]
    ]
    (found,) = ada.page.evaluate(EXPLAIN, ["", "", "", purge])
    assert found == ["critical", "Record #2 was removed, and no purge record names it."]
    (forged,) = ada.page.evaluate(EXPLAIN, ["", purge.replace("quarterdeck", "acme")])
    assert forged[0] == "critical"


def test_the_browser_explains_a_hundred_thousand_purged_ranges_at_once(ada: Watched) -> None:
    ((state, words),) = ada.page.evaluate(MANY, 100_000)
    assert state == "ok"
    assert words.startswith("100,000 records were purged by policy 7, as record #200000 says")


@pytest.mark.parametrize("ranges", ["[[0,2],[1e999,3]]", "[[0,2],7]", "7", "[[0,null]]"])
def test_a_purge_record_that_cannot_be_read_explains_nothing(ada: Watched, ranges: str) -> None:
    hostile = (
        '{"action":"retention:purge","source":"quarterdeck",'
        f'"payload":"{{\\"policy\\":\\"x\\",\\"ranges\\":{ranges}}}"}}'
    )
    (found,) = ada.page.evaluate(EXPLAIN, ["", "", hostile])
    assert found == ["critical", "Record #0 was removed, and no purge record names it."]
