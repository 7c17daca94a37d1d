"""A report as PDF: what stands in it is read back by another program."""

import subprocess
import sys
from hashlib import sha256
from io import BytesIO

from pypdf import PdfReader

from operations.incidents.stage import Bridge
from quarterdeck.operations.incidents.paper.blocks import Block, Form, blocks
from quarterdeck.operations.incidents.paper.letters import drawn
from quarterdeck.operations.incidents.paper.printing import FEW, printed
from quarterdeck.operations.incidents.service.reporting import FORMS

NAME = "INC-2026-000001-postmortem"
LONG = "entry " * 3000
SMALL = "# Postmortem of INC-2026-000001: Größe <b>, Łódź, Привет\n\n- Status: Resolved\n"


def pages(markdown: str) -> list[str]:
    reader = PdfReader(BytesIO(printed(markdown, NAME).content), strict=True)
    return [page.extract_text() for page in reader.pages]


def timeline(many: int) -> str:
    lines = (f"- 2026-01-07 12:{n % 60:02d} UTC: entry {n} was seen" for n in range(many))
    return "## Timeline\n" + "\n".join(lines)


def test_a_report_is_read_block_by_block() -> None:
    said = (
        "# Title\n\n## Head\n**Severity:** SEV-1\n- [x] done\n- 2026-01-07 12:00 UTC: seen (@ada)\n"
        "plain\n\\# no heading\n\\stays\n"
    )
    assert list(blocks(said)) == [
        Block(form=Form.TITLE, text="Title"),
        Block(form=Form.HEADING, text="Head"),
        Block(form=Form.TEXT, label="Severity:", text="SEV-1"),
        Block(form=Form.BULLET, text="[x] done"),
        Block(form=Form.ENTRY, label="2026-01-07 12:00 UTC", text="seen (@ada)"),
        Block(form=Form.TEXT, text="plain"),
        Block(form=Form.TEXT, text="# no heading"),
        Block(form=Form.TEXT, text="\\stays"),
    ]


def test_all_that_an_incident_has_stands_in_its_pdf(bridge: Bridge) -> None:
    made = bridge.declare(severity="P2", region="US-East")
    account = bridge.account(made.id)
    for form in ("postmortem", "ticket", "brief"):
        markdown = FORMS[form](account, bridge.now, {})
        text = " ".join(" ".join(pages(markdown)).split())
        for one in blocks(markdown):
            for said in (one.label, one.text):
                assert " ".join(said.split()) in text, (form, said)


def test_letters_of_every_script_are_drawn_or_said_to_be_lost() -> None:
    [text] = pages(SMALL + "\n李雷, 山田さん, 김철수 and 😀\a\n")
    for said in (
        "Größe <b>, Łódź, Привет",
        "李雷 [U+674E U+96F7], 山田さん [U+",  # a reader without fonts for them sees which it was
        "김철수 [U+",
        "and [U+1F600 U+0007]",
        "Letters that no font has stand here as their code points, [U+...]: 2.",
        "are drawn by the fonts of whoever reads this. Where these are missing",
    ):
        assert " ".join(said.split()) in " ".join(text.split()), said
    [plain] = pages(SMALL)
    assert "code points" not in plain
    assert "whoever reads this" not in plain
    assert drawn("a<李").markup == 'a&lt;<font name="STSong-Light">李</font>'


def test_markup_in_a_text_is_text() -> None:
    [text] = pages(SMALL + "\n**<b> & x:** <i>y</font>\n- <para>&amp;\n")
    assert "<b> & x: <i>y</font>" in text
    assert "<para>&amp;" in text


def test_whole_texts_of_such_letters_are_not_spelled_out() -> None:
    [text] = pages(SMALL + "\n" + "你好" * FEW)
    assert "你好你好" in text
    assert "[U+" not in text
    assert "Where these are missing" not in text


def test_a_timeline_goes_over_pages_that_are_numbered() -> None:
    found = pages(f"{SMALL}\n{timeline(200)}\n- 2026-01-07 15:00 UTC: {LONG}\n")
    assert len(found) > 5
    for number, text in enumerate(found, 1):
        assert NAME in text
        assert f"Page {number} of {len(found)}" in text
        assert "When\nWhat" in text  # the head of the table stands on each page
    whole = "\n".join(found)
    assert all(f"entry {n} was seen" in whole for n in range(200))
    assert whole.count("entry") == 200 + 3000


def test_long_words_stay_on_the_page() -> None:
    word = "x" * 500
    found = PdfReader(BytesIO(printed(f"{SMALL}\n{word}\n", NAME).content)).pages[0]
    right: list[float] = []

    def seen(text: str, _cm: object, tm: list[float], *_font: object) -> None:
        if "x" in text:
            right.append(tm[4])
            assert len(text) < 130

    found.extract_text(visitor_text=seen)
    assert right
    assert found.extract_text().count("x") >= 500


def test_one_state_has_the_same_bytes_in_every_process() -> None:
    program = (
        "import sys; from quarterdeck.operations.incidents.paper.printing import printed;"
        "sys.stdout.buffer.write(printed(sys.stdin.buffer.read().decode(), 'x').content)"
    )
    said = f"{SMALL}\n李雷\n{timeline(80)}"
    here = printed(said, "x").content
    elsewhere = subprocess.run(
        [sys.executable, "-c", program],
        input=said.encode(),
        capture_output=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": "src"},
    )
    assert sha256(elsewhere.stdout).digest() == sha256(here).digest()
    assert printed(said + "more", "x").content != here
