"""The documents people read, and what stands in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)[^)]*\)")
CONSOLE = re.compile(r"^```(?:console|sh|bash)\n(.*?)^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
OURS = re.compile(r"(?:^|[|&;]\s*)(?:\w+=\S+\s+)*(?:quarterdeck|qd)\b([^|&;>\n]*)")


@dataclass(frozen=True, slots=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def text(self) -> str:
        return self.path.read_text()

    def links(self) -> list[str]:
        """Targets of links within the repository."""
        return [to for to in LINK.findall(self.text) if not re.match(r"[a-z]+:", to)]

    def anchors(self) -> set[str]:
        """What ``#...`` may name: headings, in lower case, with hyphens."""
        return {_anchor(heading) for heading in HEADING.findall(self.text)}

    def commands(self) -> Iterator[str]:
        """The words after ``quarterdeck`` of each command line in a console block."""
        for block in CONSOLE.findall(self.text):
            for line in block.replace("\\\n", " ").splitlines():
                yield from OURS.findall(line.removeprefix("$ ").partition(" #")[0])


def pages() -> list[Page]:
    """README, CONTRIBUTING, CHANGELOG and all of docs/."""
    return [Page(path) for path in (*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md")))]


def _anchor(heading: str) -> str:
    words = re.sub(r"[^\w\- ]", "", heading.lower())
    return words.replace(" ", "-")
