"""A query in PromQL as its words: whether two are the same, however they are written. Pure.

Prometheus answers with a query in its own spelling (promql/parser/printer.go): matchers sorted,
``by`` before what it is of, durations and numbers at their shortest, no comments.
"""

import re
from functools import lru_cache

from quarterdeck.operations.rules.durations import prometheus
from quarterdeck.operations.rules.model import RuleInvalid

WORD = re.compile(
    r"""\#[^\n]* | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
    | (?P<span>(?:\d+(?:ms|[smhdwy]))+)
    | (?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>(?:[a-zA-Z_]|:(?=[a-zA-Z_]))[\w:]*) | (?P<sign>=~|!~|[!=<>]=|\S)""",
    re.VERBOSE | re.DOTALL,
)
JOINING = ("group_left", "group_right")
GROUPING = ("by", "without")
AGGREGATIONS = (
    *("sum", "min", "max", "avg", "count", "group", "stddev", "stdvar", "quantile"),
    *("topk", "bottomk", "count_values", "limitk", "limit_ratio"),
)
OTHERS = ("on", "ignoring", "bool", "offset", "and", "or", "unless", "atan2", "inf", "nan")
KEYWORDS = frozenset((*JOINING, *GROUPING, *AGGREGATIONS, *OTHERS))
OPENING = {")": "(", "}": "{", "]": "["}

Words = tuple[str, ...]


def alike(one: str, other: str) -> bool:
    """Whether two queries ask the same."""
    return one == other or words_of(one) == words_of(other)


@lru_cache(maxsize=4096)
def words_of(query: str) -> Words:
    """A query's words, in the order in which Prometheus writes them."""
    words = [_spelled(found) for found in WORD.finditer(query) if found.lastgroup]
    kept = [word for n, word in enumerate(words) if not _is_idle(words, n)]
    return tuple(_matchers_sorted(_grouping_first(_joined_by(kept))))


def _spelled(found: re.Match[str]) -> str:
    word = found[0]
    match found.lastgroup:
        case "text":
            return _text(word)
        case "span":
            return _span(word)
        case "number":
            return repr(float(int(word, 16) if word[:2] in ("0x", "0X") else word))
    return word.lower() if word.lower() in KEYWORDS else word


def _text(word: str) -> str:
    body = word[1:-1]
    if word[0] == "`":
        body = body.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    elif word[0] == "'":
        body = body.replace("\\'", "'").replace('\\"', '"').replace('"', '\\"')
    return f'"{body}"'


def _span(word: str) -> str:
    try:
        return str(prometheus(word))
    except RuleInvalid:
        return word


def _is_idle(words: list[str], n: int) -> bool:
    """Commas before an end, and braces with nothing in them."""
    after = words[n + 1] if n + 1 < len(words) else ""
    if words[n] == ",":
        return after in OPENING
    return (words[n] == "{" and after == "}") or (words[n] == "}" and words[n - 1 : n] == ["{"])


def _joined_by(words: list[str]) -> list[str]:
    """``group_left`` is always of something: of nothing, ``group_left ()``."""
    made: list[str] = []
    for n, word in enumerate(words):
        made.append(word)
        if word in JOINING and words[n + 1 : n + 2] != ["("]:
            made += ["(", ")"]
    return made


def _grouping_first(words: list[str]) -> list[str]:
    """``sum (x) by (a)`` as ``sum by (a) (x)``; by nothing as nothing. The innermost first."""
    for n in range(len(words) - 1, -1, -1):
        if words[n] not in AGGREGATIONS or words[n + 1 : n + 2] != ["("]:
            continue
        end = _end(words, n + 1)
        if words[end : end + 1] in ([one] for one in GROUPING):
            after = _end(words, end + 1)
            words[n + 1 : after] = words[end:after] + words[n + 1 : end]
    return _without(words, ["by", "(", ")"])


def _matchers_sorted(words: list[str]) -> list[str]:
    made: list[str] = []
    at = 0
    while at < len(words):
        end = _end(words, at) if words[at] == "{" else at + 1
        made += _sorted(words[at:end]) if words[at] == "{" else words[at:end]
        at = end
    return made


def _sorted(words: list[str]) -> list[str]:
    """``{``, matchers and ``}``, in order."""
    parts: list[list[str]] = [[]]
    for word in words[1:-1]:
        if word == ",":
            parts.append([])
        else:
            parts[-1].append(word)
    return [words[0], *(word for part in sorted(parts) for word in (*part, ",")), words[-1]]


def _end(words: list[str], at: int) -> int:
    """Behind the bracket that closes the one ``at``; behind all, where none does."""
    depth = 0
    for n in range(at, len(words)):
        depth += (words[n] in OPENING.values()) - (words[n] in OPENING)
        if depth == 0:
            return n + 1
    return len(words)


def _without(words: list[str], part: list[str]) -> list[str]:
    made: list[str] = []
    for word in words:
        made.append(word)
        if made[-len(part) :] == part:
            del made[-len(part) :]
    return made
