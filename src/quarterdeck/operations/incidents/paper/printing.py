"""A report as PDF, by reportlab: pages with numbers, the timeline as a table over them.

The same report has the same bytes: no clock, no random ids (reportlab's ``invariant``).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from itertools import groupby

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    LongTable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
)

from quarterdeck.operations.incidents.paper.blocks import Block, Form, blocks
from quarterdeck.operations.incidents.paper.letters import BOLD, PLAIN, drawn, register

MARGIN, FOOT = 20 * mm, 12 * mm
WIDTH = A4[0] - 2 * MARGIN - 12  # a frame of reportlab has 6 points of padding on each side
ROOM = 24 * mm
"""A heading stands where so much is left below it."""
COLUMNS = (41 * mm, WIDTH - 41 * mm)
INK, RULE = HexColor("#1b1f24"), HexColor("#c5cbd3")
LOST = "Letters that no font has stand here as their code points, [U+...]: {many}."
BORROWED = "Chinese, Japanese and Korean letters are drawn by the fonts of whoever reads this."
SPELLED = " Where these are missing, the code points behind them say which they are."
FEW = 60
"""So many of them are spelled out as well: names. More would make the text unreadable."""

_TEXT = ParagraphStyle(
    "text", fontName=PLAIN, fontSize=9.5, leading=13.5, textColor=INK, spaceAfter=4
)
_SMALL = ParagraphStyle("small", _TEXT, fontSize=7.5, leading=10, spaceBefore=10)
_STYLES = {
    Form.TITLE: ParagraphStyle(
        "title", _TEXT, fontName=BOLD, fontSize=16, leading=21, spaceAfter=8
    ),
    Form.HEADING: ParagraphStyle(
        "heading", _TEXT, fontName=BOLD, fontSize=11.5, leading=16, spaceBefore=9
    ),
    Form.BULLET: ParagraphStyle(
        "bullet", _TEXT, bulletFontName=PLAIN, leftIndent=10, bulletIndent=0, spaceAfter=2
    ),
    Form.ENTRY: ParagraphStyle("entry", _TEXT, spaceAfter=0),
    Form.TEXT: _TEXT,
}
_GRID = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
    ("LEFTPADDING", (0, 0), (0, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
]


@dataclass(frozen=True, slots=True)
class Printed:
    """A document, and how many pages it has."""

    content: bytes
    pages: int


def printed(markdown: str, name: str) -> Printed:
    """A report as PDF; ``name`` stands at the foot of each page, with its number."""
    register()
    found = list(blocks(markdown))
    title = next((one.text for one in found if one.form is Form.TITLE), name)
    draft = _built(found, title, name, 0)  # how many pages there are is known once they are set
    return _built(found, title, name, draft.pages)


def _built(found: Sequence[Block], title: str, name: str, pages: int) -> Printed:
    into = BytesIO()
    paper = SimpleDocTemplate(
        into,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=title,
        author="Quarterdeck",
        lang="en",
        invariant=1,
    )
    foot = partial(_foot, name=name, pages=pages)
    paper.build(list(_flow(found)), onFirstPage=foot, onLaterPages=foot)
    return Printed(into.getvalue(), paper.page)


def _foot(canvas: Canvas, paper: SimpleDocTemplate, *, name: str, pages: int) -> None:
    canvas.saveState()
    canvas.setFont(PLAIN, 8)
    canvas.setFillColor(INK)
    canvas.drawString(MARGIN, FOOT, name)
    canvas.drawRightString(A4[0] - MARGIN, FOOT, f"Page {paper.page} of {pages}")
    canvas.restoreState()


def _flow(found: Sequence[Block]) -> Iterator[Flowable]:
    plain = [drawn(one.label + one.text, _STYLES[one.form].fontName) for one in found]
    borrowed = sum(one.borrowed for one in plain)
    spelled = borrowed <= FEW
    for form, some in groupby(found, lambda one: one.form):
        if form is Form.ENTRY:
            yield _table(some, spelled=spelled)
            yield Spacer(0, 6)
            continue
        if form is Form.HEADING:  # not keepWithNext: that would move a whole table
            yield CondPageBreak(ROOM)
        yield from (_paragraph(one, spelled=spelled) for one in some)
    if lost := sum(one.lost for one in plain):
        yield Paragraph(LOST.format(many=lost), _SMALL)
    if borrowed:
        yield Paragraph(BORROWED + (SPELLED if spelled else ""), _SMALL)


def _table(entries: Iterable[Block], *, spelled: bool) -> LongTable:
    """A row an entry; a row that is longer than a page goes on upon the next."""
    head = [Paragraph(f"<b>{word}</b>", _STYLES[Form.ENTRY]) for word in ("When", "What")]
    rows = [
        [Paragraph(one.label, _STYLES[Form.ENTRY]), _paragraph(one, spelled=spelled)]
        for one in entries
    ]
    return LongTable([head, *rows], COLUMNS, repeatRows=1, splitInRow=1, style=_GRID)


def _paragraph(one: Block, *, spelled: bool) -> Paragraph:
    style = _STYLES[one.form]
    text = drawn(one.text, style.fontName, spelled=spelled).markup
    bold = drawn(one.label, BOLD, spelled=spelled).markup if one.form is Form.TEXT else ""
    label = f"<b>{bold}</b> " if bold else ""
    bullet = "•" if one.form is Form.BULLET else None
    return Paragraph(label + text, style, bulletText=bullet)
