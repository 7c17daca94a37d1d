"""Which font draws a letter; one that none has is written as its code point, and counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from itertools import groupby
from xml.sax.saxutils import escape

from pymupdf_fonts import NotoSans_Bold, NotoSans_Regular
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

PLAIN, BOLD = "NotoSans", "NotoSans-Bold"
EMBEDDED = {PLAIN: NotoSans_Regular, BOLD: NotoSans_Bold}
"""Latin, Greek and Cyrillic: they travel in the document, as far as it uses them."""

OF_READERS = {
    "STSong-Light": "gbk",
    "HeiseiKakuGo-W5": "cp932",
    "HYGothic-Medium": "cp949",
    "MSung-Light": "cp950",
}
"""Fonts that readers bring (PDF 32000-1, 9.7.5.2), and an encoding of the letters each has."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A text with its fonts, as reportlab's markup.

    Attributes:
        lost: how many letters are written as code points.
        borrowed: how many letters fonts of the reader draw.
    """

    markup: str
    lost: int
    borrowed: int


def drawn(text: str, font: str = PLAIN, *, spelled: bool = False) -> Drawn:
    """A text in a font, and in others where that one lacks a letter.

    ``spelled``: behind letters that the reader's fonts draw stand their code points.
    """
    runs = [(of, "".join(run)) for of, run in groupby(text, lambda letter: _font(letter, font))]
    return Drawn(
        markup="".join(_markup(of, run, font, spelled=spelled) for of, run in runs),
        lost=sum(len(run) for of, run in runs if not of),
        borrowed=sum(len(run) for of, run in runs if of in OF_READERS),
    )


@cache
def register() -> None:
    """Have reportlab know the fonts; a second time does nothing."""
    for name, module in EMBEDDED.items():
        pdfmetrics.registerFont(TTFont(name, BytesIO(module.fontbuffer)))
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)
    for name in OF_READERS:
        pdfmetrics.registerFont(UnicodeCIDFont(name))


def _markup(of: str, run: str, font: str, *, spelled: bool) -> str:
    points = " ".join(f"U+{ord(letter):04X}" for letter in run)
    if not of:
        return f"[{points}]"
    if of == font:
        return escape(run)
    behind = f' <font size="7">[{points}]</font>' if spelled else ""
    return f'<font name="{of}">{escape(run)}</font>{behind}'


@lru_cache(maxsize=4096)
def _font(letter: str, font: str) -> str:
    """The font that draws a letter; empty: none."""
    if letter.isprintable() and ord(letter) in _letters(font):
        return font
    return next(_of_readers(letter), "")


def _of_readers(letter: str) -> Iterator[str]:
    for name, encoding in OF_READERS.items():
        if letter.isprintable() and letter.encode(encoding, "ignore"):
            yield name


def _letters(font: str) -> frozenset[int]:
    register()
    return _of_face(font)


@cache
def _of_face(font: str) -> frozenset[int]:
    return frozenset(pdfmetrics.getFont(font).face.charToGlyph)
