"""Messages that waited, told as one; and words made to fit. Pure."""

import re
from collections.abc import Sequence

from quarterdeck.operations.messages.model import Content

SEVERITIES = ("critical", "error", "warning", "info")
STATES = ("firing", "acknowledged", "info", "resolved")
CUT = "… (shortened)"
UNTITLED = "(no title)"
REPEAT = "Repeat: you may have this already."
BROAD = re.compile(r"(?:@(?=channel|here|everyone|group|all\b)|<(?=[!@#]))", re.IGNORECASE)
APART = "\u200b"  # a space without width: nobody is called


def as_one(contents: Sequence[Content]) -> Content:
    """Several contents in one: how many, each with its title, the worst severity of all."""
    first, *others = contents
    if not others:
        return first
    return Content(
        title=f"{len(contents)} messages: {first.title.strip() or UNTITLED}",
        text="\n\n".join(map(_in_short, contents)),
        severity=_worst(SEVERITIES, [one.severity for one in contents]),
        state=_worst(STATES, [one.state for one in contents]),
        priority=first.priority,
        links=tuple(dict.fromkeys(link for one in contents for link in one.links)),
    )


def shortened(text: str, most: int) -> str:
    """``text``, at most ``most`` characters of it; what was cut off is seen to be."""
    if len(text) <= most:
        return text
    return (text[: most - len(CUT)].rstrip() + CUT) if most > len(CUT) else text[:most]


def calm(text: str) -> str:
    """``text`` that calls nobody: ``@channel``, ``@here``, ``@everyone`` are words in it."""
    return BROAD.sub(lambda found: found[0] + APART, text)


def left_out(content: Content, facts: int, links: int) -> str:
    """What says that not all is shown, where only so many facts and links are; else nothing."""
    gone = {"facts": len(content.facts) - facts, "links": len(content.links) - links}
    said = ", ".join(f"{many} more {what}" for what, many in gone.items() if many > 0)
    return f"Not shown: {said}" if said else ""


def is_for_all(content: Content, *, mention: bool) -> bool:
    """Whether all who are there are called: for what is critical, and not over, alone."""
    over = content.state in ("resolved", "acknowledged")
    return mention and content.severity == "critical" and not over


def headline(content: Content) -> str:
    """The title, and before it what has happened to it: ``Resolved: Database down``."""
    state = {"resolved": "Resolved: ", "acknowledged": "Acknowledged: "}.get(content.state, "")
    return state + (content.title.strip() or UNTITLED)


def mark(content: Content) -> str:
    """How severe it is, to stand before the title, until it is over: ``[CRITICAL] ``."""
    over = content.state in ("resolved", "acknowledged")
    return f"[{content.severity.upper()}] " if content.severity and not over else ""


def _in_short(content: Content) -> str:
    facts = "; ".join(f"{label}: {value}" for label, value in content.facts)
    return "\n".join(part for part in (f"• {headline(content)}", content.text, facts) if part)


def _worst(order: Sequence[str], found: Sequence[str]) -> str:
    known = [one for one in order if one in found]
    return known[0] if known else found[0]
