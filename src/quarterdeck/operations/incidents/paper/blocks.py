"""What stands in a report, block by block, read from the Markdown that ``reporting`` writes. Pure.

It reads that Markdown and no other: headings, bullets, the timeline's times, paragraphs.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

HEADING = re.compile(r"(#{1,3}) (.*)")
ENTRY = re.compile(r"- (\d{4}-\d\d-\d\d \d\d:\d\d UTC): (.*)")
LABEL = re.compile(r"\*\*(.+?:)\*\* (.*)")
ESCAPED = re.compile(r"\\(\s*[#=\-`~])")


class Form(StrEnum):
    """How a block is set."""

    TITLE = "title"
    HEADING = "heading"
    BULLET = "bullet"
    ENTRY = "entry"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A line of a report.

    Attributes:
        label: of an entry, its time; of a text, what stands before it in bold.
    """

    form: Form
    text: str
    label: str = ""


def blocks(markdown: str) -> Iterator[Block]:
    """The blocks of a report; empty lines only part them."""
    for line in markdown.splitlines():
        if line.strip():
            yield _block(line)


def _block(line: str) -> Block:
    if found := HEADING.fullmatch(line):
        form = Form.TITLE if len(found[1]) == 1 else Form.HEADING
        return Block(form=form, text=found[2])
    if found := ENTRY.fullmatch(line):
        return Block(form=Form.ENTRY, label=found[1], text=found[2])
    if found := LABEL.fullmatch(line):
        return Block(form=Form.TEXT, label=found[1], text=found[2])
    if line.startswith("- "):
        return Block(form=Form.BULLET, text=line.removeprefix("- "))
    return Block(form=Form.TEXT, text=ESCAPED.sub(r"\1", line, count=1))
