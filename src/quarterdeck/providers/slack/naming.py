"""How a channel of an incident is called in Slack. Pure.

Lower-case letters, digits, hyphens and underscores, 80 at most;
https://docs.slack.dev/reference/methods/conversations.create.
"""

import re
from collections.abc import Iterator

MOST, MOST_SUFFIXES = 80, 9
UNFIT = re.compile(r"[^a-z0-9_-]+")


def names(room: str, incident: str) -> Iterator[str]:
    """The name, then with a suffix each, for where somebody else has the one before.

    ``incident`` stands in it whole: no two incidents of an installation share a name, and who
    tries again after a crash knows its own.
    """
    end = _fit(incident)[: MOST - len("-9")]
    start = _fit(room)[: MOST - len(end) - len("--9")].rstrip("-_")
    name = f"{start}-{end}" if start else end
    yield name
    for number in range(2, MOST_SUFFIXES + 1):
        yield f"{name}-{number}"


def _fit(words: str) -> str:
    return UNFIT.sub("-", words.lower()).strip("-_")
