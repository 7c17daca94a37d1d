"""What an answer of the trail means for the lines that were sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

AGAIN = frozenset({409, 429, 503})
"""Statuses of a line that may be sent again; any other refusal is for ever."""

OK, MALFORMED, TOO_LARGE = 200, 400, 413


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A line, by its place in the batch, that the trail will never take, and why."""

    line: int
    problem: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What follows from an answer.

    Attributes:
        done: lines from the first on that are settled, taken or refused for ever.
        logs: where those of them stand that were taken.
        alone: send the next lines one by one: the answer says nothing of each.
        failure: why not all is settled; empty where it is.
        wait_s: what the trail asked to wait; None where it did not.
    """

    done: int = 0
    logs: frozenset[str] = frozenset()
    refused: tuple[Refusal, ...] = ()
    alone: bool = False
    failure: str = ""
    wait_s: float | None = None


def understood(status: int, headers: Mapping[str, str], body: bytes, lines: int) -> Meaning:
    """What an answer to so many lines means. ``headers`` has lower-case names."""
    if status == OK:
        return _results(body, lines)
    problem = _problem(body, status)
    if status in (MALFORMED, TOO_LARGE):
        if lines > 1:
            return Meaning(alone=True)
        return Meaning(done=1, refused=(Refusal(line=0, problem=problem),))
    words = f"{status} {problem.get('detail') or problem.get('title') or ''}".strip()
    return Meaning(failure=words, wait_s=asked_wait_s(headers.get("retry-after", "")))


def asked_wait_s(value: str) -> float | None:
    """Seconds that a Retry-After header asks for, as ours does; None where it cannot be read."""
    try:
        return max(float(value), 0.0)
    except ValueError:
        return None


def _results(body: bytes, lines: int) -> Meaning:
    try:
        results = [msgspec.json.decode(line, type=dict[str, Any]) for line in body.splitlines()]
    except msgspec.DecodeError:
        return Meaning(failure="the answer is not one result a line")
    if len(results) != lines:
        return Meaning(failure=f"{lines} events were sent, and {len(results)} answered")
    refused: list[Refusal] = []
    logs = frozenset(one["log"] for one in results if isinstance(one.get("log"), str))
    for line, result in enumerate(results):
        problem = result.get("problem")
        if problem is None:
            continue
        if problem.get("status") in AGAIN:
            words = f"{problem.get('status')} {problem.get('detail', '')}".strip()
            return Meaning(done=line, logs=logs, refused=tuple(refused), failure=words)
        refused.append(Refusal(line=line, problem=problem))
    return Meaning(done=lines, logs=logs, refused=tuple(refused))


def _problem(body: bytes, status: int) -> Mapping[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        return {"status": status, "detail": body[:200].decode(errors="replace")}
